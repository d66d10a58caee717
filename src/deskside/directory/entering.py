"""Entering many user names at once, a few statements for all of them.

Every method works inside the caller's transaction; see `DirectoryService.entering`.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from deskside.directory import rules, sealed, searching
from deskside.directory.links import link_address, link_text, token_hash
from deskside.directory.model import LinkPurpose, NewUserName
from deskside.directory.store import (
    account,
    contact_point,
    holder,
    secret_link,
    user_name,
    user_role,
)
from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock
from deskside.foundation.database import new_id
from deskside.foundation.keyring import Keyring
from deskside.foundation.mail import Mail
from deskside.foundation.text import _, speaking

PURPOSE = LinkPurpose.INVITATION


@dataclass(frozen=True, slots=True)
class Entering:
    """Enters people, entities and their user names."""

    keyring: Keyring
    clock: Clock
    audit: Audit
    mail: Mail
    language: str

    def holders(self, connection: Connection, names: Collection[str]) -> dict[str, str]:
        """The holders of those user names that there are."""
        rows = connection.execute(
            select(user_name.c.name, user_name.c.holder_id).where(user_name.c.name.in_(names))
        )
        return {row.name: row.holder_id for row in rows}

    def enter(
        self,
        connection: Connection,
        people: Sequence[NewUserName],
        *,
        portal: str | None,
        actor: str | None = None,
    ) -> None:
        """Enter user names that are free; whoever has no password is sent a link to choose one.

        Args:
            connection: the caller's write transaction.
            people: in an order in which each `holder_of` is known or came before.
            portal: the portal's address, for links; None where nobody needs one.
            actor: who enters them.
        """
        known = self.holders(connection, {one.holder_of for one in people if one.holder_of})
        rows, now = _Rows(), self.clock.now()
        links: list[tuple[NewUserName, str]] = []
        for one in people:
            holder_id = known.get(one.holder_of) or self._holder(rows, one, now)
            known[one.name] = holder_id
            identifier = self._user_name(rows, one, holder_id, now)
            if not one.password_hash:
                links.append((one, self._link(rows, identifier, now)))
        rows.store(connection)
        searching.remember_words(connection, self.keyring, rows.names)
        self.audit.record_all(
            connection,
            "directory.user-name-imported",
            (
                (row["id"], {"by": "hash" if one.password_hash else PURPOSE.value})
                for row, one in zip(rows.user_names, people, strict=True)
            ),
            actor=actor,
        )
        assert portal is not None or not links
        self.mail.enqueue_all(
            connection, [self._invitation(one, portal or "", token) for one, token in links]
        )

    def _invitation(self, one: NewUserName, portal: str, token: str) -> tuple[str, str, str]:
        with speaking(one.language or self.language):
            return (
                one.email,
                _("Choose your password for {name}").format(name=one.name),
                link_text(one.name, link_address(portal, PURPOSE, token), PURPOSE),
            )

    def _holder(self, rows: _Rows, one: NewUserName, now: datetime) -> str:
        identifier = new_id()
        identity = sealed.seal_identity(self.keyring, identifier, one.identity)
        rows.holders.append(
            {"id": identifier, "kind": one.kind.value, "identity": identity, "created": now}
        )
        rows.names.append((identifier, one.identity.name))
        if one.email:
            contact = new_id()
            rows.contacts.append(
                {
                    "id": contact,
                    "holder_id": identifier,
                    "kind": "e-mail",
                    "address": sealed.seal_address(self.keyring, contact, one.email),
                    "created": now,
                }
            )
        return identifier

    def _user_name(self, rows: _Rows, one: NewUserName, holder_id: str, now: datetime) -> str:
        identifier, account_id = new_id(), None
        if one.account is not None:
            account_id, equity = new_id(), one.equity
            rows.accounts.append(
                {
                    "id": account_id,
                    "holder_id": holder_id,
                    "status": one.account.value,
                    "created": now,
                    "equity": None
                    if equity is None
                    else sealed.seal_equity(self.keyring, account_id, equity),
                    "equity_since": None if equity is None else now,
                }
            )
        rows.user_names.append(
            {
                "id": identifier,
                "name": one.name,
                "holder_id": holder_id,
                "account_id": account_id,
                "enabled": True,
                "password_hash": one.password_hash or None,
                "password_since": now if one.password_hash else None,
                "created": now,
                "language": one.language or None,
            }
        )
        rows.roles += [
            {"user_name_id": identifier, "role": role.value} for role in sorted(one.roles)
        ]
        return identifier

    def _link(self, rows: _Rows, user_name_id: str, now: datetime) -> str:
        token = secrets.token_urlsafe(32)
        rows.links.append(
            {
                "id": new_id(),
                "user_name_id": user_name_id,
                "purpose": PURPOSE.value,
                "token_hash": token_hash(token),
                "created": now,
                "expires": now + rules.LINK_LIFETIME[PURPOSE],
            }
        )
        return token


class _Rows:
    """What is to be stored, in the order in which tables refer to one another."""

    def __init__(self) -> None:
        self.names: list[tuple[str, str]] = []
        self.holders: list[dict[str, Any]] = []
        self.contacts: list[dict[str, Any]] = []
        self.accounts: list[dict[str, Any]] = []
        self.user_names: list[dict[str, Any]] = []
        self.roles: list[dict[str, Any]] = []
        self.links: list[dict[str, Any]] = []

    def store(self, connection: Connection) -> None:
        """Insert all of it, one statement a table."""
        tables: list[tuple[Table, list[dict[str, Any]]]] = [
            (holder, self.holders),
            (contact_point, self.contacts),
            (account, self.accounts),
            (user_name, self.user_names),
            (user_role, self.roles),
            (secret_link, self.links),
        ]
        for table, rows in tables:
            if rows:
                connection.execute(insert(table), rows)
