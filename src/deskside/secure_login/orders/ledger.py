"""Reserves and fees as lines for the desk's ledger. Deskside moves no money."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from deskside.directory.service import STANDING
from deskside.foundation.database import new_id
from deskside.secure_login.orders.model import Charges, Line
from deskside.secure_login.orders.store import device_charge, device_order
from deskside.secure_login.store import device

RESERVE, FEE = "reserve", "fee"
HELD, DUE, RELEASED, DROPPED = "held", "due", "released", "dropped"


def open_lines(
    connection: Connection, now: datetime, account_id: str, order_id: str, charges: Charges
) -> None:
    """Hold the reserve of an order, and let its fee be due."""
    for what, usd, status in ((RESERVE, charges.reserve, HELD), (FEE, charges.fee, DUE)):
        if usd:
            _add(connection, now, account_id, what, usd, status, order_id=order_id)


def fee_for(connection: Connection, now: datetime, device_id: str, usd: int) -> None:
    """Let the fee of a device that did not come back be due, in place of its reserve."""
    held = _changed(connection, now, RELEASED, device_charge.c.device_id == device_id)
    for account_id in held:
        _add(connection, now, account_id, FEE, usd, DUE, device_id=device_id)


def drop(connection: Connection, now: datetime, order_id: str) -> None:
    """Nothing is held or due of an order that was cancelled."""
    connection.execute(
        update(device_charge)
        .where(device_charge.c.order_id == order_id, device_charge.c.status.in_((HELD, DUE)))
        .values(status=DROPPED, changed=now)
    )


def attach(connection: Connection, order_id: str, device_id: str) -> None:
    """The reserve of an order is held for the device that was posted."""
    connection.execute(
        update(device_charge)
        .where(device_charge.c.order_id == order_id, device_charge.c.what == RESERVE)
        .values(device_id=device_id)
    )


def release(connection: Connection, now: datetime, device_id: str) -> None:
    """Hold nothing for a device any longer."""
    _changed(connection, now, RELEASED, device_charge.c.device_id == device_id)


def lines(connection: Connection, *conditions: ColumnElement[bool]) -> list[Line]:
    """Lines with what they are about, the oldest first."""
    rows = connection.execute(_LINES.where(*conditions).order_by(device_charge.c.id))
    return [_line(row) for row in rows]


def _changed(
    connection: Connection, now: datetime, status: str, condition: ColumnElement[bool]
) -> list[str]:
    held = connection.execute(
        update(device_charge)
        .where(condition, device_charge.c.what == RESERVE, device_charge.c.status == HELD)
        .values(status=status, changed=now)
        .returning(device_charge.c.account_id)
    )
    return list(held.scalars())


def _add(
    connection: Connection,
    now: datetime,
    account_id: str,
    what: str,
    usd: int,
    status: str,
    **about: str,
) -> None:
    connection.execute(
        insert(device_charge).values(
            id=new_id(),
            account_id=account_id,
            what=what,
            usd=usd,
            status=status,
            since=now,
            changed=now,
            **about,
        )
    )


def _line(row: Any) -> Line:
    return Line(
        row.id,
        row.account_id,
        row.what,
        row.usd,
        row.status,
        row.since,
        row.changed,
        row.reference or "",
        row.serial or "",
        row.name or "",
    )


_LINES = (
    select(device_charge, device_order.c.reference, device.c.serial, STANDING.c.name)
    .outerjoin_from(device_charge, device_order, device_order.c.id == device_charge.c.order_id)
    .outerjoin(device, device.c.id == device_charge.c.device_id)
    .outerjoin(STANDING, STANDING.c.user_name_id == device_order.c.user_name_id)
)
