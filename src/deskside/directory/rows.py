"""From rows of the tables to plain values."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from deskside.directory import sealed
from deskside.directory.model import AccountStatus, Role, UserName
from deskside.foundation.keyring import Keyring


def as_user_name(keyring: Keyring, row: Row[Any]) -> UserName:
    """A row of `standing`."""
    return UserName(
        id=row.user_name_id,
        name=row.name,
        holder_id=row.holder_id,
        display_name=sealed.open_identity(keyring, row.holder_id, row.identity).name,
        roles=frozenset(map(Role, (row.roles or "").split())),
        account=AccountStatus(row.account_status) if row.account_status else None,
        enabled=row.enabled,
        has_password=row.password_hash is not None,
    )
