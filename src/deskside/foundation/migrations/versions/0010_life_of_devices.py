"""Devices that lapse or wait to be activated, orders of devices, and which one was used last.

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op

from deskside.foundation.database import UtcDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("device", sa.Column("expires", UtcDateTime(), nullable=True))
    op.add_column("device", sa.Column("activate_by", UtcDateTime(), nullable=True))
    op.add_column("last_login", sa.Column("device_id", sa.String(length=26), nullable=True))
    op.create_table(
        "device_order",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("device_id", sa.String(length=26), nullable=False),
        sa.Column("replaces", sa.String(length=26), nullable=True),
        sa.Column("account_id", sa.String(length=26), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("reserve_cents", sa.Integer(), nullable=False),
        sa.Column("fee_cents", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("ordered", UtcDateTime(), nullable=False),
        sa.Column("ships", UtcDateTime(), nullable=False),
        sa.Column("reminded", UtcDateTime(), nullable=True),
        sa.Column("returned", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_name_id"], ["user_name.id"], name=op.f("fk_device_order_user_name_id")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_device_order_device_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_order")),
        sa.UniqueConstraint("device_id", name=op.f("uq_device_order_device_id")),
    )
    op.create_index(
        op.f("ix_device_order_user_name_id"), "device_order", ["user_name_id"], unique=False
    )
