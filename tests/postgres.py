"""A real PostgreSQL of our own for the tests: made, started and removed by the run itself."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

MISSING = "The tests need PostgreSQL's server programs (initdb, postgres): run `make system-deps`."

TABLES = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
EMPTY = """
DO $$
DECLARE name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        IF name <> ALL (ARRAY{tables}) THEN
            EXECUTE format('DROP TABLE %I CASCADE', name);
        ELSIF name <> 'alembic_version' THEN
            EXECUTE format('DELETE FROM %I', name);
        END IF;
    END LOOP;
    UPDATE alembic_version SET version_num = '{version}';
END $$
"""
"""Some 20 times faster than a new database, whose files the server flushes one by one."""


class Server:
    """A running server, on a free loopback port and a Unix socket, that trusts this computer."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self._numbers = count(1)
        self.idle: list[str] = []

    def url(self, database: str) -> str:
        return f"postgresql://deskside@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        """Make a database and return its name."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def run(self, statement: str, database: str = "postgres") -> None:
        """Run one statement as the administrator."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement)

    def empty(self, database: str, template: str) -> None:
        """Make a database as its template is: no rows, no tables of a test's own."""
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{database}' AND pid <> pg_backend_pid()"
        )
        with psycopg.connect(self.url(template)) as connection:
            version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            tables = [row[0] for row in connection.execute(TABLES)]
        assert version is not None
        self.run(EMPTY.format(tables=tables, version=version[0]), database)


def programs() -> Path:
    """The folder of the newest server programs; without them the run fails, naming the remedy."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name)
    )
    usable = [folder for folder in folders if (folder / "postgres").exists()]
    if not usable:
        pytest.exit(MISSING, returncode=3)
    return usable[-1]


@contextmanager
def running_server() -> Iterator[Server]:
    """A server for as long as the block runs."""
    tools = programs()
    # The server's user must be able to pass through every folder above, so not in pytest's own.
    folder = Path(tempfile.mkdtemp(prefix="deskside-pg-", dir="/tmp"))
    try:
        prefix = _unprivileged(folder)
        data = folder / "data"
        options = ["-U", "deskside", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        _run([*prefix, str(tools / "initdb"), "-D", str(data), *options], folder)
        port = _free_port()
        options = ["-k", str(folder), "-h", "127.0.0.1", "-p", str(port)]
        options += ["-c", "max_connections=200", "-c", "shared_buffers=32MB"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*prefix, str(tools / "postgres"), "-D", str(data), *options],
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        try:
            server = Server(folder, port)
            _wait(server, process)
            yield server
        finally:
            # At once, without writing out what is thrown away next.
            process.send_signal(signal.SIGQUIT)
            process.wait(20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged(folder: Path) -> list[str]:
    """How to run a program as somebody who isn't root, and die with us; the folder is theirs."""
    prefix = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
    if os.geteuid() != 0:
        return prefix
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    identity = ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
    return [*prefix, *identity] if prefix else ["runuser", "-u", user.pw_name, "--"]


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.exit(f"PostgreSQL could not be made ready:\n{done.stderr}", returncode=3)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.run("SELECT 1")
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    pytest.exit(f"PostgreSQL did not start:\n{(server.folder / 'log').read_text()}", returncode=3)
