"""A result of an article comes back from a computer to the page that asked for it.

The page is given two secrets: the link, for the computer, works once and for a short time; the
reader, a cookie, belongs to the one browser that may see what comes. Both are kept as hashes only,
and what was sent is sealed. Rows are gone soon after they have expired.

    offer → link, reader        receive(link) once        read(reader) as often as one likes
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Column, LargeBinary, String, Table, delete, func, insert, select, update

from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, UtcDateTime, metadata, new_id
from deskside.foundation.errors import NotFound, Unavailable
from deskside.foundation.findings import Finding
from deskside.foundation.keyring import Keyring
from deskside.foundation.text import _
from deskside.knowledge.results.model import SentFinding, SentResult

LINK_LIVES = timedelta(minutes=15)
KEPT = timedelta(hours=1)
"""How long a result can be read, from the moment that its link was made."""

MOST = 5_000
"""Rows at a time: whoever asks for links without end fills no disk."""

article_result = Table(
    "article_result",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("link_hash", LargeBinary(32), nullable=False, unique=True),
    Column("reader_hash", LargeBinary(32), nullable=False, unique=True),
    Column("number", String(6), nullable=False),
    Column("expires", UtcDateTime, nullable=False, index=True),
    Column("received", UtcDateTime, nullable=True),
    Column("sealed", LargeBinary, nullable=True),
)

_FINDINGS = msgspec.json.Decoder(list[SentFinding])


@dataclass(frozen=True, slots=True)
class Offered:
    """The two secrets of one expected result, and until when the link works."""

    link: str
    reader: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What a browser may see: what was sent, or that nothing has come yet.

    Attributes:
        number: the article.
        received: when it came; None while it is awaited.
        until: until when the link works.
    """

    number: str
    received: datetime | None
    until: datetime
    findings: tuple[Finding, ...] = ()


class Results:
    """The results that pages wait for."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock

    def offer(self, number: str) -> Offered:
        """Expect one result of an article.

        Raises:
            Unavailable: `results-full`: too many are awaited.
        """
        now = self._clock.now()
        link, reader = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        values = {
            "id": new_id(),
            "link_hash": _hash(link),
            "reader_hash": _hash(reader),
            "number": number,
            "expires": now + KEPT,
        }
        with self._database.write() as connection:
            connection.execute(delete(article_result).where(article_result.c.expires <= now))
            waiting = connection.execute(select(func.count()).select_from(article_result)).scalar()
            if (waiting or 0) >= MOST:
                raise Unavailable(
                    "results-full",
                    _("Too many results are awaited at present."),
                    hint=_("Run the command without --send-to, or try again later."),
                )
            connection.execute(insert(article_result).values(values))
        return Offered(link, reader, now + LINK_LIVES)

    def receive(self, sent: SentResult) -> None:
        """Take what a computer sends; the link is spent by it.

        Raises:
            NotFound: `link-spent`: it was used, has expired, or is for another article.
        """
        now = self._clock.now()
        with self._database.write() as connection:
            awaited = (
                (article_result.c.link_hash == _hash(sent.token))
                & article_result.c.received.is_(None)
                & (article_result.c.expires > now + KEPT - LINK_LIVES)
                & (article_result.c.number == sent.article)
            )
            found = connection.execute(select(article_result.c.id).where(awaited)).scalar()
            if found is None:
                raise _spent()
            content = msgspec.json.encode(sent.findings)
            sealed = self._keyring.seal(content, context=_context(found))
            taken = connection.execute(
                update(article_result)
                .where(awaited & (article_result.c.id == found))
                .values(received=now, sealed=sealed)
            )
            if taken.rowcount != 1:
                raise _spent()

    def read(self, reader: str) -> Result | None:
        """What the browser with this secret may see; None where it expects nothing."""
        with self._database.read() as connection:
            row = connection.execute(
                select(article_result).where(
                    (article_result.c.reader_hash == _hash(reader))
                    & (article_result.c.expires > self._clock.now())
                )
            ).one_or_none()
        if row is None:
            return None
        until = row.expires - KEPT + LINK_LIVES
        if row.sealed is None:
            return Result(row.number, None, until)
        content = self._keyring.open_sealed(row.sealed, context=_context(row.id))
        findings = tuple(finding.shown() for finding in _FINDINGS.decode(content))
        return Result(row.number, row.received, until, findings)


def _spent() -> NotFound:
    return NotFound(
        "link-spent",
        _("This link was used already, has expired, or belongs to another article."),
        hint=_("Ask for a new one on the article's page. Nothing was sent anywhere else."),
    )


def _hash(secret: str) -> bytes:
    # A fast hash is enough for what nobody chose.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _context(identifier: str) -> str:
    return f"article result {identifier}"
