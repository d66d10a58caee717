"""Accounts of holders: who logs in to them, what they are worth, their end.

Every method works inside the caller's transaction; see `DirectoryService.accounts`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from deskside.directory import sealed
from deskside.directory.model import Account, AccountStatus
from deskside.directory.store import account, user_name
from deskside.foundation.clock import Clock
from deskside.foundation.keyring import Keyring


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts in the directory."""

    keyring: Keyring
    clock: Clock

    def of_holder(self, connection: Connection, holder_id: str) -> list[Account]:
        """The accounts of a holder, the oldest first."""
        rows = connection.execute(
            select(account).where(account.c.holder_id == holder_id).order_by(account.c.id)
        )
        return [
            Account(
                row.id,
                AccountStatus(row.status),
                sealed.open_equity(self.keyring, row.id, row.equity) if row.equity else None,
                row.equity_since,
            )
            for row in rows
        ]

    def of(self, connection: Connection, user_name_id: str) -> str | None:
        """The id of the account that a user name logs in to; staff have none."""
        found: str | None = connection.execute(
            select(user_name.c.account_id).where(user_name.c.id == user_name_id)
        ).scalar()
        return found

    def names_on(self, connection: Connection, account_id: str) -> list[str]:
        """The ids of the user names that log in to an account."""
        rows = connection.execute(
            select(user_name.c.id).where(user_name.c.account_id == account_id)
        )
        return list(rows.scalars())

    def set_equity(self, connection: Connection, account_id: str, usd: int) -> None:
        """Keep what an account is worth, in whole USD."""
        connection.execute(
            update(account)
            .where(account.c.id == account_id)
            .values(
                equity=sealed.seal_equity(self.keyring, account_id, usd),
                equity_since=self.clock.now(),
            )
        )

    def close(self, connection: Connection, account_id: str) -> None:
        """Close an account; whoever does it also ends its devices."""
        connection.execute(
            update(account)
            .where(account.c.id == account_id)
            .values(status=AccountStatus.CLOSED.value)
        )
