"""What passes between this computer and a portal. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from deskside.foundation.errors import DesksideError
from deskside.foundation.text import _
from deskside.foundation.units import when
from deskside.workspace.model import Snapshot

if TYPE_CHECKING:
    from deskside.workspace.document.merge import Conflict as OpenQuestion


@dataclass(frozen=True, slots=True)
class Version:
    """One version in the portal's store.

    Attributes:
        sha256: of the bytes that the portal keeps, sealed or not.
        size: of the same.
        format: 1 plain, 2 sealed end to end.
        workstation: id of the computer that sent it; empty where that is not known.
        workstation_name: what the person calls that computer.
    """

    id: str
    created: str
    sha256: str
    size: int
    note: str
    format: int
    pinned: bool
    workstation: str
    workstation_name: str

    def as_json(self) -> dict[str, Any]:
        """As `settings portal` prints it."""
        return {
            "id": self.id,
            "created": self.created,
            "size": self.size,
            "note": self.note,
            "format": self.format,
            "pinned": self.pinned,
            "workstation": {"id": self.workstation, "name": self.workstation_name},
        }


@dataclass(frozen=True, slots=True)
class Downloaded:
    """One version with its content, opened and checked.

    Attributes:
        sealed: whether it was sealed end to end, so that the portal cannot have made it.
    """

    version: str
    created: str
    workstation_name: str
    content: bytes = field(repr=False)
    note: str
    sealed: bool

    @property
    def words(self) -> str:
        """Where it comes from, for the person."""
        if self.workstation_name:
            return _("the portal's version of {when}, sent by {computer}").format(
                when=when(self.created), computer=self.workstation_name
            )
        return _("the portal's version of {when}").format(when=when(self.created))


@dataclass(frozen=True, slots=True)
class Fetched:
    """The settings to take from a portal: its latest, or else the last good copy.

    Attributes:
        content: whole, and a settings file.
        version: the portal's id of it; empty for the last good copy.
        words: where it comes from, for the person.
        created: when the portal got it, or when the copy was made (ISO 8601, UTC).
        age_seconds: since then.
        sealed: whether it came sealed end to end.
        problem: why the portal's latest could not be had; None where it could.
    """

    content: bytes = field(repr=False)
    version: str
    words: str
    created: str
    age_seconds: int
    sealed: bool
    portal: str
    problem: DesksideError | None = None

    def as_json(self) -> dict[str, Any]:
        """What `settings pull` adds to its result."""
        told: dict[str, Any] = {
            "source": "last-good-copy" if self.problem else "portal",
            "version": self.version or None,
            "created": self.created,
            "age_seconds": self.age_seconds,
        }
        if self.problem:
            return told | {"problem": self.problem.as_json()}
        return told | {"end_to_end": self.sealed}


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push came to.

    Attributes:
        snapshot: the snapshot of this computer's settings.
        version: the portal's id of what it holds now; empty where it could not be reached.
        changed: whether the portal has a new version.
        merged: the snapshot of what was sent, where that was merged with what others had sent.
        behind: whether the portal holds changes that this computer's settings lack.
        queued: whether it waits here to be sent later.
        reason: why it waits.
    """

    snapshot: Snapshot
    version: str
    changed: bool
    merged: Snapshot | None = None
    behind: bool = False
    queued: bool = False
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """The result as `settings push` prints it."""
        return {
            "snapshot": self.snapshot.id,
            "version": self.version or None,
            "changed": self.changed,
            "merged": self.merged.id if self.merged else None,
            "behind": self.behind,
            "queued": self.queued,
            "reason": self.reason or None,
            "conflict": None,
        }


class Why(StrEnum):
    """Why two versions are not put together without asking."""

    ELEMENTS = "elements"
    """Both sides changed the same thing differently."""
    NO_ANCESTOR = "no-common-ancestor"
    """This computer never had a version that the portal's derives from: new, or long idle."""
    OPAQUE = "opaque"
    """The program sealed the file: nobody else can merge it."""
    UNREADABLE = "not-mergeable"
    """Plain, and yet not of a form that can be merged."""
    UNSEALED = "not-end-to-end"
    """The portal's version was not sealed, though it should have been."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two versions, of which nothing was overwritten; both are kept here.

    Attributes:
        mine: snapshot of this computer's settings.
        theirs: snapshot of the portal's.
        words: what the portal's is, for the person.
        questions: what both sides changed, each with an id by which to choose.
        held_here: how many snapshots this computer's history holds of the workspace.
        held_there: how many versions the portal holds.
    """

    why: Why
    mine: Snapshot
    theirs: Snapshot
    version: str
    words: str
    held_here: int
    held_there: int
    questions: tuple[OpenQuestion, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The result as `settings push` prints it."""
        return {
            "snapshot": self.mine.id,
            "version": self.version,
            "changed": False,
            "merged": None,
            "behind": True,
            "queued": True,
            "reason": "settings-conflict",
            "conflict": {
                "code": "settings-conflict",
                "why": self.why.value,
                "mine": self.mine.id,
                "theirs": self.theirs.id,
                "questions": [question.as_json() for question in self.questions],
                "snapshots_here": self.held_here,
                "snapshots_portal": self.held_there,
            },
        }
