"""Ways for a message to leave: a mail server by SMTP, or files where there is none."""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from deskside.foundation.config import Config
from deskside.foundation.errors import UsageProblem
from deskside.foundation.paths import private_folder, write_private
from deskside.foundation.text import _

# One @, no blanks or control characters: what is beyond is for the mail server to judge.
_ADDRESS = re.compile(r"[^\s@<>,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>,;:\"\x00-\x1f\x7f]{1,190}")

TIMEOUT = 30
"""Seconds that the mail server may take for one step."""


def is_address(text: str) -> bool:
    """Whether it looks like one address, `name@host`."""
    return _ADDRESS.fullmatch(text) is not None


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


def transport(config: Config, folder: Path) -> Transport:
    """The way that the configuration names; files go to `outbox` in the folder.

    Raises:
        UsageProblem: a password would travel unprotected (`mail-unprotected-password`).
    """
    host = config.optional_text("mail.host")
    if host is None:
        return Files(folder / "outbox")
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


def _refused(status: int) -> Exception:
    """A refusal for good (5yz) or for now (4yz), RFC 5321 section 4.2.1; without its text."""
    if 500 <= status < 600:
        return RefusedForGood(f"smtp-{status}")
    return smtplib.SMTPException(f"smtp-{status}")
