"""The table of amounts that were allowed."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from deskside.foundation.database import UtcDateTime, metadata

rights_use = Table(
    "rights_use",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("user_name_id", String(26), ForeignKey("user_name.id"), nullable=False),
    Column("key", String(80), nullable=False),
    Column("action", String(40), nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("level", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("status", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("expires", UtcDateTime, nullable=False),
    UniqueConstraint("user_name_id", "key"),
    Index(None, "user_name_id", "day"),
)
"""Amounts by the desk's day. `reserved` until `expires`, then `used`, `released` or `lapsed`; the
first two count. `key` is the asking program's own name for it: asked twice, it is one."""
