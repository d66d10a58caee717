"""Versions in the portal's store: small, whole again in few steps, deleted for good."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from deskside.foundation.audit.service import Audit, latest
from deskside.foundation.clock import FrozenClock
from deskside.foundation.database import Database, new_id
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.keyring import Keyring
from deskside.workspace.portal_store import packing, pieces
from deskside.workspace.portal_store.model import StoredKind, StoreRules
from deskside.workspace.portal_store.tables import settings_snapshot
from deskside.workspace.service import SettingsStore

from .conftest import document, valid_settings
from .stored_settings import (
    NAME,
    OWNER,
    STRANGER,
    account_is_right,
    opaque,
    push_all,
    sealed,
    series,
)

ROWS = settings_snapshot.c


@pytest.fixture
def keyring(database: Database, tmp_path: Path) -> Keyring:
    return Keyring.open(database, tmp_path / "keys")


@pytest.fixture
def store(database: Database, keyring: Keyring, clock: FrozenClock) -> SettingsStore:
    return SettingsStore(database, keyring, clock, Audit(clock))


def tamper(database: Database, snapshot: str, **values: object) -> None:
    with database.write() as connection:
        changed = update(settings_snapshot).where(ROWS.id == snapshot).values(values)
        connection.execute(changed)


def problem(store: SettingsStore, snapshot: str) -> str:
    """Why a version cannot be had; empty where it can."""
    try:
        store.get(OWNER, NAME, snapshot)
    except Refused as refused:
        return refused.code
    return ""


def sizes(database: Database) -> list[int]:
    with database.read() as connection:
        query = select(ROWS.sealed).order_by(ROWS.number)
        return [len(sealed) for sealed in connection.execute(query).scalars()]


def depth(database: Database, snapshot: str) -> int:
    with database.read() as connection:
        return len(pieces.chain(connection, snapshot))


def test_a_save_costs_what_changed_and_every_version_is_a_few_steps_away(
    store: SettingsStore, database: Database
) -> None:
    saves = series(300)
    made = push_all(store, saves)
    for snapshot, content in zip(made, saves, strict=True):
        assert store.get(OWNER, NAME, snapshot)[1] == content
    taken = sizes(database)
    whole = [size for size in taken if size > 8000]
    assert len(whole) == 2
    assert sum(taken) / len(taken) < 700
    assert max(depth(database, snapshot) for snapshot in made) <= 13
    account_is_right(database)


def test_the_chain_of_bases() -> None:
    steps = {0: 0}
    for number in range(1, packing.SPAN):
        base = packing.distance(number)
        assert 0 <= base < number
        steps[number] = steps[base] + 1
    assert max(steps.values()) == 12


@given(st.binary(max_size=3000), st.binary(min_size=8, max_size=3000))
def test_unpacking_is_the_inverse_of_packing(content: bytes, base: bytes) -> None:
    coding, whole = packing.pack(content)
    assert packing.unpack(coding, whole, len(content)) == content
    onto = packing.pack_onto(content, base)
    assert packing.unpack(packing.Coding.ONTO, onto, len(content), base) == content


@pytest.mark.parametrize("coding", [packing.Coding.WHOLE, packing.Coding.ZLIB])
def test_what_unpacks_to_more_than_it_should_is_refused(coding: packing.Coding) -> None:
    bomb = bytes(50_000_000)
    packed = zlib.compress(bomb) if coding == packing.Coding.ZLIB else packing.pack(bomb)[1]
    with pytest.raises(packing.PackedWrong):
        packing.unpack(coding, packed, 1000)
    with pytest.raises(packing.PackedWrong):
        packing.unpack(coding, packed[:-20], len(bomb))
    with pytest.raises(packing.PackedWrong):
        packing.unpack(coding, b"nonsense", 8)


@given(contents=st.lists(valid_settings, min_size=1, max_size=4))
def test_get_is_the_inverse_of_push(contents: list[bytes], sqlite_store: SettingsStore) -> None:
    name = f"w{new_id()}.tws"
    owner = new_id()
    base, pushed = "", []
    for content in contents:
        saved = sqlite_store.push(owner, name, content, base=base).snapshot
        base = saved.id
        pushed.append((saved.id, content))
    for snapshot, content in pushed:
        assert sqlite_store.get(owner, name, snapshot)[1] == content


@pytest.fixture(scope="module")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> SettingsStore:
    folder = tmp_path_factory.mktemp("store")
    database, clock = Database.open(folder / "deskside.sqlite3"), FrozenClock()
    database.migrate()
    return SettingsStore(database, Keyring.open(database, folder / "keys"), clock, Audit(clock))


def test_deleting_any_versions_leaves_all_others_whole(
    store: SettingsStore, database: Database
) -> None:
    saves = series(40)
    made = dict(zip(push_all(store, saves), saves, strict=True))
    order = list(made)
    random.Random(5).shuffle(order)
    for snapshot in order[:-3]:
        store.delete(OWNER, NAME, snapshot)
        del made[snapshot]
        with pytest.raises(NotFound):
            store.get(OWNER, NAME, snapshot)
    for snapshot, content in made.items():
        assert store.get(OWNER, NAME, snapshot)[1] == content
    account_is_right(database)
    newest = store.get(OWNER, NAME, "latest")[0]
    again = store.push(OWNER, NAME, series(42)[-1], base=newest.id)
    assert again.changed
    with database.read() as connection:
        numbers = connection.execute(select(ROWS.number)).scalars().all()
    assert max(numbers) == 41, "a number is never given twice"


def test_the_whole_copy_may_be_deleted(store: SettingsStore, database: Database) -> None:
    saves = series(20)
    made = push_all(store, saves)
    store.delete(OWNER, NAME, made[0])
    for snapshot, content in zip(made[1:], saves[1:], strict=True):
        assert store.get(OWNER, NAME, snapshot)[1] == content
    assert sum(size > 8000 for size in sizes(database)) == 1


def test_deletion_is_real(tmp_path: Path, clock: FrozenClock) -> None:
    database = Database.open(tmp_path / "own.sqlite3")
    database.migrate()
    store = SettingsStore(database, Keyring.open(database, tmp_path / "keys"), clock, Audit(clock))
    made = push_all(store, [opaque("secret" * 999), opaque("later")])
    with database.read() as connection:
        lying = connection.execute(select(ROWS.sealed).where(ROWS.id == made[0])).scalar_one()
    store.delete(OWNER, NAME, made[0])
    with database.read() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    content = (tmp_path / "own.sqlite3").read_bytes()
    pieces_of_it = [lying[n : n + 64] for n in range(0, len(lying) - 64, 64)]
    assert not any(piece in content for piece in pieces_of_it)
    ((row, _position),) = latest(database, event="settings.deleted")
    assert row.fields == {"snapshot": made[0]}
    database.close()


def test_a_workspace_is_deleted_with_all_that_it_has(
    store: SettingsStore, database: Database
) -> None:
    push_all(store, series(20))
    push_all(store, [document("other")], name="other.tws")
    with pytest.raises(NotFound):
        store.delete_workspace(STRANGER, NAME)
    store.delete_workspace(OWNER, NAME)
    assert [workspace.name for workspace in store.workspaces(OWNER)] == ["other.tws"]
    assert len(sizes(database)) == 1
    assert store.push(OWNER, NAME, document("new")).changed
    with pytest.raises(NotFound):
        store.delete_workspace(OWNER, "nothing.tws")


def test_a_damaged_version_costs_those_upon_it_and_nothing_that_comes(
    store: SettingsStore, database: Database
) -> None:
    saves = series(12)
    made = push_all(store, saves)
    tamper(database, made[4], sealed=b"\1\0\0\0\1" + bytes(100))
    damaged = {snapshot for snapshot in made if problem(store, snapshot) == "snapshot-damaged"}
    assert damaged == set(made[4:]), "4 is the base of 5, 6, 7 and 8"
    later = store.push(OWNER, NAME, document("x" * 5000), base=made[-1]).snapshot
    assert store.get(OWNER, NAME, later.id)[1] == document("x" * 5000)
    store.delete(OWNER, NAME, made[4])
    assert len(store.snapshots(OWNER, NAME)) == 12
    assert store.get(OWNER, NAME, made[3])[1] == saves[3]


@pytest.mark.parametrize("change", ["number", "id", "swap"])
def test_a_row_that_was_moved_does_not_open(
    store: SettingsStore, database: Database, change: str
) -> None:
    made = push_all(store, [opaque("one"), opaque("two")])
    if change == "number":
        tamper(database, made[0], number=9)
    elif change == "id":
        moved = new_id()
        tamper(database, made[0], id=moved)
        made[0] = moved
    else:
        with database.read() as connection:
            other = connection.execute(select(ROWS).where(ROWS.id == made[1])).one()
        tamper(database, made[0], sealed=other.sealed, sha256=other.sha256, size=other.size)
    with pytest.raises(Refused) as refused:
        store.get(OWNER, NAME, made[0])
    assert refused.value.code == "snapshot-damaged"


def test_rows_of_the_first_tables_are_read_and_newer_ones_refused(
    store: SettingsStore, database: Database, keyring: Keyring
) -> None:
    made = push_all(store, [document("old"), document("new")])
    with database.read() as connection:
        workspace = connection.execute(select(ROWS.workspace_id).limit(1)).scalar_one()
    old = keyring.seal(zlib.compress(document("old"), 6), context=f"settings:{workspace}")
    tamper(database, made[0], sealed=old, coding=0, kind="", format=1)
    assert store.get(OWNER, NAME, made[0])[1] == document("old")
    tamper(database, made[0], coding=77)
    with pytest.raises(Refused) as refused:
        store.get(OWNER, NAME, made[0])
    assert refused.value.code == "snapshot-newer"
    assert store.get(OWNER, NAME, made[1])[1] == document("new")


def test_the_quota_is_by_user_name(
    database: Database, keyring: Keyring, clock: FrozenClock
) -> None:
    small = SettingsStore(database, keyring, clock, Audit(clock), rules=StoreRules(quota=3000))
    made = push_all(small, [opaque("x" * 2000)])
    with pytest.raises(Refused) as refused:
        small.push(OWNER, "other.tws", opaque("y" * 2000))
    assert refused.value.code == "settings-quota"
    assert small.workspaces(OWNER)[0].snapshots == 1
    usage = small.usage(OWNER)
    assert (usage.quota, usage.workspaces, usage.snapshots) == (3000, 1, 1)
    assert 2000 < usage.used < 2100
    assert small.push(STRANGER, NAME, opaque("y" * 2000)).changed
    small.delete(OWNER, NAME, made[0])
    assert small.usage(OWNER).used == 0
    assert small.push(OWNER, "other.tws", opaque("y" * 2000)).changed


def test_old_opaque_versions_are_thinned_and_plain_ones_never(
    store: SettingsStore, database: Database, clock: FrozenClock
) -> None:
    made: dict[str, list[str]] = {"plain.tws": [], "opaque.tws": [], "sealed.tws": []}
    for number in range(12):
        for name, content, stated in (
            ("plain.tws", document(f"{number}"), 1),
            ("opaque.tws", opaque(f"{number}"), 1),
            ("sealed.tws", sealed(f"{number}"), 2),
        ):
            base = made[name][-1] if made[name] else ""
            pushed = store.push(OWNER, name, content, base=base, stated_format=stated)
            made[name].append(pushed.snapshot.id)
        clock.advance(timedelta(minutes=10))
    store.pin(OWNER, "opaque.tws", made["opaque.tws"][0], pinned=True)
    clock.advance(timedelta(days=2))
    assert store.thin() == 17
    held = {name: [s.id for s in store.snapshots(OWNER, name)][::-1] for name in made}
    ids = made["opaque.tws"]
    assert held["plain.tws"] == made["plain.tws"]
    assert held["opaque.tws"] == [ids[0], ids[5], ids[10], ids[11]]
    assert held["sealed.tws"] == [made["sealed.tws"][n] for n in (5, 10, 11)]
    assert store.thin() == 0
    account_is_right(database)
    assert len(latest(database, event="settings.thinned")) == 17


def test_a_policy_may_thin_plain_versions_too(
    database: Database, keyring: Keyring, clock: FrozenClock
) -> None:
    rules = StoreRules(thin=frozenset(StoredKind))
    store = SettingsStore(database, keyring, clock, Audit(clock), rules=rules)
    saves = series(30)
    made = push_all(store, saves)
    clock.advance(timedelta(days=3))
    last = store.push(OWNER, NAME, document("last"), base=made[-1]).snapshot
    assert store.thin() == 29
    assert [s.id for s in store.snapshots(OWNER, NAME)] == [last.id, made[-1]]
    assert store.get(OWNER, NAME, made[-1])[1] == saves[-1]


def test_one_node_at_a_time_thins(
    store: SettingsStore, database: Database, keyring: Keyring, clock: FrozenClock
) -> None:
    made = push_all(store, [opaque("1"), opaque("2"), opaque("3")])
    clock.advance(timedelta(days=2))
    with database.write() as connection:
        from deskside.foundation import leases

        assert leases.hold(connection, "settings-thinning", "another", timedelta(hours=1))
    assert store.thin() == 0
    with database.write() as connection:
        leases.release(connection, "settings-thinning", "another")
    assert store.thin() == 1
    assert [s.id for s in store.snapshots(OWNER, NAME)] == [made[2], made[1]]


def test_an_export_has_everything_and_names_what_is_damaged(
    store: SettingsStore, database: Database
) -> None:
    saves = [*series(5), opaque("o")]
    made = push_all(store, saves)
    end_to_end = store.push(OWNER, "e2e.ibg", sealed("s"), stated_format=2, note="caffè").snapshot
    broken = store.push(OWNER, "broken.tws", document("1")).snapshot
    tamper(database, broken.id, sealed=b"garbage")
    store.push(STRANGER, NAME, document("not yours"))
    whole = zipfile.ZipFile(io.BytesIO(b"".join(store.export(OWNER))))
    assert whole.testzip() is None
    assert whole.namelist()[-1] == "manifest.json"
    manifest = json.loads(whole.read("manifest.json"))
    listed = {each["name"]: each["snapshots"] for each in manifest["workspaces"]}
    assert [each["id"] for each in listed[NAME]] == made
    for told, content in zip(listed[NAME], saves, strict=True):
        assert whole.read(told["file"]) == content
        assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert (listed["e2e.ibg"][0]["id"], listed["e2e.ibg"][0]["note"]) == (end_to_end.id, "caffè")
    assert listed["broken.tws"][0]["problem"] == "snapshot-damaged"
    assert len(whole.namelist()) == len(saves) + 2
    assert list(store.export("n" * 26))


def test_what_changed_between_two_versions(store: SettingsStore) -> None:
    saves = series(3)
    made = push_all(store, saves)
    found = store.difference(OWNER, NAME, made[0], "latest")
    assert 1 <= len(found.changes) <= 10
    assert store.difference(OWNER, NAME, made[1], made[1]).changes == ()
    with pytest.raises(NotFound):
        store.difference(STRANGER, NAME, made[0], made[1])


def test_why_a_difference_cannot_be_told(store: SettingsStore) -> None:
    first = store.push(OWNER, NAME, opaque("1")).snapshot.id
    second = store.push(OWNER, NAME, sealed("2"), base=first, stated_format=2).snapshot.id
    with pytest.raises(Refused) as refused:
        store.difference(OWNER, NAME, first, first)
    assert refused.value.code == "settings-opaque"
    with pytest.raises(Refused) as refused:
        store.difference(OWNER, NAME, first, second)
    assert refused.value.code == "settings-sealed"
