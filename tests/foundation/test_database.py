"""Transactions, times, and what a person is told when the database cannot be used."""

from __future__ import annotations

import resource
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select, update
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.exc import IntegrityError, StatementError

from deskside.foundation import database as database_module
from deskside.foundation.database import Database, UtcDateTime, new_id, sqlite_url
from deskside.foundation.errors import DesksideError, Refused, Unavailable, UsageProblem

tables = MetaData()
counter = Table(
    "counter",
    tables,
    Column("id", Integer, primary_key=True),
    Column("value", Integer, nullable=False),
    Column("at", UtcDateTime),
    Column("name", String(20)),
)


@pytest.fixture
def counted(database: Database) -> Database:
    with database.write() as connection:
        tables.create_all(connection)
        connection.execute(insert(counter).values(id=1, value=0))
    return database


def test_a_write_is_kept_and_an_exception_undoes_it(counted: Database) -> None:
    with counted.write() as connection:
        connection.execute(update(counter).values(value=5))

    def fail() -> None:
        with counted.write() as connection:
            connection.execute(update(counter).values(value=6))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with counted.read() as connection:
        assert connection.scalar(select(counter.c.value)) == 5


def test_no_increment_is_lost_between_threads_and_nodes(
    counted: Database, database_url: str
) -> None:
    nodes = [counted, Database.open(database_url)]

    def work(node: Database) -> None:
        for _ in range(25):
            with node.write() as connection:
                connection.execute(update(counter).values(value=counter.c.value + 1))

    threads = [threading.Thread(target=work, args=(node,)) for node in nodes * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with counted.read() as connection:
        assert connection.scalar(select(counter.c.value)) == 100
    nodes[1].close()


def test_a_read_sees_one_moment(counted: Database) -> None:
    with counted.read() as reading:
        first = reading.scalar(select(counter.c.value))
        with counted.write() as writing:
            writing.execute(update(counter).values(value=99))
        assert reading.scalar(select(counter.c.value)) == first
    with counted.read() as reading:
        assert reading.scalar(select(counter.c.value)) == 99


def test_constraints_reach_the_caller(counted: Database) -> None:
    with pytest.raises(IntegrityError), counted.write() as connection:
        connection.execute(insert(counter).values(id=1, value=1))


def test_moments_come_back_in_utc_and_sort(counted: Database) -> None:
    rome = timezone(timedelta(hours=2))
    early = datetime(2026, 1, 5, 10, 59, 59, 999999, tzinfo=rome)
    late = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    with counted.write() as connection:
        connection.execute(insert(counter).values(id=2, value=0, at=late))
        connection.execute(insert(counter).values(id=3, value=0, at=early))
    with counted.read() as connection:
        found = connection.execute(
            select(counter.c.at).where(counter.c.at <= late).order_by(counter.c.at)
        ).scalars()
        assert list(found) == [early, late]
        moment = connection.scalar(select(counter.c.at).where(counter.c.id == 3))
    assert moment is not None
    assert moment.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(counted: Database) -> None:
    with pytest.raises(StatementError, match="time zone"), counted.write() as connection:
        connection.execute(update(counter).values(at=datetime(2026, 1, 5)))  # noqa: DTZ001


def test_sqlite_keeps_what_it_acknowledged(sqlite_database: Database) -> None:
    with sqlite_database.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 15000,
    }


def test_the_file_and_its_companions_are_private(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "new" / "portal.sqlite3")
    database.migrate()
    with database.read() as connection:
        connection.exec_driver_sql("SELECT 1 FROM alembic_version")
        files = list((tmp_path / "new").iterdir())
        assert len(files) >= 3
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    database.close()


def test_odd_characters_in_the_path(tmp_path: Path) -> None:
    path = tmp_path / "a b%20ü#é" / "x.sqlite3"
    for place in (path, sqlite_url(path)):
        database = Database.open(place)
        assert database.file == path
        database.migrate()
        database.close()


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:?x", "http://x", "://"]
)
def test_an_unknown_address_is_a_usage_problem(url: str) -> None:
    if url.startswith("sqlite:///:"):
        url = "sqlite:"
    with pytest.raises(UsageProblem) as caught:
        Database.open(url)
    assert caught.value.code == "database-url"


def test_no_server_is_said_without_the_password() -> None:
    database = Database.open("postgresql://desk:hunter2@127.0.0.1:1/desk")
    with pytest.raises(Unavailable) as caught, database.read():
        pass
    error = caught.value
    assert error.code == "database-unreachable"
    assert "127.0.0.1:1/desk" in error.message
    assert "hunter2" not in error.message + error.hint + error.detail + database.name
    database.close()


def test_no_such_database_is_said(postgresql_url: str) -> None:
    database = Database.open(postgresql_url + "_missing")
    with pytest.raises(Unavailable) as caught, database.read():
        pass
    assert caught.value.code == "database-unreachable"
    database.close()


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    path.write_bytes(b"This is a letter, not a database. " * 100)
    database = Database.open(path)
    with pytest.raises(Refused) as caught:
        database.migrate()
    assert caught.value.code == "database-damaged"
    assert path.read_bytes().startswith(b"This is a letter")
    database.close()


def test_a_busy_file_is_said(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sqlite_database.file
    monkeypatch.setattr(database_module, "PATIENCE", 0.05)
    impatient = Database.open(sqlite_database.file)
    with sqlite_database.write(), pytest.raises(Unavailable) as caught, impatient.write():
        pass
    assert caught.value.code == "database-busy"
    impatient.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_disk_is_said_and_nothing_is_lost(counted: Database) -> None:
    with counted.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        with counted.write() as connection:
            connection.execute(update(counter).values(value=1))
            connection.exec_driver_sql("CREATE TABLE big AS SELECT randomblob(900000) AS x")

    with pytest.raises(Refused) as caught:
        fill()
    assert caught.value.code == "disk-full"
    with counted.read() as connection:
        assert connection.scalar(select(counter.c.value)) == 0


def test_a_disk_that_takes_no_more_is_said(tmp_path: Path) -> None:
    """With a real limit of the operating system, in a process of its own."""
    path = tmp_path / "x.sqlite3"
    database = Database.open(path)
    database.migrate()
    database.close()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    program = f"""
import signal, pathlib
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from deskside.foundation.database import Database
from deskside.foundation.errors import DesksideError
database = Database.open(pathlib.Path({str(path)!r}))
try:
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE big AS SELECT randomblob(9000000) AS x")
except DesksideError as error:
    print(error.code)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() in ("disk-full", "database-unreachable")
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_folder_that_cannot_be_written_is_said() -> None:
    """As somebody who isn't root, since root may write everywhere."""
    program = """
import os, pathlib, sys, tempfile
from deskside.foundation import console
from deskside.foundation.database import Database
from deskside.foundation.errors import DesksideError
folder = pathlib.Path(tempfile.mkdtemp(dir="/tmp"))
if os.geteuid() == 0:
    os.chown(folder, 65534, 65534)
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
folder.chmod(0o555)
try:
    Database.open(folder / "x.sqlite3")
except DesksideError as error:
    print(error.code)
folder.rmdir()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("not-writable", "")


@given(st.datetimes(timezones=st.timezones()))
def test_stored_moments_sort_as_they_happened(moment: datetime) -> None:
    stored = UtcDateTime()
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        return
    written = stored.process_bind_param(moment, dialect())
    assert len(written) == 27
    assert stored.process_result_value(written, dialect()) == utc


def test_ids_are_short_and_never_the_same() -> None:
    made = {new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(one) == 26 and one.isalnum() and one == one.lower() for one in made)


def test_every_refusal_says_what_to_do(tmp_path: Path) -> None:
    for url in ("mysql://x/y", f"sqlite:///{tmp_path}"):
        with pytest.raises(DesksideError) as caught:
            Database.open(url)
        assert caught.value.hint


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = [new_id() for _ in range(2000)]
    assert made == sorted(set(made))
    assert {len(each) for each in made} == {26}
    assert set("".join(made)) <= set("0123456789abcdefghijklmnopqrstuv")
