"""The computers that have pushed, as they call themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, select

from deskside.foundation.upsert import dialect_insert
from deskside.workspace.portal_store.model import SeenWorkstation, WorkstationName
from deskside.workspace.portal_store.tables import settings_workstation

MOST = 200
"""Computers of one user name."""

SEEN_EVERY = timedelta(hours=1)
"""How exactly it is remembered when a computer was last seen."""


def seen(
    connection: Connection, user_name_id: str, workstation: WorkstationName, now: datetime
) -> bool:
    """Remember a computer; false where the user name has too many."""
    table = settings_workstation
    known = _one(connection, user_name_id, workstation.id)
    if known and known.name == workstation.name and now - known.last_seen < SEEN_EVERY:
        return True
    if known is None and _count(connection, user_name_id) >= MOST:
        return False
    row = {"user_name_id": user_name_id, "id": workstation.id, "name": workstation.name}
    adding = dialect_insert(connection, table).values(**row, first_seen=now, last_seen=now)
    latest = {"name": workstation.name, "last_seen": now}
    connection.execute(
        adding.on_conflict_do_update(index_elements=["user_name_id", "id"], set_=latest)
    )
    return True


def listed(connection: Connection, user_name_id: str) -> list[SeenWorkstation]:
    """The computers of a user name, the last seen first."""
    table = settings_workstation.c
    query = select(*_FIELDS).where(table.user_name_id == user_name_id)
    rows = connection.execute(query.order_by(table.last_seen.desc(), table.id))
    return [SeenWorkstation(*row) for row in rows]


def find(connection: Connection, user_name_id: str, wish: str) -> SeenWorkstation | None:
    """One computer of a user name, by its id."""
    return _one(connection, user_name_id, wish)


def forget(connection: Connection, user_name_id: str) -> None:
    """Forget all computers of a user name."""
    table = settings_workstation
    connection.execute(delete(table).where(table.c.user_name_id == user_name_id))


def _one(connection: Connection, user_name_id: str, wish: str) -> SeenWorkstation | None:
    row = connection.execute(_ONE, {"user_name_id": user_name_id, "id": wish}).one_or_none()
    return SeenWorkstation(*row) if row else None


def _count(connection: Connection, user_name_id: str) -> int:
    table = settings_workstation
    query = select(func.count()).select_from(table).where(table.c.user_name_id == user_name_id)
    return connection.execute(query).scalar_one()


_FIELDS = tuple(settings_workstation.c[name] for name in ("id", "name", "first_seen", "last_seen"))
_ONE = select(*_FIELDS).where(
    settings_workstation.c.user_name_id == bindparam("user_name_id"),
    settings_workstation.c.id == bindparam("id"),
)
