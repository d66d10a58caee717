"""How a new version comes in: on top of the one that it derives from, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, new_id
from deskside.foundation.errors import Refused, Unavailable
from deskside.foundation.text import _
from deskside.workspace import store
from deskside.workspace.model import Saved
from deskside.workspace.portal_store import encryption, pieces, workstations
from deskside.workspace.portal_store.arriving import Draft, SettingsConflict
from deskside.workspace.portal_store.contents import Contents
from deskside.workspace.portal_store.model import (
    SEALED_FORMAT,
    StoredKind,
    StoredSnapshot,
    StoreRules,
)
from deskside.workspace.portal_store.pieces import Piece

ATTEMPTS = 8
MOST_SNAPSHOTS = 100_000
"""Versions of one workspace."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a push stands on: the workspace as it was read, or about to be made.

    Attributes:
        workspace: its id.
        last_number: the number given last, 0 where the workspace is new.
    """

    workspace: str
    is_new: bool
    last_number: int
    latest: StoredSnapshot | None


@dataclass(frozen=True, slots=True)
class Pushing:
    """Adds versions."""

    database: Database
    contents: Contents
    clock: Clock
    audit: Audit
    rules: StoreRules

    def push(self, draft: Draft, *, most_workspaces: int) -> Saved:
        """Store a draft on top of its base; see `SettingsStore.push`."""
        for _attempt in range(ATTEMPTS):
            with self.database.read() as connection:
                ground = _ground(connection, draft)
                if ground.latest and _same(ground.latest, draft):
                    return Saved(ground.latest, changed=False)
                if draft.base != (ground.latest.id if ground.latest else ""):
                    count = store.count(connection, ground.workspace)
                    raise SettingsConflict(ground.latest, count)
            snapshot, piece = self._made(draft, ground)
            try:
                with self.database.write() as connection:
                    if self._added(connection, draft, ground, snapshot, piece, most_workspaces):
                        return Saved(snapshot, changed=True)
            except IntegrityError:
                continue  # another node was faster: look again
        raise Unavailable(
            "database-busy",
            _("The database is busy; nothing was changed."),
            hint=_("Try again in a moment."),
        )

    def _made(self, draft: Draft, ground: Ground) -> tuple[StoredSnapshot, Piece]:
        """The version, packed and sealed for its place."""
        number = ground.last_number + 1
        workstation = draft.workstation
        snapshot = StoredSnapshot(
            id=new_id(),
            created=self.clock.now().isoformat(timespec="milliseconds"),
            sha256=draft.sha256,
            size=len(draft.content),
            note=draft.note,
            origin=workstation.name if workstation else "",
            format=draft.format,
            kind=draft.kind,
            workstation=workstation,
        )
        chain = self._chain(draft.kind, ground)
        packed = self.contents.packed(ground.workspace, number, draft.content, draft.kind, chain)
        blank = Piece(snapshot.id, number, draft.sha256, snapshot.size, 0, None, b"")
        return snapshot, self.contents.piece(ground.workspace, blank, packed)

    def _chain(self, kind: StoredKind, ground: Ground) -> list[Piece]:
        """The latest version of the same kind, with all that it is packed onto."""
        if kind is not StoredKind.XML or ground.is_new:
            return []
        with self.database.read() as connection:
            latest = store.newest_of_kind(connection, ground.workspace, kind)
            return pieces.chain(connection, latest) if latest else []

    def _added(
        self,
        connection: Connection,
        draft: Draft,
        ground: Ground,
        snapshot: StoredSnapshot,
        piece: Piece,
        most_workspaces: int,
    ) -> bool:
        """Add the version; false if the ground is no longer what it was."""
        owner, workspace, now = draft.user_name_id, ground.workspace, self.clock.now()
        if ground.is_new:
            if len(store.workspaces(connection, owner)) >= most_workspaces:
                raise quota_reached()
            store.add_workspace(connection, owner, draft.workspace, workspace, now)
        elif not _stands(connection, ground):
            return False
        self._allow(connection, draft, ground, len(piece.sealed))
        if draft.workstation and not workstations.seen(connection, owner, draft.workstation, now):
            raise quota_reached()
        store.add_snapshot(connection, workspace, piece, snapshot)
        detail: dict[str, str | int] = {"snapshot": snapshot.id, "size": snapshot.size}
        if draft.workstation:
            detail["workstation"] = draft.workstation.id
        self.audit.record(
            connection, "settings.pushed", actor=owner, subject=workspace, detail=detail
        )
        return True

    def _allow(self, connection: Connection, draft: Draft, ground: Ground, more: int) -> None:
        """Refuse what the user's own choice or the operator's forbids."""
        if draft.format < SEALED_FORMAT and encryption.recipient(connection, draft.user_name_id):
            raise Refused(
                "settings-must-be-sealed",
                _("Your settings are sealed end to end; the portal takes no plain ones."),
                hint=_("Set this computer up for it: deskside settings encryption join"),
            )
        stored = store.stored(connection, draft.user_name_id)
        if stored + more > self.rules.quota:
            raise quota_reached()
        if ground.last_number < MOST_SNAPSHOTS:
            return
        if store.count(connection, ground.workspace) >= MOST_SNAPSHOTS:
            raise quota_reached()


def quota_reached() -> Refused:
    """Nothing more may be stored."""
    return Refused(
        "settings-quota",
        _("The portal keeps no more settings for this user name; nothing was stored."),
        hint=_("Delete versions or workspaces that you no longer need, or ask your operator."),
    )


def _ground(connection: Connection, draft: Draft) -> Ground:
    found = store.workspace_id(connection, draft.user_name_id, draft.workspace)
    if found is None:
        return Ground(new_id(), is_new=True, last_number=0, latest=None)
    last_number, latest = store.last_number(connection, found), store.latest(connection, found)
    return Ground(found, is_new=False, last_number=last_number, latest=latest)


def _stands(connection: Connection, ground: Ground) -> bool:
    """Hold the workspace, and see whether it is still as it was read."""
    if store.lock(connection, ground.workspace) != ground.last_number:
        return False
    latest = store.latest(connection, ground.workspace)
    return (latest and latest.id) == (ground.latest and ground.latest.id)


def _same(latest: StoredSnapshot, draft: Draft) -> bool:
    return (latest.sha256, latest.format) == (draft.sha256, draft.format)
