"""A desk on each engine, and one on the embedded engine for what does not depend on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskside.foundation.clock import FrozenClock
from deskside.foundation.database import Database
from deskside.secure_login import passwords
from tests.secure_login.desk import CHEAP, HASH, Desk


@pytest.fixture(autouse=True)
def _cheap_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost next to nothing, except where a test asks for `real_costs`."""
    if "real_costs" not in request.fixturenames:
        monkeypatch.setattr(passwords, "_hasher", CHEAP)
        monkeypatch.setattr(passwords, "_HASH_OF_NOTHING", HASH)


@pytest.fixture
def real_costs() -> None:
    """Hash as the product does."""


@pytest.fixture
def desk(database: Database, tmp_path: Path, clock: FrozenClock) -> Desk:
    return Desk.open(database, tmp_path / "keys", clock)


@pytest.fixture
def small_desk(sqlite_database: Database, tmp_path: Path, clock: FrozenClock) -> Desk:
    return Desk.open(sqlite_database, tmp_path / "keys", clock)
