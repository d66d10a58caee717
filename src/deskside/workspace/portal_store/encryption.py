"""Whom a user name's settings are sealed for, end to end: the portal keeps the public half."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, exclusive
from deskside.workspace.portal_store.arriving import checked_recipient
from deskside.workspace.portal_store.model import Recipient
from deskside.workspace.portal_store.tables import settings_encryption

_RECIPIENT = select(settings_encryption.c.recipient, settings_encryption.c.since).where(
    settings_encryption.c.user_name_id == bindparam("user_name_id")
)


@dataclass(frozen=True, slots=True)
class Encryption:
    """The recipient of the visitor's own user name."""

    database: Database
    clock: Clock
    audit: Audit

    def recipient(self, user_name_id: str) -> Recipient | None:
        """Whom to seal for, or None where nobody chose so."""
        with self.database.read() as connection:
            return recipient(connection, user_name_id)

    def set(self, user_name_id: str, text: str) -> Recipient | None:
        """Choose whom to seal for; the empty text is nobody again.

        What is stored already stays as it is. The same recipient again changes nothing.

        Raises:
            UsageProblem: `wrong-recipient`.
        """
        chosen = checked_recipient(text) if text else ""
        with self.database.write() as connection:
            exclusive(connection, f"settings-encryption:{user_name_id}")
            before = recipient(connection, user_name_id)
            if (before.recipient if before else "") == chosen:
                return before
            _clear(connection, user_name_id)
            now = self.clock.now()
            if chosen:
                row = {"user_name_id": user_name_id, "recipient": chosen, "since": now}
                connection.execute(insert(settings_encryption).values(row))
            self.audit.record(
                connection,
                "settings.encryption-set" if chosen else "settings.encryption-cleared",
                actor=user_name_id,
                subject=user_name_id,
            )
        return Recipient(chosen, now) if chosen else None


def recipient(connection: Connection, user_name_id: str) -> Recipient | None:
    """Whom a user name's settings are to be sealed for."""
    row = connection.execute(_RECIPIENT, {"user_name_id": user_name_id}).one_or_none()
    return Recipient(*row) if row else None


def _clear(connection: Connection, user_name_id: str) -> None:
    table = settings_encryption
    connection.execute(delete(table).where(table.c.user_name_id == user_name_id))
