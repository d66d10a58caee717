"""What the settings API takes and gives, in JSON."""

from __future__ import annotations

from datetime import datetime

import msgspec

from deskside.workspace.model import StoredWorkspace
from deskside.workspace.portal_store.model import (
    Recipient,
    Restore,
    SeenWorkstation,
    StoredSnapshot,
    WorkstationName,
)


class WorkstationBody(msgspec.Struct):
    """A computer as it calls itself."""

    id: str
    name: str


class SnapshotBody(msgspec.Struct):
    """One snapshot: when it came, from where, and digest and size of its content.

    `format` is 1 for the settings file as it is and 2 for one that is sealed end to end (age);
    `kind` is `xml`, `opaque` or `sealed`.
    """

    id: str
    created: str
    sha256: str
    size: int
    note: str
    format: int
    kind: str
    pinned: bool
    workstation: WorkstationBody | None


class WorkspaceBody(msgspec.Struct):
    """One workspace, its latest snapshot, and how many it has."""

    id: str
    name: str
    latest: SnapshotBody | None
    snapshots: int


class Workspaces(msgspec.Struct):
    """All workspaces of the visitor."""

    workspaces: list[WorkspaceBody]


class Snapshots(msgspec.Struct):
    """Snapshots of one workspace, the latest first."""

    snapshots: list[SnapshotBody]


class Pushed(msgspec.Struct):
    """What a push came to; not `changed` where the latest snapshot was the same already."""

    snapshot: str
    changed: bool


class Pin(msgspec.Struct, forbid_unknown_fields=True):
    """Whether a snapshot is kept for ever."""

    pinned: bool


class UsageBody(msgspec.Struct):
    """Bytes stored, of those that may be; the most that one push may have."""

    used: int
    quota: int
    workspaces: int
    snapshots: int
    largest: int


class SeenWorkstationBody(msgspec.Struct):
    """A computer that has pushed."""

    id: str
    name: str
    first_seen: datetime
    last_seen: datetime


class Workstations(msgspec.Struct):
    """The computers that have pushed, the last seen first."""

    workstations: list[SeenWorkstationBody]


class RestoreWish(msgspec.Struct, forbid_unknown_fields=True):
    """Which computer shall restore which snapshot; `latest` is the one that is latest now."""

    workstation: str
    snapshot: str


class RestoreBody(msgspec.Struct):
    """A request that a computer restore a snapshot at its next start.

    `state` is `waiting`, `done`, `refused` or `cancelled`.
    """

    id: str
    workspace: str
    snapshot: str
    workstation: WorkstationBody
    state: str
    created: datetime
    settled: datetime | None
    detail: str


class Restores(msgspec.Struct):
    """Requests, the newest first."""

    restores: list[RestoreBody]


class Result(msgspec.Struct, forbid_unknown_fields=True):
    """What became of a request: `done` or `refused`, and why."""

    result: str
    detail: str = ""


class RecipientWish(msgspec.Struct):
    """Whom to seal for: an age recipient (`age1…`); empty or null is nobody."""

    recipient: str | None


class RecipientBody(msgspec.Struct):
    """Whom settings are sealed for since when; both null where nobody chose so."""

    recipient: str | None
    since: datetime | None


def workspace_body(workspace: StoredWorkspace) -> WorkspaceBody:
    """A workspace as the API gives it."""
    latest = workspace.latest
    assert latest is None or isinstance(latest, StoredSnapshot)
    body = snapshot_body(latest) if latest else None
    return WorkspaceBody(workspace.id, workspace.name, body, workspace.snapshots)


def snapshot_body(snapshot: StoredSnapshot) -> SnapshotBody:
    """A snapshot as the API gives it."""
    return SnapshotBody(
        id=snapshot.id,
        created=snapshot.created,
        sha256=snapshot.sha256,
        size=snapshot.size,
        note=snapshot.note,
        format=snapshot.format,
        kind=snapshot.kind.value,
        pinned=snapshot.pinned,
        workstation=_named(snapshot.workstation) if snapshot.workstation else None,
    )


def workstation_body(seen: SeenWorkstation) -> SeenWorkstationBody:
    """A computer as the API gives it."""
    return SeenWorkstationBody(seen.id, seen.name, seen.first_seen, seen.last_seen)


def restore_body(restore: Restore) -> RestoreBody:
    """A request as the API gives it."""
    return RestoreBody(
        id=restore.id,
        workspace=restore.workspace,
        snapshot=restore.snapshot,
        workstation=_named(restore.workstation),
        state=restore.state.value,
        created=restore.created,
        settled=restore.settled,
        detail=restore.detail,
    )


def recipient_body(recipient: Recipient | None) -> RecipientBody:
    """A recipient as the API gives it."""
    if recipient is None:
        return RecipientBody(None, None)
    return RecipientBody(recipient.recipient, recipient.since)


def _named(workstation: WorkstationName) -> WorkstationBody:
    return WorkstationBody(workstation.id, workstation.name)
