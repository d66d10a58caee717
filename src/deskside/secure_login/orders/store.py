"""Tables of orders, returns and what was written about devices. Addresses and PINs are sealed."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    text,
)

from deskside.foundation.database import UtcDateTime, metadata

device_order = Table(
    "device_order",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("reference", String(16), nullable=False),
    Column("user_name_id", String(26), ForeignKey("user_name.id"), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("replaces", String(26), ForeignKey("device.id"), nullable=True),
    Column("device_id", String(26), ForeignKey("device.id"), nullable=True, index=True),
    Column("pin", LargeBinary, nullable=True),
    Column("address", LargeBinary, nullable=False),
    Column("ship_by", UtcDateTime, nullable=False),
    Column("tracking", String(80), nullable=False),
    Column("ordered", UtcDateTime, nullable=False),
    Column("shipped", UtcDateTime, nullable=True),
    Column("activate_by", UtcDateTime, nullable=True),
    UniqueConstraint("reference"),
)
"""`pin` is the one chosen; it moves into the device's secret when that is posted."""

_OPEN = text("status IN ('ordered', 'assigned')")

Index(
    "uq_device_order_open",
    device_order.c.user_name_id,
    device_order.c.kind,
    unique=True,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
Index(
    "uq_device_order_assigned",
    device_order.c.device_id,
    unique=True,
    sqlite_where=text("status = 'assigned'"),
    postgresql_where=text("status = 'assigned'"),
)

device_charge = Table(
    "device_charge",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("account_id", String(26), ForeignKey("account.id"), nullable=False, index=True),
    Column("order_id", String(26), ForeignKey("device_order.id"), nullable=True, index=True),
    Column("device_id", String(26), ForeignKey("device.id"), nullable=True, index=True),
    Column("what", String(16), nullable=False),
    Column("usd", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
)
"""Reserves and fees: `reserve` is `held`, then `released` or `dropped`; `fee` is `due`, or
`dropped` with its order. Deskside moves no money; the desk's ledger reads these lines."""

device_return = Table(
    "device_return",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("reference", String(16), nullable=False),
    Column("device_id", String(26), ForeignKey("device.id"), nullable=False, index=True),
    Column("user_name_id", String(26), ForeignKey("user_name.id"), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("requested", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    UniqueConstraint("reference"),
)
Index(
    "uq_device_return_open",
    device_return.c.device_id,
    unique=True,
    sqlite_where=text("status = 'requested'"),
    postgresql_where=text("status = 'requested'"),
)

reminder = Table(
    "reminder",
    metadata,
    Column("device_id", String(26), ForeignKey("device.id"), primary_key=True),
    Column("what", String(40), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)
"""Reminders that went out: of several nodes, the one that inserts the row writes."""
