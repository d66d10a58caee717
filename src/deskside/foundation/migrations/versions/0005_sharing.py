"""Requests to share a device, and decisions on them.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

from deskside.foundation.database import UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "share",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("requester_id", sa.String(length=26), nullable=False),
        sa.Column("requester_holder", sa.String(length=26), nullable=False),
        sa.Column("owner_id", sa.String(length=26), nullable=False),
        sa.Column("owner_holder", sa.String(length=26), nullable=False),
        sa.Column("device_id", sa.String(length=26), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("login_secret", sa.LargeBinary(), nullable=True),
        sa.Column("doubt", sa.String(length=40), nullable=True),
        sa.Column("approvals", sa.Integer(), nullable=False),
        sa.Column("parked", sa.Text(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.Column("changed", UtcDateTime(), nullable=False),
        sa.Column("expires", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["requester_id"], ["user_name.id"], name=op.f("fk_share_requester_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["user_name.id"], name=op.f("fk_share_owner_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_share_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share")),
        sa.UniqueConstraint("reference", name=op.f("uq_share_reference")),
        sa.UniqueConstraint(
            "id",
            "requester_holder",
            "owner_holder",
            name=op.f("uq_share_id_requester_holder_owner_holder"),
        ),
    )
    op.create_index(op.f("ix_share_requester_id"), "share", ["requester_id"], unique=False)
    is_open = sa.text("status IN ('pending', 'active')")
    op.create_index(
        "uq_share_open",
        "share",
        ["requester_id", "device_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "share_decision",
        sa.Column("share_id", sa.String(length=26), nullable=False),
        sa.Column("reviewer_holder", sa.String(length=26), nullable=False),
        sa.Column("requester_holder", sa.String(length=26), nullable=False),
        sa.Column("owner_holder", sa.String(length=26), nullable=False),
        sa.Column("reviewer_id", sa.String(length=26), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["share_id", "requester_holder", "owner_holder"],
            ["share.id", "share.requester_holder", "share.owner_holder"],
            name=op.f("fk_share_decision_share_id_requester_holder_owner_holder"),
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["user_name.id"], name=op.f("fk_share_decision_reviewer_id")
        ),
        sa.CheckConstraint(
            "reviewer_holder <> requester_holder AND reviewer_holder <> owner_holder",
            name=op.f("ck_share_decision_no_own"),
        ),
        sa.PrimaryKeyConstraint("share_id", "reviewer_holder", name=op.f("pk_share_decision")),
    )
