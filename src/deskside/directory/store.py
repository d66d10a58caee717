"""Tables of the directory. Personal data is sealed; of a secret link only the hash is kept."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
)

from deskside.foundation.database import UtcDateTime, metadata

holder = Table(
    "holder",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("identity", LargeBinary, nullable=False),
    Column("created", UtcDateTime, nullable=False),
)

holder_word = Table(
    "holder_word",
    metadata,
    Column("word", LargeBinary, primary_key=True),
    Column("holder_id", String(26), ForeignKey("holder.id"), primary_key=True),
    sqlite_with_rowid=False,
)
"""Words of holders' names under a keyed hash, so that the desk can search what is sealed."""

account = Table(
    "account",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("holder_id", String(26), ForeignKey("holder.id"), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("equity", LargeBinary, nullable=True),
    Column("equity_since", UtcDateTime, nullable=True),
)
"""`equity` is in whole USD as the desk last told it, sealed; none where it never did."""

user_name = Table(
    "user_name",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("name", String(32), nullable=False),
    Column("holder_id", String(26), ForeignKey("holder.id"), nullable=False, index=True),
    Column("account_id", String(26), ForeignKey("account.id"), nullable=True, index=True),
    Column("enabled", Boolean, nullable=False),
    Column("password_hash", Text, nullable=True),
    Column("password_since", UtcDateTime, nullable=True),
    Column("created", UtcDateTime, nullable=False),
    Column("language", String(8), nullable=True),
    UniqueConstraint("name"),
)
"""`language` is the one that the person chose last; none for the desk's own."""

user_role = Table(
    "user_role",
    metadata,
    Column("user_name_id", String(26), ForeignKey("user_name.id"), primary_key=True),
    Column("role", String(32), primary_key=True),
)

contact_point = Table(
    "contact_point",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("holder_id", String(26), ForeignKey("holder.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("address", LargeBinary, nullable=False),
    Column("created", UtcDateTime, nullable=False),
)

secret_link = Table(
    "secret_link",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("user_name_id", String(26), ForeignKey("user_name.id"), nullable=False, index=True),
    Column("purpose", String(16), nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("expires", UtcDateTime, nullable=False),
    Column("used", UtcDateTime, nullable=True),
    UniqueConstraint("token_hash"),
)

_roles = (
    select(func.aggregate_strings(user_role.c.role, " "))
    .where(user_role.c.user_name_id == user_name.c.id)
    .scalar_subquery()
)

standing = (
    select(
        user_name.c.id.label("user_name_id"),
        user_name.c.name,
        user_name.c.enabled,
        user_name.c.password_hash,
        user_name.c.holder_id,
        user_name.c.account_id,
        user_name.c.language,
        holder.c.identity,
        account.c.status.label("account_status"),
        _roles.label("roles"),
    )
    .join_from(user_name, holder, user_name.c.holder_id == holder.c.id)
    .outerjoin(account, user_name.c.account_id == account.c.id)
    .subquery("standing")
)
"""All that decides what a user name may do, one row each."""
