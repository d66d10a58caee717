"""The portal's tables of workspace settings, and the queries on them.

Every snapshot has a number within its workspace. Two pushes that derive from the same version
ask for the same number, and the database gives it to one of them: that is the whole of conflict
detection, and it holds across nodes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    func,
    insert,
    select,
)

from deskside.foundation.database import UtcDateTime, metadata, new_id
from deskside.workspace.model import Snapshot

settings_workspace = Table(
    "settings_workspace",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("user_name_id", String(26), nullable=False),
    Column("name", String(100), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    UniqueConstraint("user_name_id", "name"),
)

settings_snapshot = Table(
    "settings_snapshot",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("workspace_id", String(26), ForeignKey("settings_workspace.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("note", String(500), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("workspace_id", "number"),
    CheckConstraint("number >= 1", name="number_from_one"),
)

_SHOWN = (
    settings_snapshot.c.id,
    settings_snapshot.c.created,
    settings_snapshot.c.sha256,
    settings_snapshot.c.size,
    settings_snapshot.c.note,
)


def workspaces(connection: Connection, user_name_id: str) -> list[tuple[str, str]]:
    """Ids and names of a user name's workspaces."""
    table = settings_workspace.c
    query = select(table.id, table.name).where(table.user_name_id == user_name_id)
    return [(row.id, row.name) for row in connection.execute(query.order_by(table.name))]


def workspace_id(connection: Connection, user_name_id: str, name: str) -> str | None:
    """Id of one workspace of a user name."""
    table = settings_workspace.c
    query = select(table.id).where(table.user_name_id == user_name_id, table.name == name)
    return connection.execute(query).scalar_one_or_none()


def add_workspace(connection: Connection, user_name_id: str, name: str, now: datetime) -> str:
    """Add a workspace; an integrity error if another node did so meanwhile."""
    made = new_id()
    row = {"id": made, "user_name_id": user_name_id, "name": name, "created": now}
    connection.execute(insert(settings_workspace).values(row))
    return made


def latest(connection: Connection, workspace: str) -> tuple[int, Snapshot] | None:
    """Number and values of the latest snapshot."""
    query = (
        select(settings_snapshot.c.number, *_SHOWN)
        .where(settings_snapshot.c.workspace_id == workspace)
        .order_by(settings_snapshot.c.number.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return (row.number, _snapshot(row)) if row else None


def count(connection: Connection, workspace: str) -> int:
    """How many snapshots a workspace has."""
    table = settings_snapshot
    query = select(func.count()).select_from(table).where(table.c.workspace_id == workspace)
    return connection.execute(query).scalar_one()


def snapshots(connection: Connection, workspace: str) -> list[Snapshot]:
    """All snapshots of a workspace, the latest first."""
    query = (
        select(*_SHOWN)
        .where(settings_snapshot.c.workspace_id == workspace)
        .order_by(settings_snapshot.c.number.desc())
    )
    return [_snapshot(row) for row in connection.execute(query)]


def find(connection: Connection, workspace: str, identifier: str) -> tuple[Snapshot, bytes] | None:
    """One snapshot with its sealed content."""
    table = settings_snapshot.c
    query = select(*_SHOWN, table.sealed).where(
        table.workspace_id == workspace, table.id == identifier
    )
    row = connection.execute(query).one_or_none()
    return (_snapshot(row), row.sealed) if row else None


def add_snapshot(
    connection: Connection, workspace: str, number: int, snapshot: Snapshot, sealed: bytes
) -> None:
    """Add a snapshot; an integrity error if its number has been given to another."""
    row = {
        "id": snapshot.id,
        "workspace_id": workspace,
        "number": number,
        "created": datetime.fromisoformat(snapshot.created),
        "sha256": snapshot.sha256,
        "size": snapshot.size,
        "note": snapshot.note,
        "sealed": sealed,
    }
    connection.execute(insert(settings_snapshot).values(row))


def _snapshot(row: Any) -> Snapshot:
    created = row.created.astimezone(UTC).isoformat(timespec="milliseconds")
    return Snapshot(row.id, created, row.sha256, row.size, row.note)
