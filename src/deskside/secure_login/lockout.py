"""Counting guesses, and locking who is guessed at.

The rule (KB1133): ten failures in a row within 24 hours lock; attempts during a lock neither
count nor lengthen it; it ends 24 hours after the last failure that counted. It applies alike to
a user name, to a device (which several user names may share) and to the pair of both.

Whoever judges an attempt holds the tally from before the judgement until its outcome is counted
and committed: however many run at once, no more than ten are ever told right from wrong.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from sqlalchemy import (
    Column,
    Connection,
    String,
    Table,
    Text,
    TextClause,
    bindparam,
    delete,
    text,
)

from deskside.foundation.database import UtcDateTime, metadata

LIMIT = 10
WINDOW = timedelta(hours=24)

guesses = Table(
    "guesses",
    metadata,
    Column("subject", String(80), primary_key=True),
    Column("failures", Text, nullable=False),
    Column("expires", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)
"""Failures in a row of one subject: moments in JSON, as microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Failures in a row, oldest first, as far as they still matter."""

    failures: tuple[datetime, ...] = ()

    def is_locked(self, now: datetime) -> bool:
        """Whether attempts are refused unseen."""
        return len(self.failures) >= LIMIT and now < self.failures[-1] + WINDOW

    def with_failure(self, now: datetime) -> Tally:
        """One failure more. Not for a locked subject."""
        recent = tuple(moment for moment in self.failures if moment > now - WINDOW)
        return Tally((*recent, now))


def name_subject(name_hash: str, browser: str | None) -> str:
    """Who is guessed at by a user name.

    A browser that has completed a log-in of that user name before counts for itself, so that
    strangers who guess elsewhere cannot lock its owner out.
    """
    return f"name:{name_hash[:32]}" + (f":{browser[:32]}" if browser else "")


def device_subjects(user_name_id: str, device_id: str) -> tuple[str, str]:
    """Who is guessed at by an answer: the device, and its binding to the user name."""
    return f"device:{device_id}", f"binding:{hash_of(user_name_id, device_id)}"


def hash_of(*texts: str) -> str:
    """A short name for several texts together."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:40]


def take(connection: Connection, subjects: Iterable[str], now: datetime) -> dict[str, Tally]:
    """The tallies of some subjects, held until the transaction ends; one statement."""
    # In one order everywhere, or two transactions could wait for each other.
    rows = [(subject, "[]", now + WINDOW) for subject in sorted(subjects)]
    found = connection.execute(_taking(len(rows)), _numbered(rows))
    return {row.subject: _read(row.failures) for row in found}


def tallies_of(connection: Connection, subjects: Iterable[str]) -> dict[str, Tally]:
    """The tallies of some subjects, only looked at; an empty one for a subject without failures."""
    wanted = list(subjects)
    if not wanted:
        return {}
    found = connection.execute(
        _looking(len(wanted)), {f"subject{n}": subject for n, subject in enumerate(wanted)}
    )
    return dict.fromkeys(wanted, Tally()) | {row.subject: _read(row.failures) for row in found}


def put(connection: Connection, tallies: Mapping[str, Tally], now: datetime) -> None:
    """Store tallies; one statement."""
    rows = _rows(tallies, now)
    connection.execute(_putting(len(rows)), _numbered(rows))


def _rows(tallies: Mapping[str, Tally], now: datetime) -> list[tuple[str, str, datetime]]:
    # For a lock this is later than need be; but a row that stays byte for byte the same is not
    # written by SQLite at all, and the missing flush would tell by its time that a name is locked.
    return [(subject, _write(tally), now + WINDOW) for subject, tally in sorted(tallies.items())]


@lru_cache
def _looking(rows: int) -> TextClause:
    names = ", ".join(f":subject{n}" for n in range(rows))
    return text(f"SELECT subject, failures FROM guesses WHERE subject IN ({names})")  # noqa: S608


@lru_cache
def _taking(rows: int) -> TextClause:
    # An update that changes nothing locks the row and returns it.
    return _upsert(rows, "failures = guesses.failures RETURNING subject, failures")


@lru_cache
def _putting(rows: int) -> TextClause:
    return _upsert(rows, "failures = excluded.failures, expires = excluded.expires")


def _upsert(rows: int, update: str) -> TextClause:
    """One statement for several rows, in the words of both engines.

    As text, because SQLAlchemy compiles an insertion of several rows anew each time.
    """
    values = ", ".join(f"(:subject{n}, :failures{n}, :expires{n})" for n in range(rows))
    statement = text(
        f"INSERT INTO guesses (subject, failures, expires) VALUES {values} "  # noqa: S608 - numbers only
        f"ON CONFLICT (subject) DO UPDATE SET {update}"
    )
    return statement.bindparams(
        *(bindparam(f"expires{n}", type_=UtcDateTime()) for n in range(rows))
    )


def _numbered(rows: Sequence[tuple[str, str, datetime]]) -> dict[str, object]:
    return {
        f"{column}{n}": value
        for n, row in enumerate(rows)
        for column, value in zip(("subject", "failures", "expires"), row, strict=True)
    }


def sweep(connection: Connection, now: datetime) -> None:
    """Forget what no longer matters."""
    connection.execute(delete(guesses).where(guesses.c.expires <= now))


def _read(stored: str) -> Tally:
    return Tally(tuple(_EPOCH + timedelta(microseconds=moment) for moment in json.loads(stored)))


def _write(tally: Tally) -> str:
    return json.dumps([(moment - _EPOCH) // timedelta(microseconds=1) for moment in tally.failures])


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
