"""Sessions that moved, when somebody logged in last, and links to say "this wasn't me".

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

from deskside.foundation.database import UtcDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "session", sa.Column("moved", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "last_login",
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("before", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_name_id"], ["user_name.id"], name=op.f("fk_last_login_user_name_id")
        ),
        sa.PrimaryKeyConstraint("user_name_id", name=op.f("pk_last_login")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alarm_link",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("event", sa.String(length=80), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.Column("expires", UtcDateTime(), nullable=False),
        sa.Column("used", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_name_id"], ["user_name.id"], name=op.f("fk_alarm_link_user_name_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_alarm_link")),
    )
    op.create_index(
        op.f("ix_alarm_link_user_name_id"), "alarm_link", ["user_name_id"], unique=False
    )
    op.create_table(
        "holder_word",
        sa.Column("word", sa.LargeBinary(), nullable=False),
        sa.Column("holder_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["holder.id"], name=op.f("fk_holder_word_holder_id")
        ),
        sa.PrimaryKeyConstraint("word", "holder_id", name=op.f("pk_holder_word")),
        sqlite_with_rowid=False,
    )
