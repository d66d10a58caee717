"""What all tests share: an isolated environment, a clock that stands still, both databases.

database        an open, migrated, empty database; the test runs once for each engine
database_url    its URL, for tests that start several nodes or processes over it
sqlite_database only the embedded one, for what does not depend on the engine
postgresql_url  a migrated, empty PostgreSQL database of the test's own
clock           a FrozenClock

At the end every finding that was seen is held to its section in the articles.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deskside.foundation.clock import FrozenClock
from deskside.foundation.database import Database, sqlite_url
from deskside.foundation.text import use_language
from deskside.foundation.units import use_local_zone

from . import (
    findings_seen,
    profiles,  # noqa: F401 - how hard the property tests try
)
from .postgres import Server, running_server

findings_seen.watch()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What one of several processes has seen comes to the one that started them."""
    findings_seen.SEEN.update(map(tuple, getattr(node, "workeroutput", {}).get("findings", ())))


def pytest_sessionfinish(session: pytest.Session) -> None:
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["findings"] = list(findings_seen.SEEN)
    elif findings_seen.unexplained(findings_seen.SEEN):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if missing := findings_seen.unexplained(findings_seen.SEEN):
        terminalreporter.section("findings without their section", red=True)
        terminalreporter.write_line("\n".join(missing))


@pytest.fixture(scope="session")
def _no_settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("settings") / "deskside.toml"
    path.touch()
    return path


@pytest.fixture(autouse=True)
def _isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _no_settings: Path) -> None:
    for name in os.environ:
        if name.startswith("DESKSIDE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DESKSIDE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DESKSIDE_CONFIG", str(_no_settings))
    use_language("en")
    use_local_zone(local=False)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """The run's own PostgreSQL; under xdist each worker has one."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def _postgresql_template(postgresql_server: Server) -> str:
    name = postgresql_server.new_database()
    _migrate(postgresql_server.url(name))
    return name


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "deskside.sqlite3"
    _migrate(sqlite_url(path))
    return path


@pytest.fixture
def postgresql_url(postgresql_server: Server, _postgresql_template: str) -> Iterator[str]:
    idle = postgresql_server.idle
    name = idle.pop() if idle else postgresql_server.new_database(_postgresql_template)
    yield postgresql_server.url(name)
    postgresql_server.empty(name, _postgresql_template)
    idle.append(name)


@pytest.fixture
def sqlite_database_url(tmp_path: Path, _sqlite_template: Path) -> str:
    path = tmp_path / "deskside.sqlite3"
    shutil.copy(_sqlite_template, path)
    return sqlite_url(path)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    name = "sqlite_database_url" if request.param == "sqlite" else "postgresql_url"
    return str(request.getfixturevalue(name))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.open(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(sqlite_database_url: str) -> Iterator[Database]:
    opened = Database.open(sqlite_database_url)
    yield opened
    opened.close()


def _migrate(url: str) -> None:
    database = Database.open(url)
    database.migrate()
    database.close()
