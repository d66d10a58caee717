"""Tables of imports that run in the background."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from deskside.foundation.database import UtcDateTime, metadata

seed_import = Table(
    "seed_import",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", String(80), nullable=False),
    Column("actor", String(26), nullable=False),
    Column("language", String(8), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False),
    Column("opener", LargeBinary, nullable=True),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("present", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("problem", Text, nullable=False),
)
"""One file that was given to us; `kind` is `devices` or `people`. `opener` is its key or password,
sealed, while it is needed; `done` of `total` rows are through, in the present stage."""

seed_import_file = Table(
    "seed_import_file",
    metadata,
    Column("import_id", String(26), ForeignKey("seed_import.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""The file in sealed pieces; gone as soon as it is needed no more."""

seed_import_report = Table(
    "seed_import_report",
    metadata,
    Column("import_id", String(26), ForeignKey("seed_import.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("outcomes", LargeBinary, nullable=False),
)
"""What became of each row, a batch in a piece: compressed JSON."""
