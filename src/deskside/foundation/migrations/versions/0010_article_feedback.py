"""What readers say of articles, and what they searched for in vain.

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op

from deskside.foundation.database import UtcDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "article_opinion",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=6), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("helped", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("comment", sa.LargeBinary(), nullable=True),
        sa.Column("visitor", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_opinion")),
    )
    op.create_index(op.f("ix_article_opinion_at"), "article_opinion", ["at"], unique=False)
    op.create_index(
        op.f("ix_article_opinion_visitor"), "article_opinion", ["visitor"], unique=False
    )
    op.create_table(
        "missed_search",
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("words", sa.String(length=120), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last_seen", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("language", "words", name=op.f("pk_missed_search")),
    )
    op.create_index(
        op.f("ix_missed_search_last_seen"), "missed_search", ["last_seen"], unique=False
    )
