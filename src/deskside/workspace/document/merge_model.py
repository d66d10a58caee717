"""Plain values of a merge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from deskside.workspace.document.words import Path


class Side(StrEnum):
    """One of the three versions in a merge."""

    BASE = "base"
    MINE = "mine"
    THEIRS = "theirs"


class Clash(StrEnum):
    """What two sides can disagree about.

    ATTRIBUTE: both set it differently, or one removed it. CONTENT: text, or a value as a whole.
    REMOVED: one side removed what the other changed. ADDED: both added it, with other content.
    """

    ATTRIBUTE = "attribute"
    CONTENT = "content"
    REMOVED = "removed"
    ADDED = "added"


class Doing(StrEnum):
    """What a side did."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that both sides touched, with different results.

    Attributes:
        id: the same whenever the same thing is in conflict, also with the sides exchanged.
        path: where, in the program's words, without the attribute.
        what: the attribute, as the file names it; None where it is about an element.
        label: the attribute in words; empty where there is none.
        raw: where, in the file's names.
        base, mine, theirs: what each version has there, short enough to show; None for nothing.
        chosen: whose version was chosen; None while it is open.
    """

    id: str
    path: Path
    clash: Clash
    what: str | None
    label: str
    raw: str
    base: str | None
    mine: str | None
    theirs: str | None
    chosen: Side | None

    def as_json(self) -> dict[str, Any]:
        """The conflict as commands print it."""
        return {
            "id": self.id,
            "path": list(self.path),
            "clash": self.clash.value,
            "what": self.what,
            "label": self.label,
            "raw": self.raw,
            "base": self.base,
            "mine": self.mine,
            "theirs": self.theirs,
            "chosen": self.chosen.value if self.chosen else None,
        }


@dataclass(frozen=True, slots=True)
class Touched:
    """The topmost thing that one side alone touched; noise is left out.

    Attributes:
        what: the attribute, as the file names it; None where it is an element.
    """

    side: Side
    doing: Doing
    path: Path
    what: str | None
    raw: str


@dataclass(frozen=True, slots=True)
class Merge:
    """What a merge came to.

    Attributes:
        content: the merged file; None while a conflict is open.
        conflicts: all of them, chosen or open, in the file's order.
        taken: what the result has from each side.
    """

    content: bytes | None
    conflicts: tuple[Conflict, ...]
    taken: tuple[Touched, ...]

    @property
    def open(self) -> tuple[Conflict, ...]:
        """The conflicts that still need a choice."""
        return tuple(conflict for conflict in self.conflicts if conflict.chosen is None)
