"""Orders of devices, returns, reminders; what an account is worth, what language people read.

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

from deskside.foundation.database import UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("account", sa.Column("equity", sa.LargeBinary(), nullable=True))
    op.add_column("account", sa.Column("equity_since", UtcDateTime(), nullable=True))
    op.add_column("user_name", sa.Column("language", sa.String(length=8), nullable=True))
    for column in ("expires", "activate_by"):
        op.create_index(
            op.f(f"ix_device_{column}"),
            "device",
            [column],
            unique=False,
            sqlite_where=sa.text(f"{column} IS NOT NULL"),
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    _orders()
    _charges()
    _returns()
    op.create_table(
        "reminder",
        sa.Column("device_id", sa.String(length=26), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_reminder_device_id")),
        sa.PrimaryKeyConstraint("device_id", "what", name=op.f("pk_reminder")),
        sqlite_with_rowid=False,
    )


def _orders() -> None:
    op.create_table(
        "device_order",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("replaces", sa.String(length=26), nullable=True),
        sa.Column("device_id", sa.String(length=26), nullable=True),
        sa.Column("pin", sa.LargeBinary(), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("ship_by", UtcDateTime(), nullable=False),
        sa.Column("tracking", sa.String(length=80), nullable=False),
        sa.Column("ordered", UtcDateTime(), nullable=False),
        sa.Column("shipped", UtcDateTime(), nullable=True),
        sa.Column("activate_by", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_name_id"], ["user_name.id"], name=op.f("fk_device_order_user_name_id")
        ),
        sa.ForeignKeyConstraint(["replaces"], ["device.id"], name=op.f("fk_device_order_replaces")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_device_order_device_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_order")),
        sa.UniqueConstraint("reference", name=op.f("uq_device_order_reference")),
    )
    for column in ("user_name_id", "device_id"):
        op.create_index(op.f(f"ix_device_order_{column}"), "device_order", [column], unique=False)
    is_open, assigned = sa.text("status IN ('ordered', 'assigned')"), sa.text("status = 'assigned'")
    op.create_index(
        "uq_device_order_open",
        "device_order",
        ["user_name_id", "kind"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index(
        "uq_device_order_assigned",
        "device_order",
        ["device_id"],
        unique=True,
        sqlite_where=assigned,
        postgresql_where=assigned,
    )


def _charges() -> None:
    op.create_table(
        "device_charge",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("account_id", sa.String(length=26), nullable=False),
        sa.Column("order_id", sa.String(length=26), nullable=True),
        sa.Column("device_id", sa.String(length=26), nullable=True),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("usd", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("changed", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_device_charge_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["device_order.id"], name=op.f("fk_device_charge_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_device_charge_device_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_charge")),
    )
    for column in ("account_id", "order_id", "device_id"):
        op.create_index(op.f(f"ix_device_charge_{column}"), "device_charge", [column], unique=False)


def _returns() -> None:
    op.create_table(
        "device_return",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("device_id", sa.String(length=26), nullable=False),
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("requested", UtcDateTime(), nullable=False),
        sa.Column("changed", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_device_return_device_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_name_id"], ["user_name.id"], name=op.f("fk_device_return_user_name_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_return")),
        sa.UniqueConstraint("reference", name=op.f("uq_device_return_reference")),
    )
    for column in ("device_id", "user_name_id"):
        op.create_index(op.f(f"ix_device_return_{column}"), "device_return", [column], unique=False)
    requested = sa.text("status = 'requested'")
    op.create_index(
        "uq_device_return_open",
        "device_return",
        ["device_id"],
        unique=True,
        sqlite_where=requested,
        postgresql_where=requested,
    )
