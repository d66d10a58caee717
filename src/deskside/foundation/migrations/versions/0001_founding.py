"""The founding tables.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

from deskside.foundation.database import UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("event", sa.String(length=80), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=True),
        sa.Column("subject", sa.String(length=120), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("link", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("position", name=op.f("uq_audit_event_position")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_audit_event_actor"), "audit_event", ["actor"], unique=False)
    op.create_index(op.f("ix_audit_event_subject"), "audit_event", ["subject"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_signer",
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("added", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("public_key", name=op.f("pk_audit_signer")),
    )
    op.create_table(
        "data_key",
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kek_id", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "version", name=op.f("pk_data_key")),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("serial", sa.String(length=80), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("kind", "serial", name=op.f("uq_device_kind_serial")),
    )
    op.create_table(
        "guesses",
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("failures", sa.Text(), nullable=False),
        sa.Column("expires", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_guesses")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "holder",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holder")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=26), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", UtcDateTime(), nullable=False),
        sa.Column("problem", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_state_due"), "outbox", ["state", "due"], unique=False)
    op.create_table(
        "settings_workspace",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settings_workspace")),
        sa.UniqueConstraint(
            "user_name_id", "name", name=op.f("uq_settings_workspace_user_name_id_name")
        ),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("holder_id", sa.String(length=26), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_account_holder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_index(op.f("ix_account_holder_id"), "account", ["holder_id"], unique=False)
    op.create_table(
        "challenge",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("login_id", sa.String(length=26), nullable=False),
        sa.Column("device_id", sa.String(length=26), nullable=False),
        sa.Column("question", sa.String(length=80), nullable=True),
        sa.Column("expires", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_challenge_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge")),
        sa.UniqueConstraint("device_id", "question", name=op.f("uq_challenge_device_id_question")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_challenge_expires"), "challenge", ["expires"], unique=False)
    op.create_table(
        "contact_point",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("holder_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["holder.id"], name=op.f("fk_contact_point_holder_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_point")),
    )
    op.create_index(
        op.f("ix_contact_point_holder_id"), "contact_point", ["holder_id"], unique=False
    )
    op.create_table(
        "settings_snapshot",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_settings_snapshot_number_from_one")),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["settings_workspace.id"],
            name=op.f("fk_settings_snapshot_workspace_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settings_snapshot")),
        sa.UniqueConstraint(
            "workspace_id", "number", name=op.f("uq_settings_snapshot_workspace_id_number")
        ),
    )
    op.create_table(
        "spent",
        sa.Column("device_id", sa.String(length=26), nullable=False),
        sa.Column("what", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_spent_device_id")),
        sa.PrimaryKeyConstraint("device_id", "what", name=op.f("pk_spent")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "user_name",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder_id", sa.String(length=26), nullable=False),
        sa.Column("account_id", sa.String(length=26), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("password_since", UtcDateTime(), nullable=True),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_user_name_account_id")
        ),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_user_name_holder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_name")),
        sa.UniqueConstraint("name", name=op.f("uq_user_name_name")),
    )
    op.create_index(op.f("ix_user_name_account_id"), "user_name", ["account_id"], unique=False)
    op.create_index(op.f("ix_user_name_holder_id"), "user_name", ["holder_id"], unique=False)
    op.create_table(
        "binding",
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("device_id", sa.String(length=26), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_binding_device_id")),
        sa.ForeignKeyConstraint(
            ["user_name_id"], ["user_name.id"], name=op.f("fk_binding_user_name_id")
        ),
        sa.PrimaryKeyConstraint("user_name_id", "device_id", name=op.f("pk_binding")),
    )
    op.create_index(op.f("ix_binding_device_id"), "binding", ["device_id"], unique=False)
    op.create_table(
        "known_browser",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("expires", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_name_id"], ["user_name.id"], name=op.f("fk_known_browser_user_name_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", "user_name_id", name=op.f("pk_known_browser")),
    )
    op.create_index(op.f("ix_known_browser_expires"), "known_browser", ["expires"], unique=False)
    op.create_index(
        op.f("ix_known_browser_user_name_id"), "known_browser", ["user_name_id"], unique=False
    )
    op.create_table(
        "login",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("interactive", sa.Boolean(), nullable=False),
        sa.Column("challenge_id", sa.String(length=80), nullable=True),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.Column("expires", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_name_id"], ["user_name.id"], name=op.f("fk_login_user_name_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_login_secret_hash")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "secret_link",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.Column("expires", UtcDateTime(), nullable=False),
        sa.Column("used", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_name_id"], ["user_name.id"], name=op.f("fk_secret_link_user_name_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secret_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_secret_link_token_hash")),
    )
    op.create_index(
        op.f("ix_secret_link_user_name_id"), "secret_link", ["user_name_id"], unique=False
    )
    op.create_table(
        "session",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("login_id", sa.String(length=26), nullable=False),
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", UtcDateTime(), nullable=True),
        sa.Column("renewed", UtcDateTime(), nullable=False),
        sa.Column("interactive", sa.Boolean(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("amr", sa.String(length=80), nullable=False),
        sa.Column("protection_level", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(), nullable=False),
        sa.Column("started", UtcDateTime(), nullable=False),
        sa.Column("last_seen", UtcDateTime(), nullable=False),
        sa.Column("expires", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_name_id"], ["user_name.id"], name=op.f("fk_session_user_name_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("login_id", name=op.f("uq_session_login_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_session_token_hash")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_session_previous_hash"),
        "session",
        ["previous_hash"],
        unique=True,
        sqlite_where=sa.text("previous_hash IS NOT NULL"),
        postgresql_where=sa.text("previous_hash IS NOT NULL"),
    )
    op.create_index(op.f("ix_session_user_name_id"), "session", ["user_name_id"], unique=False)
    op.create_table(
        "user_role",
        sa.Column("user_name_id", sa.String(length=26), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_name_id"], ["user_name.id"], name=op.f("fk_user_role_user_name_id")
        ),
        sa.PrimaryKeyConstraint("user_name_id", "role", name=op.f("pk_user_role")),
    )
