"""The portal's store: sealed, each person's own, and never overwritten; on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, update

from deskside.foundation.audit.service import Audit, latest
from deskside.foundation.clock import FrozenClock
from deskside.foundation.database import Database
from deskside.foundation.errors import DesksideError, NotFound, Refused, UsageProblem
from deskside.foundation.keyring import Keyring
from deskside.workspace import service
from deskside.workspace.service import SettingsStore
from deskside.workspace.store import settings_snapshot

from .conftest import SAMPLE, document

OWNER, STRANGER = "o" * 26, "s" * 26
NAME = "darykq.ibg"


@pytest.fixture
def store(database: Database, tmp_path: Path, clock: FrozenClock) -> SettingsStore:
    return SettingsStore(database, Keyring.open(database, tmp_path / "keys"), clock, Audit(clock))


def test_what_is_pushed_comes_back_byte_for_byte(store: SettingsStore) -> None:
    pushed = store.push(OWNER, NAME, SAMPLE.read_bytes(), note="from the desk")
    assert pushed.changed
    found, content = store.get(OWNER, NAME, pushed.snapshot.id)
    assert content == SAMPLE.read_bytes()
    assert found == pushed.snapshot
    assert (found.size, found.note) == (225_057, "from the desk")
    assert store.get(OWNER, NAME, "latest") == (found, content)


def test_nothing_of_the_content_is_readable_in_the_database(
    store: SettingsStore, database: Database
) -> None:
    store.push(OWNER, NAME, document("secret watchlist"))
    with database.read() as connection:
        sealed = connection.execute(select(settings_snapshot.c.sealed)).scalar_one()
    assert b"watchlist" not in sealed
    assert b"Settings" not in sealed


def test_a_history_grows_on_top_of_its_base(store: SettingsStore) -> None:
    first = store.push(OWNER, NAME, document("1")).snapshot
    second = store.push(OWNER, NAME, document("2"), base=first.id).snapshot
    assert store.snapshots(OWNER, NAME) == [second, first]
    (workspace,) = store.workspaces(OWNER)
    assert (workspace.name, workspace.latest, workspace.snapshots) == (NAME, second, 2)


def test_the_same_content_makes_no_second_snapshot(store: SettingsStore) -> None:
    first = store.push(OWNER, NAME, document("1"))
    again = store.push(OWNER, NAME, document("1"), base="whatever")
    assert (again.snapshot, again.changed) == (first.snapshot, False)


@pytest.mark.parametrize("stale", ["", "another"])
def test_a_stale_base_is_a_conflict_and_both_are_kept(store: SettingsStore, stale: str) -> None:
    first = store.push(OWNER, NAME, document("1")).snapshot
    with pytest.raises(Refused) as conflict:
        store.push(OWNER, NAME, document("2"), base=stale)
    assert conflict.value.code == "settings-conflict"
    assert conflict.value.http_status == 409
    assert store.snapshots(OWNER, NAME) == [first]


def test_of_many_pushes_at_once_one_wins(store: SettingsStore) -> None:
    first = store.push(OWNER, NAME, document("0")).snapshot

    def push(number: int) -> str:
        try:
            return store.push(OWNER, NAME, document(f"{number + 1}"), base=first.id).snapshot.id
        except Refused as refused:
            return refused.code

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(push, range(8)))
    assert outcomes.count("settings-conflict") == 7
    assert len(store.snapshots(OWNER, NAME)) == 2


def test_of_many_first_pushes_at_once_one_wins(store: SettingsStore) -> None:
    def push(number: int) -> str:
        try:
            return store.push(OWNER, NAME, document(f"{number}")).snapshot.id
        except Refused as refused:
            return refused.code

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(push, range(8)))
    assert outcomes.count("settings-conflict") == 7
    assert len(store.workspaces(OWNER)) == 1


def test_a_stranger_sees_nothing(store: SettingsStore) -> None:
    made = store.push(OWNER, NAME, document()).snapshot
    assert store.workspaces(STRANGER) == []
    for look in (
        lambda: store.snapshots(STRANGER, NAME),
        lambda: store.get(STRANGER, NAME, made.id),
        lambda: store.get(OWNER, NAME, "unknown"),
    ):
        with pytest.raises(NotFound):
            look()
    own = store.push(STRANGER, NAME, document("mine")).snapshot
    with pytest.raises(NotFound):
        store.get(STRANGER, NAME, made.id)
    assert store.snapshots(STRANGER, NAME) == [own]


@pytest.mark.parametrize("name", ["", "a", "a.b.c", "../x.tws", "a b.tws", "a" * 90 + ".tws"])
def test_names_are_limited(store: SettingsStore, name: str) -> None:
    with pytest.raises(UsageProblem):
        store.push(OWNER, name, document())


def test_limits(store: SettingsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for note in ("x" * 501, "two\nlines"):
        with pytest.raises(UsageProblem):
            store.push(OWNER, NAME, document(), note=note)
    with pytest.raises(Refused):
        store.push(OWNER, NAME, b"garbage")
    monkeypatch.setattr(service, "LARGEST_PUSHED", 100)
    with pytest.raises(UsageProblem):
        store.push(OWNER, NAME, document("x" * 200))
    monkeypatch.setattr(service, "MOST_WORKSPACES", 1)
    store.push(OWNER, NAME, document("1"))
    with pytest.raises(Refused) as refused:
        store.push(OWNER, "other.tws", document("1"))
    assert refused.value.code == "settings-quota"


def test_a_damaged_row_is_found_and_others_are_not_affected(
    store: SettingsStore, database: Database
) -> None:
    first = store.push(OWNER, NAME, document("1")).snapshot
    second = store.push(OWNER, NAME, document("2"), base=first.id).snapshot
    table = settings_snapshot
    with database.write() as connection:
        other = select(table.c.sealed).where(table.c.id == second.id).scalar_subquery()
        connection.execute(update(table).where(table.c.id == first.id).values(sealed=other))
    with pytest.raises(DesksideError) as damaged:
        store.get(OWNER, NAME, first.id)
    assert damaged.value.code == "snapshot-damaged"
    assert store.get(OWNER, NAME, second.id)[1] == document("2")


def test_pushes_are_in_the_audit_trail(store: SettingsStore, database: Database) -> None:
    made = store.push(OWNER, NAME, document(), note="private words").snapshot
    ((row, _position),) = latest(database, event="settings.pushed")
    assert row.actor == OWNER
    assert made.id in row.detail
    assert "private" not in row.detail
