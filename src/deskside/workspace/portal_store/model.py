"""Plain values of the portal's store of settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from deskside.foundation.text import mark
from deskside.workspace.model import Snapshot
from deskside.workspace.retention import Keeping

PLAIN_FORMAT = 1
"""The settings file as it is."""

SEALED_FORMAT = 2
"""The settings file sealed end to end: an age file (age-encryption.org/v1)."""


class StoredKind(StrEnum):
    """What a stored version holds, as far as the portal can tell."""

    XML = "xml"
    OPAQUE = "opaque"
    SEALED = "sealed"
    UNKNOWN = ""  # stored before this was remembered


@dataclass(frozen=True, slots=True)
class WorkstationName:
    """A computer as it calls itself.

    Attributes:
        id: 26 lower-case letters and digits, its own choice.
        name: what its people call it; may be empty where it said none.
    """

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class SeenWorkstation:
    """A computer that has pushed for a user name."""

    id: str
    name: str
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class StoredSnapshot(Snapshot):
    """One version in the portal's store.

    Attributes:
        format: PLAIN_FORMAT or SEALED_FORMAT; a later one is of a newer program.
        workstation: the computer that pushed it, where it said so.
    """

    pinned: bool = False
    origin: str = ""
    format: int = PLAIN_FORMAT
    kind: StoredKind = StoredKind.UNKNOWN
    workstation: WorkstationName | None = None


class RestoreState(StrEnum):
    """What became of a request to restore a version on a computer."""

    WAITING = mark("waiting")
    DONE = mark("done")
    REFUSED = mark("refused")
    CANCELLED = mark("cancelled")


@dataclass(frozen=True, slots=True)
class Restore:
    """A request that a computer restore a version at its next start.

    Attributes:
        workspace: name of the workspace.
        snapshot: id of the version.
        settled: when it stopped waiting.
        detail: what the computer said of it.
    """

    id: str
    workspace: str
    snapshot: str
    workstation: WorkstationName
    state: RestoreState
    created: datetime
    settled: datetime | None
    detail: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom all further versions must be sealed for, since when; an age recipient (`age1…`)."""

    recipient: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Usage:
    """What a user name has stored, in bytes as they lie in the database, of what it may."""

    used: int
    quota: int
    workspaces: int
    snapshots: int


@dataclass(frozen=True, slots=True)
class StoreRules:
    """What the operator decided.

    Attributes:
        quota: bytes that a user name may store.
        thin: kinds that are thinned by `keeping`; the others are never pruned.
    """

    quota: int = 500_000_000
    thin: frozenset[StoredKind] = frozenset({StoredKind.OPAQUE, StoredKind.SEALED})
    keeping: Keeping = field(default_factory=Keeping)
