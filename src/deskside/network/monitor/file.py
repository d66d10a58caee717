"""The file of a history: opened, made where missing, refused where it is not ours.

A file that is damaged, another program's, or of a newer version is left as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deskside.foundation.errors import NotFound, OutOfSpace, Refused, Unavailable
from deskside.foundation.paths import create_private, private_folder
from deskside.foundation.text import _

APPLICATION = 0x44534D4E
"""`DSMN`, by which we know our own file (`PRAGMA application_id`)."""

VERSION = 1
BUSY = 5.0
"""Seconds to wait for another process that writes."""

_TABLES = (
    """CREATE TABLE run (
        number INTEGER PRIMARY KEY, started REAL NOT NULL, seconds REAL NOT NULL,
        state TEXT NOT NULL, root_cause TEXT)""",
    "CREATE INDEX run_started ON run (started)",
    """CREATE TABLE target (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL, host TEXT NOT NULL, UNIQUE (id, host))""",
    """CREATE TABLE measure (
        run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
        target INTEGER NOT NULL REFERENCES target,
        code TEXT NOT NULL, reached INTEGER, lookup REAL, connect REAL, handshake REAL,
        total REAL, attempts INTEGER NOT NULL, lost INTEGER NOT NULL, expires REAL,
        PRIMARY KEY (run, target)) WITHOUT ROWID""",
    """CREATE TABLE change (
        number INTEGER PRIMARY KEY, at REAL NOT NULL, state TEXT NOT NULL, root_cause TEXT,
        previous_state TEXT, previous_root_cause TEXT)""",
    "CREATE TABLE standing (one INTEGER PRIMARY KEY CHECK (one = 1), document TEXT NOT NULL)",
    "CREATE TABLE tally (state TEXT PRIMARY KEY, runs INTEGER NOT NULL)",
    """CREATE TABLE alert (
        number INTEGER PRIMARY KEY, way TEXT NOT NULL, document TEXT NOT NULL,
        created REAL NOT NULL, attempts INTEGER NOT NULL, due REAL NOT NULL)""",
)


@contextmanager
def for_writing(path: Path) -> Iterator[sqlite3.Connection]:
    """The file for the monitor, made where missing.

    Raises:
        Refused: it is damaged, not ours, or newer than this program.
    """
    private_folder(path.parent)
    create_private(path, b"")
    with _connected(path) as connection:
        _make(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


@contextmanager
def for_reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The file for looking, also while a monitor writes.

    Raises:
        NotFound: there is none.
        Refused: as `for_writing`.
    """
    if not path.is_file():
        raise NotFound(
            "monitor-history-missing",
            _("There is no history of the connection yet ({file}).").format(file=path),
            hint=_("Begin one: deskside network monitor"),
        )
    with _connected(path) as connection:
        connection.execute("PRAGMA query_only = ON")
        if not _is_ours(connection, path):
            raise _damaged(path, "empty")
        yield connection


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    with in_our_words(path):
        connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def in_our_words(path: Path) -> Iterator[None]:
    """What SQLite says, in our words."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorname", "") or ""
        if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise Unavailable(
                "monitor-history-busy",
                _("The history is in use by another program ({file}).").format(file=path),
                hint=_("Try again in a moment."),
                detail=code,
            ) from error
        if code.startswith("SQLITE_FULL"):
            raise OutOfSpace(
                "disk-full",
                _("The disk is full{where}; nothing was changed.").format(where=f" ({path})"),
                hint=_("Free some space and run the same command again."),
            ) from error
        if code.startswith(("SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            raise Unavailable(
                "not-writable",
                _("This place cannot be read or written{where}; nothing was changed.").format(
                    where=f" ({path})"
                ),
                hint=_("Check the permissions of the folder, or name another file: --history"),
                detail=code,
            ) from error
        raise _damaged(path, code or type(error).__name__) from error


def _damaged(path: Path, detail: str) -> Refused:
    return Refused(
        "monitor-history-damaged",
        _("The history is damaged, or is no history of the monitor ({file}).").format(file=path),
        hint=_("It was left as it is. Move it away to begin a new one, or name another: --history"),
        detail=detail,
    )


def _is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file holds a history; False where it is empty."""
    ours, version, tables = (
        connection.execute(question).fetchone()[0]
        for question in (
            "PRAGMA application_id",
            "PRAGMA user_version",
            "SELECT count(*) FROM sqlite_schema",
        )
    )
    if not tables and not ours:
        return False
    if ours != APPLICATION:
        raise _damaged(path, f"application {ours}")
    if version > VERSION:
        raise Refused(
            "monitor-history-newer",
            _("The history is of a newer version of Deskside ({file}).").format(file=path),
            hint=_("Upgrade Deskside, or name another file: --history"),
        )
    return True


def _make(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _is_ours(connection, path):
            for table in _TABLES:
                connection.execute(table)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
    finally:
        connection.execute("COMMIT")
    (sound,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if sound != "ok":
        raise _damaged(path, str(sound)[:200])
