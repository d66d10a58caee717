"""The tables of what readers say, and of what they searched for in vain."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, Table

from deskside.foundation.database import UtcDateTime, metadata
from deskside.knowledge.feedback.rules import LONGEST_SEARCH

article_opinion = Table(
    "article_opinion",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("number", String(6), nullable=False),
    Column("language", String(8), nullable=False),
    Column("helped", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    # Sealed: people write what they should not.
    Column("comment", LargeBinary, nullable=True),
    # A keyed hash of where it came from; gone as soon as no limit needs it.
    Column("visitor", LargeBinary(32), nullable=True, index=True),
)

missed_search = Table(
    "missed_search",
    metadata,
    Column("language", String(8), primary_key=True),
    Column("words", String(LONGEST_SEARCH), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False, index=True),
)
