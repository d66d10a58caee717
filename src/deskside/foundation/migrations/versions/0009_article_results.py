"""Results of articles that a person lets their computer send to a page.

Revision: 0011
"""

import sqlalchemy as sa
from alembic import op

from deskside.foundation.database import UtcDateTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "article_result",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("link_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reader_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("number", sa.String(length=6), nullable=False),
        sa.Column("expires", UtcDateTime(), nullable=False),
        sa.Column("received", UtcDateTime(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_result")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_article_result_link_hash")),
        sa.UniqueConstraint("reader_hash", name=op.f("uq_article_result_reader_hash")),
    )
    op.create_index(op.f("ix_article_result_expires"), "article_result", ["expires"], unique=False)
