"""What must be true of a portal's database whenever it has come up again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from sqlalchemy import Connection, func, select

from deskside.foundation.audit.service import verify
from deskside.foundation.audit.store import audit_event, waiting
from deskside.foundation.clock import SystemClock
from deskside.foundation.database import Database
from deskside.foundation.findings import Status
from deskside.foundation.keyring import Keyring
from deskside.secure_login.store import login, session
from deskside.secure_login.tokens import token_hash
from tests.prove.client import Ledger

SEALED_WITHIN = 30.0
"""Seconds that the sealer has to catch up."""


def inspect(database: Database, ledgers: Iterable[Ledger]) -> int:
    """Hold the rows against what was acknowledged; return how many audit rows there are."""
    with database.read() as connection:
        if database.dialect == "sqlite":
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        _one_session_each(connection)
        events = _events(connection)
        for ledger in ledgers:
            for token in ledger.sessions:
                found = _login_of(connection, token)
                assert found, "an acknowledged session is gone"
                assert ("login.succeeded", found) in events, "a log-in was not audited"
            for snapshot in ledger.snapshots:
                assert ("settings.pushed", snapshot) in events, "a push was not audited"
        return len(events)


def has_session(database: Database, secret: str) -> bool:
    """Whether a log-in has its session."""
    query = (
        select(session.c.id)
        .join_from(login, session, session.c.login_id == login.c.id)
        .where(login.c.secret_hash == token_hash(secret))
    )
    with database.read() as connection:
        return connection.execute(query).first() is not None


def audit_is_whole(database: Database, keyring: Keyring, heads: Sequence[Path]) -> None:
    """Wait until every row is sealed; then the trail must verify without a word."""
    deadline = time.monotonic() + SEALED_WITHIN
    while _waiting(database):
        assert time.monotonic() < deadline, "the sealer does not catch up"
        time.sleep(0.05)
    findings = verify(database, keyring, SystemClock(), heads)
    assert all(found.status is Status.OK for found in findings), findings


def _waiting(database: Database) -> int:
    with database.read() as connection:
        return waiting(connection)[0]


def _one_session_each(connection: Connection) -> None:
    query = select(session.c.login_id).group_by(session.c.login_id).having(func.count() > 1)
    assert connection.execute(query).all() == [], "a log-in has two sessions"


def _events(connection: Connection) -> list[tuple[str, str]] | set[tuple[str, str]]:
    """Each event with the log-in or the snapshot that it speaks of."""
    rows = connection.execute(select(audit_event.c.event, audit_event.c.detail, audit_event.c.id))
    seen = set()
    for row in rows:
        detail = json.loads(row.detail)
        about = detail.get("snapshot") if row.event == "settings.pushed" else detail.get("login")
        seen.add((row.event, about or row.id))
    return seen


def _login_of(connection: Connection, token: str) -> str:
    query = select(session.c.login_id).where(session.c.token_hash == token_hash(token))
    return str(connection.execute(query).scalar_one_or_none() or "")
