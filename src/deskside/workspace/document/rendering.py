"""A difference as people look at it: gathered by place, what is alike said once.

Plain data; the terminal, the page in a file and the pages of the portal show it each their way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from deskside.workspace.document.difference import Change, ChangeKind, Difference
from deskside.workspace.document.words import Path, shown

ALIKE = 5
"""From so many on, changes that say the same of different things are one line."""

_NAMED = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Line:
    """One change, or many that say the same.

    Attributes:
        label: what changed within the place; empty where it is the place itself.
        old: as shown; empty where there was nothing.
        new: as shown; empty where there is nothing.
        times: how many changes it stands for.
        code: of the safety rule, or empty.
        why: why it matters, or empty.
        loosens: whether it takes protection away.
    """

    kind: ChangeKind
    label: str
    old: str
    new: str
    times: int = 1
    code: str = ""
    why: str = ""
    loosens: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The changes of one place."""

    path: Path
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A difference to be shown.

    Attributes:
        safety: what bears on safety, what takes protection away first.
        groups: all else, in the file's order.
        count: of all changes.
        hidden: of those that are only order or noise.
    """

    safety: tuple[Group, ...]
    groups: tuple[Group, ...]
    count: int
    hidden: int


def view(found: Difference) -> View:
    """The difference, arranged."""
    return View(
        safety=gathered(found.safety),
        groups=gathered(one for one in found.changes if not one.safety),
        count=len(found.changes),
        hidden=found.hidden,
    )


def gathered(changes: Iterable[Change]) -> tuple[Group, ...]:
    """Changes by place, in the order in which the places come first."""
    groups: dict[Path, list[Line]] = {}
    for alike in _folded(changes):
        path, line = _line(alike)
        groups.setdefault(path, []).append(line)
    return tuple(Group(path, tuple(lines)) for path, lines in groups.items())


def _folded(changes: Iterable[Change]) -> list[list[Change]]:
    """Changes gathered by what they say; few that are alike stay apart."""
    gathered: dict[object, list[Change]] = {}
    for one in changes:
        alike = (one.kind, _NAMED.sub("", one.raw), one.old, one.new, one.rule)
        gathered.setdefault(alike, []).append(one)
    return [
        run
        for alike in gathered.values()
        for run in ([alike] if len(alike) >= ALIKE else [[one] for one in alike])
    ]


def _line(alike: list[Change]) -> tuple[Path, Line]:
    first = alike[0]
    path = _common([one.path for one in alike])
    label = first.label
    if not first.what and path and len(path) == len(first.path):
        *above, last = path
        path, label = tuple(above), "" if _says(first.old or first.new, last) else last
    line = Line(
        kind=first.kind,
        label=label,
        old="" if first.old is None else shown(first.old),
        new="" if first.new is None else shown(first.new),
        times=len(alike),
        code=first.rule.code if first.rule else "",
        why=first.rule.reason if first.rule else "",
        loosens=first.loosens,
    )
    return path, line


def _says(value: str | None, name: str) -> bool:
    """Whether what came or went is named in its own words already."""
    return value is not None and value.startswith(name)


def _common(paths: list[Path]) -> Path:
    """The steps that all have, from the first on."""
    shared: list[str] = []
    for steps in zip(*paths, strict=False):
        if len(set(steps)) > 1:
            break
        shared.append(steps[0])
    return tuple(shared)
