"""A desk on each engine, and one on the embedded engine for what does not depend on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskside.foundation.clock import FrozenClock
from deskside.foundation.database import Database
from tests.secure_login.desk import Desk


@pytest.fixture
def desk(database: Database, tmp_path: Path, clock: FrozenClock) -> Desk:
    return Desk.open(database, tmp_path / "keys", clock)


@pytest.fixture
def small_desk(sqlite_database: Database, tmp_path: Path, clock: FrozenClock) -> Desk:
    return Desk.open(sqlite_database, tmp_path / "keys", clock)
