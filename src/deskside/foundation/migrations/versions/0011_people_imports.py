"""Imports hold devices or people.

Revision: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    kind = sa.Column("kind", sa.String(length=16), nullable=False, server_default="devices")
    op.add_column("seed_import", kind)
    with op.batch_alter_table("seed_import") as batch:
        batch.alter_column("kind", server_default=None)
