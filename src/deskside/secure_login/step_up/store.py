"""The table of proofs."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from deskside.foundation.database import UtcDateTime, metadata

step_up = Table(
    "step_up",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("session_id", String(26), nullable=False),
    Column("user_name_id", String(26), ForeignKey("user_name.id"), nullable=False),
    Column("task", String(16), nullable=False),
    Column("level", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("expires", UtcDateTime, nullable=False, index=True),
    Column("used", UtcDateTime, nullable=True),
    Index(None, "session_id", "task"),
)
"""Who proved their identity, in which session and for which kind of task."""
