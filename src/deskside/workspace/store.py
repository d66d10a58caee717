"""The portal's store of settings in the database: queries on workspaces and versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, insert, select, update

from deskside.foundation.errors import NotFound
from deskside.foundation.text import _
from deskside.workspace.portal_store.arriving import is_id
from deskside.workspace.portal_store.model import StoredKind, StoredSnapshot, WorkstationName
from deskside.workspace.portal_store.pieces import Piece, account
from deskside.workspace.portal_store.tables import (
    settings_snapshot,
    settings_workspace,
    settings_workstation,
)

LATEST = "latest"
"""Stands for the id of the latest version."""

_SHOWN = (
    *(settings_snapshot.c[name] for name in ("id", "created", "sha256", "size", "note")),
    *(settings_snapshot.c[name] for name in ("pinned", "format", "kind", "workstation_id")),
    settings_workstation.c.name.label("workstation_name"),
)
_ROWS = settings_snapshot.join(
    settings_workspace, settings_workspace.c.id == settings_snapshot.c.workspace_id
).outerjoin(
    settings_workstation,
    (settings_workstation.c.user_name_id == settings_workspace.c.user_name_id)
    & (settings_workstation.c.id == settings_snapshot.c.workstation_id),
)

_workspace: BindParameter[str] = bindparam("workspace")
_SNAPSHOTS = (
    select(*_SHOWN)
    .select_from(_ROWS)
    .where(settings_snapshot.c.workspace_id == _workspace)
    .order_by(settings_snapshot.c.number.desc())
)
_LATEST = _SNAPSHOTS.limit(1)
_NEWEST_OF_KIND = (
    select(settings_snapshot.c.id)
    .where(
        settings_snapshot.c.workspace_id == _workspace,
        settings_snapshot.c.kind == bindparam("kind"),
    )
    .order_by(settings_snapshot.c.number.desc())
    .limit(1)
)
_COUNT = (
    select(func.count())
    .select_from(settings_snapshot)
    .where(settings_snapshot.c.workspace_id == _workspace)
)
_LAST_NUMBER = select(settings_workspace.c.last_number).where(settings_workspace.c.id == _workspace)
_LOCK = _LAST_NUMBER.with_for_update()
_WORKSPACE_ID = select(settings_workspace.c.id).where(
    settings_workspace.c.user_name_id == bindparam("user_name_id"),
    settings_workspace.c.name == bindparam("name"),
)
_STORED = select(func.coalesce(func.sum(settings_workspace.c.stored), 0)).where(
    settings_workspace.c.user_name_id == bindparam("user_name_id")
)


def workspaces(connection: Connection, user_name_id: str) -> list[tuple[str, str]]:
    """Ids and names of a user name's workspaces."""
    table = settings_workspace.c
    query = select(table.id, table.name).where(table.user_name_id == user_name_id)
    return [(row.id, row.name) for row in connection.execute(query.order_by(table.name))]


def workspace_id(connection: Connection, user_name_id: str, name: str) -> str | None:
    """Id of one workspace of a user name."""
    named = {"user_name_id": user_name_id, "name": name}
    return connection.execute(_WORKSPACE_ID, named).scalar_one_or_none()


def required(connection: Connection, user_name_id: str, name: str) -> str:
    """Id of one workspace of a user name; raises NotFound."""
    found = workspace_id(connection, user_name_id, name)
    if found is None:
        raise NotFound(
            "no-such-workspace",
            _("The portal holds no settings of that name for you."),
            hint=_("Send them from a computer that has them: deskside settings push"),
        )
    return found


def last_number(connection: Connection, workspace: str) -> int:
    """The last number that was given to a version."""
    return int(connection.execute(_LAST_NUMBER, {"workspace": workspace}).scalar_one())


def lock(connection: Connection, workspace: str) -> int | None:
    """Change a workspace alone until the transaction ends; the last number given, if it exists."""
    return connection.execute(_LOCK, {"workspace": workspace}).scalar_one_or_none()


def add_workspace(
    connection: Connection, user_name_id: str, name: str, identifier: str, now: datetime
) -> None:
    """Add a workspace; an integrity error if another node did so meanwhile."""
    row = {"id": identifier, "user_name_id": user_name_id, "name": name, "created": now}
    connection.execute(insert(settings_workspace).values(row))


def delete_workspace(connection: Connection, workspace: str) -> int:
    """Delete a workspace with all its versions; how many there were."""
    table = settings_snapshot
    mine = table.c.workspace_id == workspace
    connection.execute(update(table).where(mine, table.c.base_id.is_not(None)).values(base_id=None))
    deleted = connection.execute(delete(table).where(mine)).rowcount
    connection.execute(delete(settings_workspace).where(settings_workspace.c.id == workspace))
    return deleted


def stored(connection: Connection, user_name_id: str) -> int:
    """Bytes of all versions of a user name."""
    return int(connection.execute(_STORED, {"user_name_id": user_name_id}).scalar_one())


def latest(connection: Connection, workspace: str) -> StoredSnapshot | None:
    """The latest version."""
    row = connection.execute(_LATEST, {"workspace": workspace}).one_or_none()
    return _snapshot(row) if row else None


def count(connection: Connection, workspace: str) -> int:
    """How many versions a workspace has."""
    return connection.execute(_COUNT, {"workspace": workspace}).scalar_one()


def snapshots(
    connection: Connection, workspace: str, limit: int | None = None
) -> list[StoredSnapshot]:
    """The versions of a workspace, the latest first."""
    rows = connection.execute(_SNAPSHOTS.limit(limit), {"workspace": workspace})
    return [_snapshot(row) for row in rows]


def find(connection: Connection, workspace: str, identifier: str) -> StoredSnapshot | None:
    """One version."""
    table = settings_snapshot.c
    query = select(*_SHOWN).select_from(_ROWS)
    query = query.where(table.workspace_id == workspace, table.id == identifier)
    row = connection.execute(query).one_or_none()
    return _snapshot(row) if row else None


def required_snapshot(connection: Connection, workspace: str, identifier: str) -> StoredSnapshot:
    """One version by its id, or the latest for `latest`; raises NotFound."""
    if identifier == LATEST:
        found = latest(connection, workspace)
    else:
        found = find(connection, workspace, identifier) if is_id(identifier) else None
    if found is None:
        raise no_such_snapshot()
    return found


def no_such_snapshot() -> NotFound:
    """No version of that id in that workspace."""
    return NotFound("no-such-snapshot", _("There is no such snapshot."))


def newest_of_kind(connection: Connection, workspace: str, kind: StoredKind) -> str | None:
    """Id of the latest version of a kind."""
    wanted = {"workspace": workspace, "kind": kind.value}
    return connection.execute(_NEWEST_OF_KIND, wanted).scalar_one_or_none()


def add_snapshot(
    connection: Connection, workspace: str, piece: Piece, snapshot: StoredSnapshot
) -> None:
    """Add a version; an integrity error if its number has been given to another."""
    row = {
        "id": snapshot.id,
        "workspace_id": workspace,
        "number": piece.number,
        "created": datetime.fromisoformat(snapshot.created),
        "sha256": snapshot.sha256,
        "size": snapshot.size,
        "note": snapshot.note,
        "format": snapshot.format,
        "kind": snapshot.kind.value,
        "pinned": snapshot.pinned,
        "workstation_id": snapshot.workstation.id if snapshot.workstation else None,
        "base_id": piece.base,
        "coding": piece.coding,
        "sealed": piece.sealed,
    }
    connection.execute(insert(settings_snapshot).values(row))
    account(connection, workspace, len(piece.sealed), last_number=piece.number)


def delete_snapshot(connection: Connection, workspace: str, piece: Piece) -> bool:
    """Delete a version that no other is packed onto; false if it is gone."""
    gone = connection.execute(delete(settings_snapshot).where(settings_snapshot.c.id == piece.id))
    account(connection, workspace, -len(piece.sealed))
    return bool(gone.rowcount)


def pin(connection: Connection, identifier: str, *, pinned: bool) -> None:
    """Pin a version, or no longer."""
    table = settings_snapshot
    connection.execute(update(table).where(table.c.id == identifier).values(pinned=pinned))


def is_kept(connection: Connection, workspace: str, identifier: str) -> bool:
    """Whether no policy may let a version go: it is pinned, or the latest."""
    found, newest = find(connection, workspace, identifier), latest(connection, workspace)
    return found is not None and (found.pinned or found == newest)


def ages(connection: Connection, workspace: str) -> Sequence[Any]:
    """`id, number, created, pinned, kind` of all versions of a workspace."""
    table = settings_snapshot.c
    query = select(table.id, table.number, table.created, table.pinned, table.kind)
    return connection.execute(query.where(table.workspace_id == workspace)).all()


def all_workspaces(connection: Connection) -> list[str]:
    """Ids of all workspaces of all user names."""
    return list(connection.execute(select(settings_workspace.c.id)).scalars())


def _snapshot(row: Any) -> StoredSnapshot:
    from_ = row.workstation_id and WorkstationName(row.workstation_id, row.workstation_name or "")
    return StoredSnapshot(
        id=row.id,
        created=row.created.astimezone(UTC).isoformat(timespec="milliseconds"),
        sha256=row.sha256,
        size=row.size,
        note=row.note,
        pinned=row.pinned,
        origin=from_.name if from_ else "",
        format=row.format,
        kind=StoredKind(row.kind),
        workstation=from_ or None,
    )
