"""Tables of sharing. That nobody decides on what they asked for is the database's own rule."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from deskside.foundation.database import UtcDateTime, metadata

share = Table(
    "share",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("reference", String(16), nullable=False),
    Column("requester_id", String(26), ForeignKey("user_name.id"), nullable=False),
    Column("requester_holder", String(26), nullable=False),
    Column("owner_id", String(26), ForeignKey("user_name.id"), nullable=False),
    Column("owner_holder", String(26), nullable=False),
    Column("device_id", String(26), ForeignKey("device.id"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("login_secret", LargeBinary, nullable=True),
    Column("doubt", String(40), nullable=True),
    Column("approvals", Integer, nullable=False),
    Column("parked", Text, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Column("expires", UtcDateTime, nullable=False),
    UniqueConstraint("reference"),
    UniqueConstraint("id", "requester_holder", "owner_holder"),
    Index(None, "requester_id"),
    Index(
        "uq_share_open",
        "requester_id",
        "device_id",
        unique=True,
        sqlite_where=text("status IN ('pending', 'active')"),
        postgresql_where=text("status IN ('pending', 'active')"),
    ),
)
"""Requests. `login_secret` (sealed) names the owner's log-in that asks the device and never becomes
a session; `approvals` is how many reviewers must agree; `parked` are the requester's devices (JSON)
that rest meanwhile."""

share_decision = Table(
    "share_decision",
    metadata,
    Column("share_id", String(26), primary_key=True),
    Column("reviewer_holder", String(26), primary_key=True),
    Column("requester_holder", String(26), nullable=False),
    Column("owner_holder", String(26), nullable=False),
    Column("reviewer_id", String(26), ForeignKey("user_name.id"), nullable=False),
    Column("decision", String(16), nullable=False),
    Column("reason", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(
        ["share_id", "requester_holder", "owner_holder"],
        ["share.id", "share.requester_holder", "share.owner_holder"],
    ),
    CheckConstraint(
        "reviewer_holder <> requester_holder AND reviewer_holder <> owner_holder", name="no_own"
    ),
)
"""Decisions with their reasons (sealed): one a person, whatever user names the person has."""
