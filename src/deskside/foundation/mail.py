"""Mail: enqueued in the transaction that causes it, delivered in the background.

A message waits in the database, sealed, until a mail server has taken it; then its row goes.
Without a mail server, messages become `.eml` files in the `outbox` folder. A message is
delivered at least once: a node that dies between sending and saying so sends it again, with
the same Message-ID.
"""

from __future__ import annotations

import json
import re

from sqlalchemy import Column, Connection, Index, Integer, LargeBinary, String, Table, insert

from deskside.foundation.clock import Clock
from deskside.foundation.database import UtcDateTime, metadata, new_id
from deskside.foundation.errors import UsageProblem
from deskside.foundation.keyring import Keyring
from deskside.foundation.text import _

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

# One @, no blanks or control characters: what is beyond is for the mail server to judge.
_ADDRESS = re.compile(r"[^\s@<>,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>,;:\"\x00-\x1f\x7f]{1,190}")


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
        if not _ADDRESS.fullmatch(to):
            raise UsageProblem(
                "mail-address",
                _("This is not an e-mail address."),
                hint=_("An address looks like name@example.org."),
            )
        if "\n" in subject or "\r" in subject:
            raise ValueError("a subject is one line")
        identifier = new_id()
        content = json.dumps({"to": to, "subject": subject, "body": body}).encode()
        connection.execute(
            insert(outbox).values(
                id=identifier,
                state="waiting",
                sealed=self._keyring.seal(content, context=f"mail:{identifier}"),
                created=self._clock.now(),
                attempts=0,
                due=self._clock.now(),
            )
        )
        return identifier
