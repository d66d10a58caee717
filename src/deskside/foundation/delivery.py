"""Delivering mail: to a mail server by SMTP, or into files where there is none.

A message that the server refuses for now is tried again, later each time, for about three
days; one that it refuses for good is given up. Then its content goes, and its row stays to
say so.
"""

from __future__ import annotations

import json
import smtplib
import ssl
import threading
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import select, update

from deskside.foundation import logs
from deskside.foundation.clock import Clock
from deskside.foundation.config import Config
from deskside.foundation.database import Database
from deskside.foundation.errors import DesksideError, UsageProblem
from deskside.foundation.keyring import Keyring
from deskside.foundation.mail import outbox
from deskside.foundation.paths import private_folder, write_private
from deskside.foundation.text import _

INTERVAL = 1.0
"""Seconds between looks for messages that are due."""
TIMEOUT = 30
"""Seconds that the mail server may take for one step."""
HOLD = timedelta(minutes=10)
"""How long a message stays with the node that took it; longer than any one delivery."""
BACKOFF = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720, 1440, 1440)]
"""Waits after each failure; after the last one the message is given up."""


class Transport(Protocol):
    """Takes one message to where it is read."""

    def send(self, message: EmailMessage, name: str) -> None:
        """Send it.

        Raises:
            RefusedForGood: it will never be taken.
            OSError, smtplib.SMTPException: it was not taken this time.
        """
        ...


class RefusedForGood(Exception):
    """The server will never take this message; holds its status code only."""


@dataclass(frozen=True, slots=True)
class Files:
    """Writes each message as an `.eml` file that only its owner may read."""

    folder: Path

    def send(self, message: EmailMessage, name: str) -> None:
        write_private(private_folder(self.folder) / f"{name}.eml", bytes(message))


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Hands each message to a mail server (RFC 5321), never less protected than `tls` says."""

    host: str
    port: int
    tls: str
    ca_file: Path | None = None
    user: str | None = None
    password_file: Path | None = None

    def send(self, message: EmailMessage, name: str) -> None:
        try:
            with self._connected() as server:
                if self.user and self.password_file:
                    server.login(self.user, self.password_file.read_text("utf-8").strip())
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            status = next(iter(error.recipients.values()))[0]
            raise _refused(status) from None
        except smtplib.SMTPAuthenticationError:
            raise  # the operator can mend it: the message waits
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code) from None

    def _connected(self) -> smtplib.SMTP:
        if self.tls == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=self._context())
        server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
        if self.tls == "starttls":
            try:
                server.starttls(context=self._context())
            except BaseException:
                server.close()
                raise
        return server

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)


def transport(config: Config) -> Transport:
    """The way that the configuration names.

    Raises:
        UsageProblem: a password would travel unprotected (`mail-unprotected-password`).
    """
    host = config.optional_text("mail.host")
    if host is None:
        return Files(config.data_folder() / "outbox")
    tls, user = config.text("mail.tls"), config.optional_text("mail.user")
    if user and tls == "none" and host not in ("localhost", "127.0.0.1", "::1"):
        raise UsageProblem(
            "mail-unprotected-password",
            _("The mail server's password would travel unprotected."),
            hint=_("Set mail.tls to starttls or tls."),
        )
    standard = {"tls": 465, "starttls": 587, "none": 25}[tls]
    return Server(
        host=host,
        port=standard if config["mail.port"] is None else config.number("mail.port"),
        tls=tls,
        ca_file=config.file("mail.ca_file"),
        user=user,
        password_file=config.file("mail.password_file"),
    )


class MailDelivery:
    """Delivers what is due, in the background."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        clock: Clock,
        way: Transport,
        *,
        sender: str,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._way = way
        self._sender = sender
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Deliver in the background until `stop`."""
        self._thread = threading.Thread(target=self._work, name="mail", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the message in hand; the others wait in the database."""
        self._stop.set()
        if self._thread:
            self._thread.join()

    def deliver_due(self) -> int:
        """Try every message that is due once; return how many were delivered."""
        delivered = 0
        while not self._stop.is_set() and (taken := self._take()):
            delivered += self._deliver(*taken)
        return delivered

    def _work(self) -> None:
        while not self._stop.wait(INTERVAL):
            try:
                self.deliver_due()
            except DesksideError as error:
                logs.event("mail.trouble", level="error", error=error)

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


def _refused(status: int) -> Exception:
    """A refusal for good (5yz) or for now (4yz), RFC 5321 section 4.2.1; without its text."""
    if 500 <= status < 600:
        return RefusedForGood(f"smtp-{status}")
    return smtplib.SMTPException(f"smtp-{status}")
