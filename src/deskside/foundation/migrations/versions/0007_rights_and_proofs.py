"""Amounts that sessions were allowed, and proofs of identity within a session.

Revision: 0007
"""

import sqlalchemy as sa
from alembic import op

from deskside.foundation.database import UtcDateTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "rights_use",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("expires", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_name_id"], ["user_name.id"], name=op.f("fk_rights_use_user_name_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_use")),
        sa.UniqueConstraint("user_name_id", "key", name=op.f("uq_rights_use_user_name_id_key")),
    )
    op.create_index(
        op.f("ix_rights_use_user_name_id_day"),
        "rights_use",
        ["user_name_id", "day"],
        unique=False,
    )
    op.create_table(
        "step_up",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("session_id", sa.String(length=26), nullable=False),
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("task", sa.String(length=16), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("expires", UtcDateTime(), nullable=False),
        sa.Column("used", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_name_id"], ["user_name.id"], name=op.f("fk_step_up_user_name_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_up")),
    )
    op.create_index(op.f("ix_step_up_expires"), "step_up", ["expires"], unique=False)
    op.create_index(
        op.f("ix_step_up_session_id_task"), "step_up", ["session_id", "task"], unique=False
    )
