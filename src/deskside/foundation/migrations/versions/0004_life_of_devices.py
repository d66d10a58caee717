"""Devices that lapse or wait to be activated, and which one was used last.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

from deskside.foundation.database import UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("device", sa.Column("expires", UtcDateTime(), nullable=True))
    op.add_column("device", sa.Column("activate_by", UtcDateTime(), nullable=True))
    op.add_column("last_login", sa.Column("device_id", sa.String(length=26), nullable=True))
