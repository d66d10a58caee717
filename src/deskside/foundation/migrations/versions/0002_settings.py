"""Settings: versions packed onto others, pins, workstations, restores, sealing end to end.

Revision: 0002
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from deskside.foundation.database import UtcDateTime

revision = "0002"
down_revision = "0001"

ADDED: dict[str, sa.Column[Any]] = {
    "format": sa.Column("format", sa.Integer(), nullable=False, server_default="1"),
    "kind": sa.Column("kind", sa.String(length=8), nullable=False, server_default=""),
    "pinned": sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false()),
    "workstation_id": sa.Column("workstation_id", sa.String(length=26), nullable=True),
    "base_id": sa.Column("base_id", sa.String(length=26), nullable=True),
    "coding": sa.Column("coding", sa.Integer(), nullable=False, server_default="0"),
}
"""Versions of before lie by themselves, in the coding that has the number 0."""


def upgrade() -> None:
    _snapshots()
    _workspaces()
    op.create_table(
        "settings_workstation",
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("first_seen", UtcDateTime(), nullable=False),
        sa.Column("last_seen", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_name_id", "id", name=op.f("pk_settings_workstation")),
    )
    op.create_table(
        "settings_restore",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("snapshot_id", sa.String(length=26), nullable=False),
        sa.Column("workstation_id", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.Column("settled", UtcDateTime(), nullable=True),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["settings_workspace.id"],
            name=op.f("fk_settings_restore_workspace_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settings_restore")),
    )
    op.create_index(
        op.f("ix_settings_restore_user_name_id"), "settings_restore", ["user_name_id"], unique=False
    )
    op.create_index(
        op.f("ix_settings_restore_workspace_id_workstation_id"),
        "settings_restore",
        ["workspace_id", "workstation_id"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "settings_encryption",
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("recipient", sa.String(length=100), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_name_id", name=op.f("pk_settings_encryption")),
    )


def _snapshots() -> None:
    for column in ADDED.values():
        op.add_column("settings_snapshot", column)
    with op.batch_alter_table("settings_snapshot") as batch:
        for name, column in ADDED.items():
            if column.server_default is not None:
                batch.alter_column(name, server_default=None)
        batch.create_foreign_key(
            op.f("fk_settings_snapshot_base_id"), "settings_snapshot", ["base_id"], ["id"]
        )
    op.create_index(
        op.f("ix_settings_snapshot_base_id"),
        "settings_snapshot",
        ["base_id"],
        unique=False,
        sqlite_where=sa.text("base_id IS NOT NULL"),
        postgresql_where=sa.text("base_id IS NOT NULL"),
    )


def _workspaces() -> None:
    for name, kind in (("last_number", sa.Integer()), ("stored", sa.BigInteger())):
        column = sa.Column(name, kind, nullable=False, server_default=sa.text("0"))
        op.add_column("settings_workspace", column)
    for name, total in (("last_number", "MAX(number)"), ("stored", "SUM(LENGTH(sealed))")):
        op.execute(
            f"UPDATE settings_workspace SET {name} = COALESCE((SELECT {total} FROM"  # noqa: S608
            " settings_snapshot WHERE workspace_id = settings_workspace.id), 0)"
        )
