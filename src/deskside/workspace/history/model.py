"""Plain values of the history of this computer. No input or output."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from deskside.workspace.model import Workspace


@dataclass(frozen=True, slots=True)
class PortalState:
    """What this computer knows of a workspace on one portal.

    Attributes:
        base: the portal's id of the version that this computer's state derives from; empty for
            none.
        ancestor: local snapshot with the content of the common ancestor.
        queued: local snapshot that waits to be sent.
        fetched: local snapshot with the last good copy that came from the portal.
        fetched_at: when that was, ISO 8601.
    """

    base: str = ""
    ancestor: str | None = None
    queued: str | None = None
    fetched: str | None = None
    fetched_at: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The state as the log keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, kept: dict[str, Any]) -> PortalState:
        """The state that a log kept; what it does not know stays at its beginning."""
        return cls(**{name: kept[name] for name in cls.__slots__ if name in kept})


class What(StrEnum):
    """What of the history's files is damaged."""

    KEY = "key"
    PREAMBLE = "preamble"
    RECORD = "record"
    REGION = "region"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Damage:
    """A damaged region of the history, and all that it costs.

    Attributes:
        file: name of the file, in the history's folder.
        start, end: the region, in bytes from the beginning of the file.
        what: a record; a region of which even that is lost; the key; the preamble; or snapshots
            that are known by name alone, since an earlier repair could not find them.
        mended: the change was small enough to be put right: nothing is lost.
        snapshots: ids of all snapshots that cannot be given back because of it.
        nameless: how many records it held that nothing names.
    """

    workspace: Workspace | None
    file: str
    start: int
    end: int
    what: What
    mended: bool = False
    snapshots: tuple[str, ...] = ()
    nameless: int = 0

    def as_json(self) -> dict[str, Any]:
        """The damage as a report prints it."""
        return {
            "workspace": str(self.workspace.file) if self.workspace else None,
            "file": self.file,
            "start": self.start,
            "end": self.end,
            "what": self.what.value,
            "mended": self.mended,
            "snapshots": list(self.snapshots),
            "nameless": self.nameless,
        }


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair came to.

    Attributes:
        recovered: ids of the snapshots that can be given back again.
        lost: ids of those that no copy was found of.
        aside: names of the files that keep what was damaged.
    """

    recovered: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recompressed:
    """What a recompression came to, in bytes of all logs.

    Attributes:
        waiting: snapshots that it had no time for.
    """

    before: int
    after: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Which snapshots stay. Pinned ones, the latest, and those that a portal's state names do.

    Attributes:
        all_for: every one so young.
        hourly_for: the last one of each hour so young.
        daily_for: the last one of each day so young; of older ones, the last of each week.
        plain: thin plain XML too, which costs next to nothing to keep.
    """

    all_for: timedelta = timedelta(days=1)
    hourly_for: timedelta = timedelta(days=7)
    daily_for: timedelta = timedelta(days=90)
    plain: bool = False
