"""Tables of Secure Login. Secrets are sealed; of tokens only the hash is kept."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from deskside.foundation.database import UtcDateTime, metadata

device = Table(
    "device",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("serial", String(80), nullable=False),
    Column("label", String(80), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("public", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("expires", UtcDateTime, nullable=True),
    Column("activate_by", UtcDateTime, nullable=True),
    UniqueConstraint("kind", "serial"),
    *(
        Index(
            None,
            column,
            sqlite_where=text(f"{column} IS NOT NULL"),
            postgresql_where=text(f"{column} IS NOT NULL"),
        )
        for column in ("expires", "activate_by")
    ),
)
"""What people hold. `state` is what the kind remembers between answers, in JSON. One that is on its
way waits until `activate_by`; a temporary one ends at `expires`."""

binding = Table(
    "binding",
    metadata,
    Column("user_name_id", String(26), ForeignKey("user_name.id"), primary_key=True),
    Column("device_id", String(26), ForeignKey("device.id"), primary_key=True, index=True),
    Column("status", String(16), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("approved_by", String(26), nullable=True),
)
"""Which user name logs in with which device; several user names may share one."""

login = Table(
    "login",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("user_name_id", String(26), ForeignKey("user_name.id"), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("interactive", Boolean, nullable=False),
    Column("challenge_id", String(80), nullable=True),
    Column("created", UtcDateTime, nullable=False),
    Column("expires", UtcDateTime, nullable=False),
    UniqueConstraint("secret_hash"),
    sqlite_with_rowid=False,
)
"""Log-ins after a right password. `subject` is who counts as guessed at by a wrong answer."""

challenge = Table(
    "challenge",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("login_id", String(26), nullable=False),
    Column("device_id", String(26), ForeignKey("device.id"), nullable=False),
    Column("question", String(80), nullable=True),
    Column("expires", UtcDateTime, nullable=False, index=True),
    UniqueConstraint("device_id", "question"),
    sqlite_with_rowid=False,
)
"""Questions asked. One device never gets the same one twice, so no code ever works again."""

spent = Table(
    "spent",
    metadata,
    Column("device_id", String(26), ForeignKey("device.id"), primary_key=True),
    Column("what", String(80), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)
"""What was used up by an answer, right or wrong: of two answers, the first inserts the row."""

session = Table(
    "session",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("login_id", String(26), nullable=False),
    Column("user_name_id", String(26), ForeignKey("user_name.id"), nullable=False, index=True),
    Column("token_hash", LargeBinary, nullable=False),
    Column("previous_hash", LargeBinary, nullable=True),
    Column("previous_until", UtcDateTime, nullable=True),
    Column("renewed", UtcDateTime, nullable=False),
    Column("interactive", Boolean, nullable=False),
    Column("scope", String(16), nullable=False),
    Column("amr", String(80), nullable=False),
    Column("protection_level", Integer, nullable=False),
    Column("origin", LargeBinary, nullable=False),
    Column("started", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False),
    Column("expires", UtcDateTime, nullable=False),
    Column("moved", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("login_id"),
    UniqueConstraint("token_hash"),
    # Most sessions have none: what is not there takes no room in the index.
    Index(
        None,
        "previous_hash",
        unique=True,
        sqlite_where=text("previous_hash IS NOT NULL"),
        postgresql_where=text("previous_hash IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)
"""`previous_hash` is the token before the last renewal: good until the new one is seen, and until
`previous_until` after that. Addresses and browser (`origin`) are sealed. One that has `moved`
to an address that it may not have is over; its row stays to say so."""

known_browser = Table(
    "known_browser",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_name_id", String(26), ForeignKey("user_name.id"), primary_key=True, index=True),
    Column("expires", UtcDateTime, nullable=False, index=True),
)
"""Browsers that have completed a log-in of a user name."""

last_login = Table(
    "last_login",
    metadata,
    Column("user_name_id", String(26), ForeignKey("user_name.id"), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("before", UtcDateTime, nullable=True),
    Column("device_id", String(26), nullable=True),
    sqlite_with_rowid=False,
)
"""When a user name last completed a log-in, the time before that, and with which device."""

alarm_link = Table(
    "alarm_link",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_name_id", String(26), ForeignKey("user_name.id"), nullable=False, index=True),
    Column("event", String(80), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("expires", UtcDateTime, nullable=False),
    Column("used", UtcDateTime, nullable=True),
)
"""Links in notices by which a person says that it was somebody else; of each only the hash."""
