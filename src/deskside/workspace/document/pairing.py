"""Which element of one file is which element of another.

Siblings are the same where tag and names agree (`varName`, `colId`, …). A quarter of all
elements has no name of its own; among these, equal content decides, then likeness, then order.
Elements `…Map` hold key, value, key, value as siblings: they are read as entries, and an entry is
known by the content of its key.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from deskside.workspace.document.tree import Element

KEY_ATTRIBUTES = (
    "varName", "colId", "conid", "key", "id", "name", "namePrimary", "nameSecondary",
    "workspaceKey",
)  # fmt: skip
"""Attributes that say which of several siblings an element is."""

Key = tuple[str, ...]

_WEIGHED_AT_MOST = 2500
"""Comparisons of likeness in one run of nameless siblings; longer runs pair by order."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A key and its value, two neighbours in a `…Map`."""

    key: Element
    value: Element

    @property
    def start(self) -> int:
        """The first byte of its key."""
        return self.key.start

    @property
    def end(self) -> int:
        """The byte after its value."""
        return self.value.end

    @property
    def digest(self) -> bytes:
        """Equal for entries that mean the same."""
        return self.key.digest + self.value.digest


Item = TypeVar("Item", Element, Entry)


@dataclass(frozen=True, slots=True)
class Pairing(Generic[Item]):
    """What two lists of siblings have in common.

    Attributes:
        matched: pairs in the left list's order.
        moved: those of `matched` that changed places with others; the fewest possible.
    """

    matched: tuple[tuple[Item, Item], ...]
    left_only: tuple[Item, ...]
    right_only: tuple[Item, ...]
    moved: tuple[tuple[Item, Item], ...]


def key_of(item: Element | Entry) -> Key:
    """What an item is known by among its siblings: its tag and the names it carries."""
    if isinstance(item, Entry):
        return ("", item.key.digest.hex())
    attributes = item.attributes
    named = [f"{name}={attributes[name]}" for name in KEY_ATTRIBUTES if name in attributes]
    return (item.tag, *named)


def is_map(element: Element) -> bool:
    """Whether its children alternate key and value. True for a `…Map` without children.

    Keys share one tag and carry no `varName`, which is how fields of an object are told apart.
    """
    keys = element.children[::2]
    return (
        element.tag.endswith("Map")
        and len(element.children) % 2 == 0
        and all(key.tag == keys[0].tag and "varName" not in key.attributes for key in keys)
    )


def entries(element: Element) -> tuple[Entry, ...]:
    """The entries of a `…Map`; empty where `is_map` says no."""
    if not is_map(element):
        return ()
    children = element.children
    return tuple(map(Entry, children[::2], children[1::2]))


def pair(left: Sequence[Item], right: Sequence[Item]) -> Pairing[Item]:
    """Pairs two lists of siblings, elements or entries, in near-linear time."""
    partners = align(left, right)
    pairs = [(at, partner) for at, partner in enumerate(partners) if partner is not None]
    resting = longest_rising([partner for _at, partner in pairs])
    taken = {partner for _at, partner in pairs}
    return Pairing(
        matched=tuple((left[at], right[partner]) for at, partner in pairs),
        left_only=tuple(
            item for item, partner in zip(left, partners, strict=True) if partner is None
        ),
        right_only=tuple(item for at, item in enumerate(right) if at not in taken),
        moved=tuple(
            (left[at], right[partner])
            for place, (at, partner) in enumerate(pairs)
            if place not in resting
        ),
    )


def align(left: Sequence[Item], right: Sequence[Item]) -> list[int | None]:
    """For each item of `left` the index of its partner in `right`."""
    partners: list[int | None] = [None] * len(left)
    there = _by_key(right)
    for key, lefts in _by_key(left).items():
        rights = there.get(key, [])
        if len(lefts) == 1 == len(rights):
            partners[lefts[0]] = rights[0]
        elif rights:
            for one, other in _align_alike(left, right, lefts, rights):
                partners[one] = other
    return partners


def longest_rising(numbers: Sequence[int]) -> set[int]:
    """Indices of a longest rising run of different numbers, not necessarily neighbours."""
    ends: list[int] = []
    places: list[int] = []
    before: list[int] = []
    for at, number in enumerate(numbers):
        place = bisect_left(ends, number)
        before.append(places[place - 1] if place else -1)
        ends[place : place + 1] = [number]
        places[place : place + 1] = [at]
    found = set()
    at = places[-1] if places else -1
    while at >= 0:
        found.add(at)
        at = before[at]
    return found


def _by_key(items: Sequence[Item]) -> dict[Key, list[int]]:
    found: dict[Key, list[int]] = defaultdict(list)
    for at, item in enumerate(items):
        found[key_of(item)].append(at)
    return found


def _align_alike(
    left: Sequence[Item], right: Sequence[Item], lefts: list[int], rights: list[int]
) -> list[tuple[int, int]]:
    """Pairs items that share a key: those of equal content first, the rest between them."""
    pairs = sorted(_equal(left, right, lefts, rights))
    resting = longest_rising([other for _one, other in pairs])
    fixed = [pairs[place] for place in sorted(resting)]
    free_left = _without(lefts, {one for one, _other in pairs})
    free_right = _without(rights, {other for _one, other in pairs})
    for run, other_run in _runs(free_left, free_right, fixed):
        pairs += _by_likeness(left, right, run, other_run)
    return pairs


def _without(all_of_them: list[int], some: set[int]) -> list[int]:
    return [at for at in all_of_them if at not in some]


def _equal(
    left: Sequence[Item], right: Sequence[Item], lefts: list[int], rights: list[int]
) -> list[tuple[int, int]]:
    """Pairs of equal content: from the front, from the back, then first with first."""
    one = [left[at].digest for at in lefts]
    other = [right[at].digest for at in rights]
    shorter = min(len(one), len(other))
    front = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    rest = shorter - front
    back = next((at for at in range(rest) if one[-1 - at] != other[-1 - at]), rest)
    pairs = list(zip(lefts[:front], rights[:front], strict=True))
    if back:
        pairs += zip(lefts[-back:], rights[-back:], strict=True)
    waiting: dict[bytes, list[int]] = defaultdict(list)
    for at in reversed(range(front, len(other) - back)):
        waiting[other[at]].append(rights[at])
    for at in range(front, len(one) - back):
        if waiting.get(one[at]):
            pairs.append((lefts[at], waiting[one[at]].pop()))
    return pairs


def _runs(
    lefts: list[int], rights: list[int], fixed: list[tuple[int, int]]
) -> list[tuple[list[int], list[int]]]:
    """The free items of both sides that lie between the same two fixed pairs."""
    by_gap: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    left_ends = [one for one, _other in fixed]
    right_ends = [other for _one, other in fixed]
    for at in lefts:
        by_gap[bisect_left(left_ends, at)][0].append(at)
    for at in rights:
        by_gap[bisect_left(right_ends, at)][1].append(at)
    return [run for run in by_gap.values() if run[0] and run[1]]


def _by_likeness(
    left: Sequence[Item], right: Sequence[Item], lefts: list[int], rights: list[int]
) -> list[tuple[int, int]]:
    """Pairs as many as there are, in order, leaving out those that are least like any other."""
    if len(lefts) > len(rights):
        turned = _by_likeness(right, left, rights, lefts)
        return [(one, other) for other, one in turned]
    if len(lefts) == len(rights) or len(lefts) * len(rights) > _WEIGHED_AT_MOST:
        return list(zip(lefts, rights, strict=False))
    return _likest(
        [_marks(left[at]) for at in lefts], [_marks(right[at]) for at in rights], lefts, rights
    )


def _likest(
    left: list[Counter[str]], right: list[Counter[str]], lefts: list[int], rights: list[int]
) -> list[tuple[int, int]]:
    """The best pairing in order: `best[n]` has left out n of the right side so far."""
    best: list[tuple[int, tuple[int, ...]]] = [(0, ())] * (len(rights) - len(lefts) + 1)
    for place, marks in enumerate(left):
        for skipped, (score, chosen) in enumerate(best):
            likeness = (marks & right[place + skipped]).total()
            found = (score + likeness, (*chosen, rights[place + skipped]))
            better = not skipped or found[0] > best[skipped - 1][0]
            best[skipped] = found if better else best[skipped - 1]
    return list(zip(lefts, best[-1][1], strict=True))


def _marks(item: Element | Entry) -> Counter[str]:
    """What likeness is measured by."""
    element = item.value if isinstance(item, Entry) else item
    marks = Counter(f"{name}={value}" for name, value in element.attributes.items())
    marks.update(child.digest.hex() for child in element.children)
    marks[element.text] += 1
    return marks
