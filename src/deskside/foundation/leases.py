"""Leases: of all nodes over one database, the database lets one do a piece of work.

A lease only saves work. What must never happen twice is held by a constraint besides.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Column, Connection, String, Table, func, or_, select, update

from deskside.foundation.database import UtcDateTime, metadata
from deskside.foundation.upsert import insert_new

lease = Table(
    "lease",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(26), nullable=False),
    Column("until", UtcDateTime, nullable=False),
)


def hold(connection: Connection, name: str, holder: str, span: timedelta) -> bool:
    """Take or renew a lease for a span of time; whether this holder has it now.

    The time is the database's own, so that nodes whose clocks differ agree.
    """
    now = _now(connection)
    renewed = connection.execute(
        update(lease)
        .where(lease.c.name == name, or_(lease.c.holder == holder, lease.c.until <= now))
        .values(holder=holder, until=now + span)
    )
    if renewed.rowcount:
        return True
    return insert_new(connection, lease, {"name": name, "holder": holder, "until": now + span})


def release(connection: Connection, name: str, holder: str) -> None:
    """Let another holder take the lease at once."""
    connection.execute(lease.delete().where(lease.c.name == name, lease.c.holder == holder))


def _now(connection: Connection) -> datetime:
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)  # the file's database is this computer
    moment = connection.scalar(select(func.clock_timestamp(type_=UtcDateTime())))
    assert isinstance(moment, datetime)
    return moment
