"""The states in which a crash may leave a disk.

What was forced out is there. Of what was not, the model lets a disk keep anything that a file
system in use might:

- of a file's content: nothing, all, the first writes, the last write torn at a sector, a page or
  anywhere, writes in another order, the new length with zeros where nothing was written yet;
- of a folder's names: the first changes in order (`Order.KEPT`), or any of them (`Order.ANY`)
  with those before it of the same name, independently of all other folders. A rename happens or
  does not.

Forcing a file out does not promise its name; forcing a folder out does not promise its files.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from tests.crash_states.reading import ROOT, Event, Mark, Names, Size, Story, Sync, Write

SECTOR, PAGE = 512, 4096

Image = frozenset[tuple[str, bytes | str | None]]
"""A state: each path with a file's content, a link's target, or None for a folder."""

Alteration = Write | Size


class Order(Enum):
    """Whether changes of different names in one folder reach the disk in their order."""

    KEPT = "kept"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Crash:
    """A state that a crash may leave, and what had been said by then.

    Attributes:
        marks: how many.
    """

    image: Image
    marks: int


@dataclass(frozen=True, slots=True)
class Effort:
    """How many states to look for at each point of a story.

    Attributes:
        every: all of them are enumerated where there are no more than so many.
        draws: else, beside the corners, so many are drawn.
        order: see `Order`.
    """

    every: int = 64
    draws: int = 8
    order: Order = Order.KEPT


def crashes(story: Story, rng: random.Random, effort: Effort) -> Iterator[Crash]:
    """Distinct states that a crash at any point of a story may leave."""
    disk, marks, known = Disk(story, effort), 0, set[Crash]()
    for event in (None, *story.events):
        if isinstance(event, Mark):
            marks += 1
        elif event is not None:
            disk.happen(event)
        for image in disk.images(rng):
            crash = Crash(image, marks)
            if crash not in known:
                known.add(crash)
                yield crash


class Disk:
    """What is on the disk for certain, and what may be, as events happen."""

    def __init__(self, story: Story, effort: Effort) -> None:
        self._story, self._effort = story, effort
        self._names = {node: dict(names) for node, names in story.folders.items()}
        self._files = dict(story.files)
        self._naming: list[Names] = []
        self._writing: dict[int, list[Alteration]] = {}

    def happen(self, event: Event) -> None:
        """Let one event happen."""
        if isinstance(event, Names):
            self._naming.append(event)
        elif isinstance(event, Write | Size):
            self._writing.setdefault(event.file, []).append(event)
        elif isinstance(event, Sync):
            if event.node in self._names:
                self._force_names(event.node)
            elif event.node in self._writing:
                written = self._writing.pop(event.node)
                self._files[event.node] = _written(self._files[event.node], written)

    def images(self, rng: random.Random) -> Iterator[Image]:
        """States that may be on the disk if everything stops here."""
        for chosen in self._namings(rng):
            places = dict(self._walk(ROOT, "", self._named(chosen)))
            yield from self._filled(places, rng)

    # Names

    def _force_names(self, folder: int) -> None:
        """Put a folder's names on the disk, and what came before them where a file moved in."""
        certain, folders = list[Names](), {folder}
        for naming in reversed(self._naming):
            touched = {change[0] for change in naming.changes}
            if touched & folders:
                certain.insert(0, naming)
                folders |= touched
        self._naming = [naming for naming in self._naming if naming not in certain]
        for naming in certain:
            _rename(self._names, naming)

    def _namings(self, rng: random.Random) -> Iterator[list[Names]]:
        """Which of the open changes of names made it: every way, or some drawn."""
        if self._effort.order is Order.ANY:
            yield from self._subsets(rng)
            return
        lengths: dict[int, int] = {}
        for naming in self._naming:
            for folder in {change[0] for change in naming.changes}:
                lengths[folder] = lengths.get(folder, 0) + 1
        ways = math.prod(length + 1 for length in lengths.values())
        cuts: Iterator[tuple[int, ...]]
        if ways <= self._effort.every:
            ranges = [range(length + 1) for length in lengths.values()]
            cuts = iter(itertools.product(*ranges))
        else:
            drawn = [
                tuple(rng.randint(0, length) for length in lengths.values())
                for _draw in range(self._effort.draws)
            ]
            cuts = iter([tuple(0 for _ in lengths), tuple(lengths.values()), *drawn])
        for cut in cuts:
            yield self._first(dict(zip(lengths, cut, strict=True)))

    def _first(self, left: dict[int, int]) -> list[Names]:
        """The first changes in each folder, as long as none that came before is missing."""
        made = []
        for naming in self._naming:
            touched = {change[0] for change in naming.changes}
            if all(left[folder] > 0 for folder in touched):
                made.append(naming)
                for folder in touched:
                    left[folder] -= 1
            else:
                left |= dict.fromkeys(touched, 0)
        return made

    def _subsets(self, rng: random.Random) -> Iterator[list[Names]]:
        if 2 ** len(self._naming) <= self._effort.every:
            for chosen in itertools.product((False, True), repeat=len(self._naming)):
                yield self._possible(chosen)
            return
        yield []
        yield self._naming
        for one in self._naming:
            yield self._possible([each is one for each in self._naming])
            yield self._possible([each is not one for each in self._naming])
        for _draw in range(self._effort.draws):
            yield self._possible([rng.random() < 0.5 for _each in self._naming])

    def _possible(self, chosen: Iterable[bool]) -> list[Names]:
        """The chosen changes, but for those that need one of the others: for the same name."""
        made, missing = [], set[tuple[int, str]]()
        for naming, wanted in zip(self._naming, chosen, strict=True):
            names = {(folder, name) for folder, name, _node in naming.changes}
            if wanted and not names & missing:
                made.append(naming)
            else:
                missing |= names
        return made

    def _named(self, chosen: list[Names]) -> dict[int, dict[str, int]]:
        names = {node: dict(inside) for node, inside in self._names.items()}
        for naming in chosen:
            _rename(names, naming)
        return names

    def _walk(
        self, folder: int, prefix: str, names: dict[int, dict[str, int]]
    ) -> Iterator[tuple[str, int]]:
        for name, node in names[folder].items():
            yield prefix + name, node
            if node in names:
                yield from self._walk(node, f"{prefix}{name}/", names)

    # Content

    def _filled(self, places: dict[str, int], rng: random.Random) -> Iterator[Image]:
        open_files = sorted({n for n in places.values() if n in self._writing})
        kinds = {n: principal(self._files[n], self._writing[n]) for n in open_files}
        for node in sorted(self._story.shared & set(places.values())):
            size = len(_written(self._files[node], self._writing.get(node, [])))
            kinds[node] = list(dict.fromkeys([self._files[node], b"", bytes(size)]))
        ways = math.prod(len(kind) for kind in kinds.values())
        if ways <= self._effort.every:
            for contents in itertools.product(*kinds.values()):
                yield self._image(places, dict(zip(kinds, contents, strict=True)))
        else:
            yield from self._corners(places, kinds)
        for _draw in range(self._effort.draws if open_files else 0):
            drawn = {n: draw(self._files[n], self._writing[n], rng) for n in open_files}
            rest = {n: rng.choice(kind) for n, kind in kinds.items() if n not in drawn}
            yield self._image(places, drawn | rest)

    def _corners(self, places: dict[str, int], kinds: dict[int, list[bytes]]) -> Iterator[Image]:
        """Each file in every way, while all others have nothing or everything."""
        for others in (0, -1):
            rest = {node: kind[others] for node, kind in kinds.items()}
            yield self._image(places, rest)
            for node, kind in kinds.items():
                for content in kind:
                    yield self._image(places, rest | {node: content})

    def _image(self, places: dict[str, int], contents: dict[int, bytes]) -> Image:
        links = self._story.links
        return frozenset(
            (path, contents.get(node, self._files.get(node, links.get(node))))
            for path, node in places.items()
        )


def principal(before: bytes, altered: list[Alteration]) -> list[bytes]:
    """The contents that suggest themselves, from nothing of what was written to everything."""
    states, now = [before], before
    for number, each in enumerate(altered):
        if isinstance(each, Write):
            torn = [*(each.data[:cut] for cut in _cuts(each)), bytes(len(each.data))]
            states += [_apply(now, Write(each.file, each.offset, data)) for data in torn]
        without = [other for other in altered if other is not each]
        states.append(_written(before, without))
        now = _written(before, altered[: number + 1])
        states.append(now)
    blank = bytes(max(0, len(now) - len(before)))
    states.append(before + blank)
    return [*(s for s in dict.fromkeys(states) if s != now), now]


def draw(before: bytes, altered: list[Alteration], rng: random.Random) -> bytes:
    """One of the very many contents."""
    grain = rng.choice([SECTOR, PAGE, PAGE, 1 << 40])
    pieces = [piece for each in altered for piece in _pieces(each, grain)]
    kind = rng.randrange(4)  # the first writes, any of them, all but one, the last one torn
    if kind == 0:
        kept = pieces[: rng.randint(0, len(pieces))]
    elif kind == 1:
        kept = [piece for piece in pieces if rng.random() < 0.5]
    elif kind == 2:
        lost = rng.randrange(len(pieces))
        kept = pieces[:lost] + pieces[lost + 1 :]
    else:
        kept = pieces[: rng.randint(1, len(pieces))]
        last = kept[-1]
        if isinstance(last, Write):
            kept[-1] = Write(last.file, last.offset, last.data[: rng.randint(0, len(last.data))])
    content = _written(before, kept)
    if kind < 3 and rng.random() < 0.3:
        content += bytes(max(0, len(_written(before, altered)) - len(content)))
    return content


def _cuts(write: Write) -> list[int]:
    """Where a write may be torn: at the first, a middle and the last edge of sector and page."""
    end = len(write.data)
    cuts = {1, end // 2, end - 1}
    for grain in (SECTOR, PAGE):
        edges = range(grain - write.offset % grain, end, grain)
        if edges:
            cuts |= {edges[0], edges[len(edges) // 2], edges[-1]}
    return sorted(cut for cut in cuts if 0 < cut < end)


def _pieces(altered: Alteration, grain: int) -> Iterator[Alteration]:
    if isinstance(altered, Size):
        yield altered
        return
    start = 0
    while start < len(altered.data):
        end = start + grain - (altered.offset + start) % grain
        yield Write(altered.file, altered.offset + start, altered.data[start:end])
        start = end


def _written(content: bytes, altered: list[Alteration]) -> bytes:
    for each in altered:
        content = _apply(content, each)
    return content


def _apply(content: bytes, altered: Alteration) -> bytes:
    if isinstance(altered, Size):
        return content[: altered.size].ljust(altered.size, b"\0")
    end = altered.offset + len(altered.data)
    return content[: altered.offset].ljust(altered.offset, b"\0") + altered.data + content[end:]


def _rename(names: dict[int, dict[str, int]], naming: Names) -> None:
    for folder, name, node in naming.changes:
        if node is None:
            names[folder].pop(name, None)
        else:
            names[folder][name] = node
