"""Imports of seed files that are checked and done in the background.

Revision: 0008
"""

import sqlalchemy as sa
from alembic import op

from deskside.foundation.database import UtcDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "seed_import",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("actor", sa.String(length=26), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.Column("changed", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("opener", sa.LargeBinary(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("present", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seed_import")),
    )
    for table, column in (("seed_import_file", "content"), ("seed_import_report", "outcomes")):
        op.create_table(
            table,
            sa.Column("import_id", sa.String(length=26), nullable=False),
            sa.Column("number", sa.Integer(), nullable=False),
            sa.Column(column, sa.LargeBinary(), nullable=False),
            sa.ForeignKeyConstraint(
                ["import_id"], ["seed_import.id"], name=op.f(f"fk_{table}_import_id")
            ),
            sa.PrimaryKeyConstraint("import_id", "number", name=op.f(f"pk_{table}")),
        )
