"""Mail: enqueued in the transaction that causes it, delivered in the background.

A message waits in the database, sealed, until a mail server has taken it; then its row goes.
Without a mail server, messages become `.eml` files in the `outbox` folder. A message is
delivered at least once: a node that dies between sending and saying so sends it again, with
the same Message-ID.
"""

from __future__ import annotations

import json
import smtplib
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    insert,
    select,
    update,
)

from deskside.foundation import logs
from deskside.foundation.clock import Clock, SystemClock
from deskside.foundation.config import Config
from deskside.foundation.database import Database, UtcDateTime, metadata, new_id
from deskside.foundation.errors import DesksideError, UsageProblem
from deskside.foundation.keyring import Keyring
from deskside.foundation.mail_transport import RefusedForGood, is_address, transport
from deskside.foundation.recurring import Recurring
from deskside.foundation.text import _

INTERVAL = 1.0
"""Seconds between looks for messages that are due."""
HOLD = timedelta(minutes=10)
"""How long a message stays with the node that took it; longer than any one delivery."""
BACKOFF = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720, 1440, 1440)]
"""Waits after each failure; after the last one the message is given up."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due", UtcDateTime, nullable=False),
    Column("problem", String(80)),
    Index(None, "state", "due"),
)
"""Messages `waiting` for the server, or `given-up` (then without content)."""


class Mail:
    """The desk's outgoing mail."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._keyring = keyring
        self._clock = clock

    def enqueue(self, connection: Connection, to: str, subject: str, body: str) -> str:
        """Queue a message in the caller's transaction; return its id.

        Args:
            connection: the write transaction that causes the message.
            to: one address, `name@host`.
            subject: one line.
            body: plain text.

        Raises:
            UsageProblem: the address is not one (`mail-address`).
        """
        row = self._row(to, subject, body)
        connection.execute(insert(outbox), row)
        return str(row["id"])

    def enqueue_all(self, connection: Connection, messages: Iterable[tuple[str, str, str]]) -> None:
        """Queue many messages in one statement: address, subject and text of each; as `enqueue`."""
        rows = [self._row(*message) for message in messages]
        if rows:
            connection.execute(insert(outbox), rows)

    def _row(self, to: str, subject: str, body: str) -> dict[str, Any]:
        if not is_address(to):
            raise UsageProblem(
                "mail-address",
                _("This is not an e-mail address."),
                hint=_("An address looks like name@example.org."),
            )
        if "\n" in subject or "\r" in subject:
            raise ValueError("a subject is one line")
        identifier, now = new_id(), self._clock.now()
        content = json.dumps({"to": to, "subject": subject, "body": body}).encode()
        return {
            "id": identifier,
            "state": "waiting",
            "sealed": self._keyring.seal(content, context=f"mail:{identifier}"),
            "created": now,
            "attempts": 0,
            "due": now,
        }


class Delivery:
    """Delivers what is due, in the background.

    A message that the server refuses for now is tried again, later each time, for about three
    days; one that it refuses for good is given up. Then its content goes, and its row stays to
    say so.

    Args:
        database: where the messages wait.
        keyring: opens them.
        config: names the mail server and the sender.
        folder: where the `outbox` folder is, when there is no mail server.
        clock: says what is due.

    Raises:
        UsageProblem: the settings would send a password unprotected.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        config: Config,
        folder: Path,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock or SystemClock()
        self._way = transport(config, folder)
        self._sender = config.text("mail.from")
        self._recurring = Recurring("mail.delivery", self.deliver_due, INTERVAL)

    def running(self) -> AbstractContextManager[None]:
        """Deliver in the background while the block runs; what is left waits in the database."""
        return self._recurring.running()

    def deliver_due(self) -> int:
        """Try every message that is due once; return how many were delivered."""
        delivered = 0
        while not self._recurring.stopping and (taken := self._take()):
            delivered += self._deliver(*taken)
        return delivered

    def _take(self) -> tuple[str, bytes, int] | None:
        """Take the message that has waited longest; the database gives it to one node only."""
        now = self._clock.now()
        due = (outbox.c.state == "waiting") & (outbox.c.due <= now)
        with self._database.read() as connection:
            row = connection.execute(
                select(outbox).where(due).order_by(outbox.c.due).limit(1)
            ).first()
        if row is None:
            return None
        with self._database.write() as connection:
            taken = connection.execute(
                update(outbox)
                .where(outbox.c.id == row.id, outbox.c.attempts == row.attempts, due)
                .values(attempts=row.attempts + 1, due=now + HOLD)
            )
        return (row.id, row.sealed, row.attempts) if taken.rowcount else self._take()

    def _deliver(self, identifier: str, sealed: bytes, failures: int) -> bool:
        try:
            self._way.send(self._message(identifier, sealed), identifier)
        except RefusedForGood as error:
            self._give_up(identifier, str(error))
        except DesksideError as error:
            self._give_up(identifier, error.code)
        except (OSError, smtplib.SMTPException) as error:
            self._put_back(identifier, failures, error)
        else:
            with self._database.write() as connection:
                connection.execute(outbox.delete().where(outbox.c.id == identifier))
            logs.event("mail.sent", message_id=identifier)
            return True
        return False

    def _message(self, identifier: str, sealed: bytes) -> EmailMessage:
        content = json.loads(self._keyring.open_sealed(sealed, context=f"mail:{identifier}"))
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = content["to"]
        message["Subject"] = content["subject"]
        message["Date"] = format_datetime(self._clock.now())
        # The same for every attempt, so that a second copy is known for one.
        message["Message-ID"] = f"<{identifier}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(content["body"])
        return message

    def _put_back(self, identifier: str, failures: int, error: Exception) -> None:
        if failures >= len(BACKOFF):
            self._give_up(identifier, type(error).__name__)
            return
        due = self._clock.now() + BACKOFF[failures]
        with self._database.write() as connection:
            connection.execute(
                update(outbox)
                .where(outbox.c.id == identifier)
                .values(due=due, problem=type(error).__name__)
            )
        logs.event("mail.delayed", level="warning", message_id=identifier, error=error)

    def _give_up(self, identifier: str, problem: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                update(outbox)
                .where(outbox.c.id == identifier)
                .values(state="given-up", sealed=b"", problem=problem)
            )
        logs.event("mail.given-up", level="error", message_id=identifier, problem=problem)
