"""Alerts: what they say, and the ways by which they reach somebody.

A way delivers a document or says why not, in words without a secret: neither an address nor what
the far end answered. Each is bounded in time. Documents carry an id that stays the same however
often they are tried, since one may arrive twice.
"""

from __future__ import annotations

import json
import os
import shlex
import smtplib
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Protocol

from deskside.foundation.clock import Clock
from deskside.foundation.errors import UsageProblem
from deskside.foundation.mail_transport import RefusedForGood, Transport
from deskside.foundation.text import _, speaking
from deskside.network.monitor.model import Change, Run
from deskside.network.monitor.words import letter

Document = Mapping[str, Any]

MOST_HOSTS = 20
"""Hosts that an alert names."""

COMMAND_TIMEOUT = 30
"""Seconds that a command may take."""


class Undelivered(Exception):
    """It did not arrive.

    Attributes:
        reason: why, without a secret.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Way(Protocol):
    """Takes an alert to somebody."""

    def deliver(self, document: Document) -> None:
        """Deliver it.

        Raises:
            Undelivered: it was not taken this time.
        """
        ...


def document_of(change: Change, run: Run, identifier: str, computer: str) -> dict[str, Any]:
    """What an alert says, as JSON: the change, and the hosts that are out of reach."""
    missing = [measure for measure in run.measures if measure.reached is False]
    return {
        "id": identifier,
        "type": "connection.recovered" if change.recovery else "connection.changed",
        "computer": computer,
        **change.as_json(),
        "hosts": [
            {"id": measure.target, "host": measure.host, "code": measure.code}
            for measure in missing[:MOST_HOSTS]
        ],
        "hosts_left_out": max(len(missing) - MOST_HOSTS, 0),
    }


@dataclass(frozen=True, slots=True)
class Command:
    """Runs a program of the person's, without a shell; the document is its standard input."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, line: str) -> Command:
        """A command as it is typed.

        Raises:
            UsageProblem: it cannot be read (`monitor-alert-command`).
        """
        try:
            words = tuple(shlex.split(line, posix=os.name != "nt"))
        except ValueError:
            words = ()
        if not words:
            raise UsageProblem(
                "monitor-alert-command",
                _("The command for alerts cannot be read: a quotation mark is missing."),
                hint=_("See monitor.alert_command in the configuration."),
            )
        return cls(words)

    def deliver(self, document: Document) -> None:
        try:
            done = subprocess.run(  # noqa: S603 - the person's own command, without a shell
                self.words,
                input=json.dumps(document),
                text=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=COMMAND_TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Undelivered(_("the command took too long")) from None
        except OSError as error:
            raise Undelivered(error.strerror or type(error).__name__) from None
        if done.returncode:
            raise Undelivered(_("the command ended with {code}").format(code=done.returncode))


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An e-mail, handed to the mail server that the settings name."""

    transport: Transport
    sender: str
    to: str
    language: str
    clock: Clock

    def deliver(self, document: Document) -> None:
        with speaking(self.language):
            subject, body = letter(document)
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = self.to
        message["Subject"] = subject
        message["Date"] = format_datetime(self.clock.now())
        message["Message-ID"] = f"<{document['id']}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body)
        try:
            self.transport.send(message, document["id"])
        except (RefusedForGood, smtplib.SMTPException, OSError) as error:
            raise Undelivered(
                _("the mail server did not take it ({error})").format(error=type(error).__name__)
            ) from None


@dataclass(frozen=True, slots=True)
class Post:
    """An e-mail by the portal's own mail, which sees to its delivery.

    Attributes:
        enqueue: given subject and body.
    """

    enqueue: Callable[[str, str], object]
    language: str

    def deliver(self, document: Document) -> None:
        with speaking(self.language):
            subject, body = letter(document)
        self.enqueue(subject, body)
