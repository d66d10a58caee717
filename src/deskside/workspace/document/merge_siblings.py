"""Which siblings of three versions are one and the same."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from deskside.workspace.document.merge_model import Side
from deskside.workspace.document.merge_order import merged_order
from deskside.workspace.document.pairing import Entry, Item, Key, align, entries, is_map, key_of
from deskside.workspace.document.splice import Edit
from deskside.workspace.document.tree import Element

Step = Element | Entry

_LIST = re.compile(r"^(?:ListOf|SetOf|Ar[A-Z])|(?:List|Set|Collection)$")
"""Tags of elements that hold any number of nameless ones of a kind."""


@dataclass(slots=True, eq=False)
class Sibling:
    """One element or entry, as each version has it.

    Attributes:
        step: tells it from all siblings, in every run and with the sides exchanged.
        source: whose version the result has; None where the result goes without it.
        edits: where the source is `mine`, what to change in it.
    """

    step: str
    base: Step | None = None
    mine: Step | None = None
    theirs: Step | None = None
    source: Side | None = Side.MINE
    edits: list[Edit] = field(default_factory=list)

    def of(self, side: Side) -> Step | None:
        """The sibling as that version has it."""
        return {Side.BASE: self.base, Side.MINE: self.mine, Side.THEIRS: self.theirs}[side]

    @property
    def any(self) -> Step:
        """The sibling in whatever version has it."""
        found = self.mine or self.theirs or self.base
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Family:
    """All siblings below one element, and their numbers in each version's order."""

    siblings: list[Sibling]
    base: list[int]
    mine: list[int]
    theirs: list[int]

    def order(self) -> list[Sibling]:
        """Those that remain, in their new order."""
        everyone = self.siblings

        def remaining(numbers: list[int]) -> list[int]:
            return [number for number in numbers if everyone[number].source is not None]

        def rank(number: int) -> tuple[Key, list[bytes]]:
            one = everyone[number]
            versions = [one.of(side) for side in Side]
            return (key_of(one.any), sorted(item.digest for item in versions if item))

        mine, theirs = remaining(self.mine), remaining(self.theirs)
        if mine == theirs:
            return [everyone[number] for number in mine]
        return [
            everyone[number] for number in merged_order(remaining(self.base), mine, theirs, rank)
        ]


def family(base: Element, mine: Element, theirs: Element) -> Family | None:
    """The siblings below an element; None where a `…Map` does not alternate in all versions."""
    maps = [is_map(element) for element in (base, mine, theirs)]
    if all(maps):
        return _gather(entries(base), entries(mine), entries(theirs), listed=False)
    if any(maps[at] and element.children for at, element in enumerate((base, mine, theirs))):
        return None
    listed = bool(_LIST.search(base.tag))
    return _gather(base.children, mine.children, theirs.children, listed=listed)


def _gather(
    base: Sequence[Item], mine: Sequence[Item], theirs: Sequence[Item], *, listed: bool
) -> Family:
    siblings = [Sibling(step, base=item) for step, item in zip(_steps(base), base, strict=True)]
    numbers: dict[Step, int] = {}
    for at, partner in enumerate(align(base, mine)):
        if partner is not None:
            siblings[at].mine = mine[partner]
            numbers[mine[partner]] = at
    for at, partner in enumerate(align(base, theirs)):
        if partner is not None:
            siblings[at].theirs = theirs[partner]
            numbers[theirs[partner]] = at
    new, other_new = _new(mine, numbers), _new(theirs, numbers)
    single = _one_of_a_kind(base, mine, theirs, listed=listed)
    same = _same(new, other_new, single)
    for item in new:
        numbers[item] = len(siblings)
        siblings.append(Sibling(_named(item), mine=item, theirs=same.get(item)))
        if item in same:
            numbers[same[item]] = numbers[item]
    for item in other_new:
        if item not in numbers:
            numbers[item] = len(siblings)
            siblings.append(Sibling(_named(item), theirs=item))
    return Family(
        siblings,
        list(range(len(base))),
        [numbers[item] for item in mine],
        [numbers[item] for item in theirs],
    )


def _new(items: Sequence[Item], known: dict[Step, int]) -> list[Item]:
    return [item for item in items if item not in known]


def _named(item: Step) -> str:
    return "\1".join(key_of(item))


def _steps(items: Sequence[Item]) -> list[str]:
    """The items' names, numbered where several share one."""
    seen: Counter[str] = Counter()
    steps = []
    for name in map(_named, items):
        seen[name] += 1
        steps.append(f"{name}\1{seen[name]}" if seen[name] > 1 else name)
    return steps


def _one_of_a_kind(*versions: Sequence[Item], listed: bool) -> set[Key]:
    """Keys that no version has twice, and that are not just any element of a list."""
    counts = [Counter(map(key_of, version)) for version in versions]
    return {
        key
        for key in set().union(*counts)
        if all(count[key] <= 1 for count in counts) and not (listed and len(key) == 1)
    }


def _same(mine: list[Item], theirs: list[Item], single: set[Key]) -> dict[Item, Item]:
    """What both sides added: the same name, or, where names say nothing, the same content."""
    waiting: dict[tuple[Key, bytes], list[Item]] = defaultdict(list)
    for item in reversed(theirs):
        waiting[_sameness(item, single)].append(item)
    found = {}
    for item in mine:
        if others := waiting.get(_sameness(item, single)):
            found[item] = others.pop()
    return found


def _sameness(item: Item, single: set[Key]) -> tuple[Key, bytes]:
    key = key_of(item)
    return (key, b"" if key in single else item.digest)
