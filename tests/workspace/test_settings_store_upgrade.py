"""A database of the first tables, brought up to date: every version is still there."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import FrozenClock
from deskside.foundation.database import Database, new_id, sqlite_url
from deskside.foundation.keyring import Keyring
from deskside.foundation.migrations import alembic_config
from deskside.workspace.service import SettingsStore
from tests.postgres import Server

from .conftest import SAMPLE, document
from .stored_settings import OWNER, account_is_right, opaque

WORKSPACE = """INSERT INTO settings_workspace (id, user_name_id, name, created)
VALUES (:id, :owner, :name, :created)"""
SNAPSHOT = """INSERT INTO settings_snapshot
(id, workspace_id, number, created, sha256, size, note, sealed)
VALUES (:id, :workspace, :number, :created, :sha256, :size, :note, :sealed)"""


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database as the first tables were."""
    url = sqlite_url(tmp_path / "old.sqlite3")
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql_server")
        assert isinstance(server, Server)
        url = server.url(server.new_database())
    database = Database.open(url)
    with database.write() as connection:
        command.upgrade(alembic_config(connection), "0001")
    yield database
    database.close()


def test_old_versions_are_read_and_built_upon(
    old: Database, tmp_path: Path, clock: FrozenClock
) -> None:
    keyring, workspace = Keyring.open(old, tmp_path / "keys"), new_id()
    contents = [SAMPLE.read_bytes(), opaque("1"), document("2")]
    created = datetime(2026, 1, 5, tzinfo=UTC)
    moment = "2026-01-05T09:00:00.000000Z" if old.dialect == "sqlite" else created
    ids = [new_id() for _content in contents]
    named = {"id": workspace, "owner": OWNER, "name": "old.tws", "created": moment}
    with old.write() as connection:
        connection.execute(text(WORKSPACE), named)
        for number, (identifier, content) in enumerate(zip(ids, contents, strict=True), 1):
            row = {"id": identifier, "workspace": workspace, "number": number, "created": moment}
            row |= {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            sealed = keyring.seal(zlib.compress(content, 6), context=f"settings:{workspace}")
            connection.execute(text(SNAPSHOT), row | {"note": "old", "sealed": sealed})
    old.migrate()
    store = SettingsStore(old, keyring, clock, Audit(clock))
    for identifier, content in zip(ids, contents, strict=True):
        assert store.get(OWNER, "old.tws", identifier)[1] == content
    account_is_right(old)
    added = store.push(OWNER, "old.tws", SAMPLE.read_bytes(), base=ids[-1]).snapshot
    assert store.get(OWNER, "old.tws", added.id)[1] == SAMPLE.read_bytes()
    store.delete(OWNER, "old.tws", ids[0])
    assert [each.id for each in store.snapshots(OWNER, "old.tws")] == [added.id, ids[2], ids[1]]
    account_is_right(old)
    assert store.thin() == 0
