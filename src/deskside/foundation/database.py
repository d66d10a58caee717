"""The database: one embedded SQLite file, or PostgreSQL for many nodes.

The database decides every invariant, so a write is one transaction that either engine runs
alone over what it touches: `BEGIN IMMEDIATE` on SQLite, row locks and constraints on
PostgreSQL. SQLite runs with WAL and synchronous=FULL: an acknowledged commit survives a loss
of power, since a used code must never revive.
"""

from __future__ import annotations

import base64
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import (
    URL,
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    String,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.types import TypeDecorator, TypeEngine

from deskside.foundation.errors import (
    DesksideError,
    OutOfSpace,
    Refused,
    Unavailable,
    UsageProblem,
)
from deskside.foundation.paths import private_folder
from deskside.foundation.text import _

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

PATIENCE = 15
"""Seconds that a transaction waits for its turn before it is refused."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of the product; each part's `store` adds its own."""


_id_turn = threading.Lock()
_last_id = 0


def new_id() -> str:
    """An identifier of 26 lower-case letters and digits that sorts by the time it was made.

    48 bits of milliseconds since 1970, then 80 random bits, in the alphabet of RFC 4648 section 7,
    which keeps the order of the bytes: new rows stand side by side in every index, so that a
    commit touches few pages. One process never goes back, even within a millisecond. No secret:
    who holds an id knows when it was made.
    """
    global _last_id  # noqa: PLW0603 - the order of a process's ids is the process's
    made = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    with _id_turn:
        _last_id = max(made, _last_id + 1)
        made = _last_id
    return base64.b32hexencode(made.to_bytes(16)).decode()[:26].lower()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC, to the microsecond, stored so that it sorts.

    PostgreSQL has a type for it; SQLite keeps `2026-01-05T09:00:00.000000Z`.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        moment = value.astimezone(UTC)
        if dialect.name != "sqlite":
            return moment
        return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        assert isinstance(moment, datetime)
        return moment.astimezone(UTC)


def sqlite_url(path: Path) -> str:
    """The URL of an embedded database file."""
    return URL.create("sqlite", database=str(path.absolute())).render_as_string()


class Database:
    """One open database; safe to share between threads."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self.dialect: Literal["sqlite", "postgresql"] = (
            "sqlite" if url.get_backend_name() == "sqlite" else "postgresql"
        )
        self._next = threading.local()
        self._engine = (
            _sqlite_engine(url, self._next) if self.dialect == "sqlite" else _postgresql_engine(url)
        )
        self._reader = self._engine
        if self.dialect == "postgresql":
            self._reader = self._engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        # SQLite has one writer; a queue here is fairer than its own sleeping and trying again.
        self._turn = threading.Lock() if self.dialect == "sqlite" else None

    @classmethod
    def open(cls, url: str | Path) -> Database:
        """Open `sqlite:////path/file`, a path, or `postgresql://user@host/name`.

        An SQLite file is made (0600) when missing. PostgreSQL is first contacted when used.

        Raises:
            UsageProblem: the URL names no database that we know.
            Refused: the file cannot be made or written.
        """
        parsed = _parse(sqlite_url(url) if isinstance(url, Path) else url)
        if parsed.get_backend_name() == "sqlite":
            _make_file(Path(parsed.database or ""))
        return cls(parsed)

    @property
    def name(self) -> str:
        """The database as a person may see it: its address without a password."""
        if self.dialect == "sqlite":
            return str(self._url.database)
        return f"{self._url.host or 'localhost'}:{self._url.port or 5432}/{self._url.database}"

    @property
    def file(self) -> Path | None:
        """The file of an embedded database."""
        return Path(str(self._url.database)) if self.dialect == "sqlite" else None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write; committed at the end, undone by any exception.

        Raises:
            Unavailable: the database is busy or out of reach (`database-busy`,
                `database-unreachable`).
            Refused: the disk is full, or the database cannot be written.
        """
        with self._translated(), self._own_turn():
            self._next.begin = "BEGIN IMMEDIATE"
            with self._engine.begin() as connection:
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that only reads, and sees the database as it was at one moment."""
        with self._translated(), self._reader.connect() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the tables up to this program; several nodes may do so at once.

        Raises:
            Refused: the database is newer than the program (`database-newer`).
        """
        from deskside.foundation.migrations import migrate

        migrate(self)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def _own_turn(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=PATIENCE):
            raise _busy("another thread held the write transaction")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except PoolTimeout as error:
            raise _busy("no free connection") from error
        except DBAPIError as error:
            raise self._explained(error) or error from error

    def _explained(self, error: DBAPIError) -> DesksideError | None:
        if self.dialect == "sqlite":
            return _explain_sqlite(error, self.name)
        return _explain_postgresql(error, self.name)


def exclusive(connection: Connection, name: str) -> None:
    """Do the rest of this write transaction alone among all nodes that ask for the same name."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"deskside:{name}"},
        )


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise _unknown_url() from None
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite") and parsed.database:
        path = Path(parsed.database).expanduser().absolute()
        return URL.create("sqlite", database=str(path))
    raise _unknown_url()


def _unknown_url() -> UsageProblem:
    return UsageProblem(
        "database-url",
        _("The database's address is not one that Deskside understands."),
        hint=_("Use sqlite:////folder/file.sqlite3 or postgresql://user@host/database."),
    )


def _make_file(path: Path) -> None:
    from deskside.foundation.console import system_problem

    if path.is_dir():
        raise _unknown_url()
    try:
        private_folder(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise system_problem(error) from error


def _sqlite_engine(url: URL, following: threading.local) -> Engine:
    """The engine of a file; `following.begin` says how this thread's next transaction begins."""
    engine = create_engine(
        url,
        pool_size=8,
        max_overflow=56,
        pool_timeout=PATIENCE,
        pool_reset_on_return=None,  # a transaction of ours has always ended by then
        connect_args={"timeout": PATIENCE},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        assert isinstance(connection, sqlite3.Connection)
        connection.isolation_level = None  # our own BEGIN, not the driver's
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Any) -> None:
        statement, following.begin = getattr(following, "begin", "BEGIN"), "BEGIN"
        connection.cursor().execute(statement)

    # Not the engine's `begin` event: with one listener every statement pays for all events.
    engine.dialect.do_begin = begin  # type: ignore[assignment, method-assign]
    return engine


def _postgresql_engine(url: URL) -> Engine:
    try:
        return create_engine(
            url,
            pool_size=8,
            max_overflow=56,
            pool_timeout=PATIENCE,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": PATIENCE,
                "application_name": "deskside",
                "options": f"-c timezone=UTC -c lock_timeout={PATIENCE}s",
            },
        )
    except ModuleNotFoundError as error:
        raise Refused(
            "postgresql-missing",
            _("PostgreSQL's driver is not installed."),
            hint=_("Install deskside[postgresql]."),
        ) from error


def _busy(detail: str) -> Unavailable:
    return Unavailable(
        "database-busy",
        _("The database is busy; nothing was changed."),
        hint=_("Try again in a moment."),
        detail=detail,
    )


def _full(name: str) -> Refused:
    return OutOfSpace(
        "disk-full",
        _("The disk is full ({database}); nothing was changed.").format(database=name),
        hint=_("Free some space and try again."),
    )


def _not_writable(name: str, detail: str) -> Refused:
    return Refused(
        "not-writable",
        _("The database cannot be written ({database}); nothing was changed.").format(
            database=name
        ),
        hint=_("Check the permissions of the file and of its folder."),
        detail=detail,
    )


def _explain_sqlite(error: DBAPIError, name: str) -> DesksideError | None:
    said = str(error.orig)
    if "locked" in said or "busy" in said:
        return _busy(said)
    if "disk is full" in said:
        return _full(name)
    if "readonly" in said or "unable to open" in said:
        return _not_writable(name, said)
    if "not a database" in said or "malformed" in said:
        return Refused(
            "database-damaged",
            _("This file is not a sound database ({database}).").format(database=name),
            hint=_("Restore the last backup; keep the damaged file aside."),
            detail=said,
        )
    if "disk I/O" in said:
        return Unavailable(
            "database-unreachable",
            _("The disk under the database gave an error ({database}).").format(database=name),
            hint=_("Check the disk, then try again; nothing half-done was kept."),
            detail=said,
        )
    return None


def _explain_postgresql(error: DBAPIError, name: str) -> DesksideError | None:
    state = getattr(error.orig, "sqlstate", None)
    said = str(error.orig).splitlines()[0] if str(error.orig) else ""
    if "cannot contain NUL" in said:
        return UsageProblem(
            "not-text",
            _("The request could not be read."),
            hint=_("Go back, check what you entered, try again."),
        )
    if state in ("40001", "40P01", "55P03", "53300"):
        return _busy(said)
    if state == "53100":
        return _full(name)
    if state == "25006" or (state == "42501" and "schema" in said):
        return _not_writable(name, said)
    connecting = state is None and type(error.orig).__name__ in (
        "OperationalError",
        "ConnectionTimeout",
    )
    if connecting or error.connection_invalidated or (state or "")[:2] in ("08", "28", "57", "3D"):
        return Unavailable(
            "database-unreachable",
            _("The database cannot be reached ({database}).").format(database=name),
            hint=_("Check that the server runs, its address, the user and the password."),
            detail=said,
        )
    return None
