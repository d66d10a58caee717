"""The portal's tables of workspace settings.

Every version has a number within its workspace. Two pushes that derive from the same version
ask for the same number, and the database gives it to one of them: that is the whole of conflict
detection, and it holds across nodes. A version may lie as what changed since another, its base;
the database lets no base go while a version needs it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)

from deskside.foundation.database import UtcDateTime, metadata

settings_workspace = Table(
    "settings_workspace",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("user_name_id", String(26), nullable=False),
    Column("name", String(100), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("last_number", Integer, nullable=False, server_default=text("0")),
    Column("stored", BigInteger, nullable=False, server_default=text("0")),
    UniqueConstraint("user_name_id", "name"),
)
"""`last_number` was given to the newest version ever, `stored` is the bytes of all versions."""

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
    Column("format", Integer, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("workstation_id", String(26), nullable=True),
    Column("base_id", String(26), ForeignKey("settings_snapshot.id"), nullable=True),
    Column("coding", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("workspace_id", "number"),
    CheckConstraint("number >= 1", name="number_from_one"),
)
Index(
    None,
    settings_snapshot.c.base_id,
    sqlite_where=settings_snapshot.c.base_id.is_not(None),
    postgresql_where=settings_snapshot.c.base_id.is_not(None),
)

settings_workstation = Table(
    "settings_workstation",
    metadata,
    Column("user_name_id", String(26), nullable=False),
    Column("id", String(26), nullable=False),
    Column("name", String(100), nullable=False),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("user_name_id", "id"),
)

settings_restore = Table(
    "settings_restore",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("user_name_id", String(26), nullable=False, index=True),
    Column("workspace_id", String(26), ForeignKey("settings_workspace.id"), nullable=False),
    Column("snapshot_id", String(26), nullable=False),
    Column("workstation_id", String(26), nullable=False),
    Column("state", String(10), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("settled", UtcDateTime, nullable=True),
    Column("detail", String(300), nullable=False),
)
"""At most one waits for each workspace and workstation."""

Index(
    None,
    settings_restore.c.workspace_id,
    settings_restore.c.workstation_id,
    unique=True,
    sqlite_where=settings_restore.c.state == "waiting",
    postgresql_where=settings_restore.c.state == "waiting",
)

settings_encryption = Table(
    "settings_encryption",
    metadata,
    Column("user_name_id", String(26), primary_key=True),
    Column("recipient", String(100), nullable=False),
    Column("since", UtcDateTime, nullable=False),
)
