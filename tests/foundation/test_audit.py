"""The audit trail: tampered with for real, in the database and in the file of heads."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, func, select, text, update

from deskside.foundation import leases
from deskside.foundation.audit import store
from deskside.foundation.audit.model import (
    Row,
    Sealed,
    checked_detail,
)
from deskside.foundation.audit.sealer import read_heads
from deskside.foundation.audit.service import (
    COMMAND_LINE,
    HEADS_FILE,
    Audit,
    Sealer,
    latest,
    verify,
)
from deskside.foundation.audit.store import audit_event, audit_head, audit_signer
from deskside.foundation.clock import FrozenClock, SystemClock
from deskside.foundation.database import Database, new_id
from deskside.foundation.findings import Finding, Status
from deskside.foundation.keyring import Keyring

from .audit_chains import chained
from .processes import forked

columns = audit_event.c


class Desk:
    """One node with its keys, its sealer and its file of heads."""

    def __init__(self, database: Database, folder: Path, clock: FrozenClock) -> None:
        self.database = database
        self.folder = folder
        self.clock = clock
        self.keyring = Keyring.open(database, folder / "keys")
        self.audit = Audit(clock)
        self.sealer = Sealer(database, self.keyring, folder, clock)

    @property
    def heads(self) -> Path:
        return self.folder / HEADS_FILE

    def record(self, count: int = 1, event: str = "login.succeeded") -> None:
        for number in range(count):
            self.clock.advance(timedelta(milliseconds=1))
            with self.database.write() as connection:
                self.audit.record(
                    connection, event, actor=new_id(), subject=None, detail={"number": number}
                )

    def verify(self) -> list[Finding]:
        return verify(self.database, self.keyring, self.clock, [self.heads])

    def codes(self) -> list[str]:
        return [finding.code for finding in self.verify()]

    def tamper(self, *statements: object) -> None:
        with self.database.write() as connection:
            for statement in statements:
                if isinstance(statement, str):
                    connection.execute(text(statement))
                else:
                    connection.execute(statement)  # type: ignore[call-overload]

    def row(self, position: int) -> str:
        with self.database.read() as connection:
            found = connection.scalar(select(columns.id).where(columns.position == position))
        assert isinstance(found, str)
        return found


@pytest.fixture
def desk(database: Database, tmp_path: Path, clock: FrozenClock) -> Desk:
    """Ten rows, sealed in three batches."""
    made = Desk(database, tmp_path / "desk", clock)
    for count in (4, 3, 3):
        made.record(count)
        assert made.sealer.seal_now() == count
    return made


def test_a_whole_trail_verifies(desk: Desk) -> None:
    (finding,) = desk.verify()
    assert finding.code == "audit-intact"
    assert finding.evidence == {"rows": 10, "heads": 3, "waiting": 0}


def test_an_empty_trail_verifies(database: Database, tmp_path: Path, clock: FrozenClock) -> None:
    assert Desk(database, tmp_path, clock).codes() == ["audit-intact"]


def test_rows_that_nobody_has_sealed_prove_nothing(
    database: Database, tmp_path: Path, clock: FrozenClock
) -> None:
    desk = Desk(database, tmp_path, clock)
    for count, words in ((1, "1 row waits"), (2, "3 rows wait")):
        desk.record(count)
        (finding,) = desk.verify()
        assert finding.code == "audit-unsealed"
        assert finding.status is Status.NOTICE
        assert words in finding.title
    clock.advance(timedelta(minutes=2))
    assert desk.codes() == ["audit-sealer-behind"]


def test_an_actor_of_the_trail_stands_where_none_is_named(
    database: Database, clock: FrozenClock
) -> None:
    audit = Audit(clock, actor=COMMAND_LINE)
    with database.write() as connection:
        audit.record(connection, "login.failed", actor=None, subject=None)
        audit.record(connection, "login.failed", actor="a2", subject=None)
    assert {row.actor for row, _position in latest(database)} == {"cli", "a2"}


def test_a_row_is_undone_with_its_transaction(desk: Desk) -> None:
    def fail() -> None:
        with desk.database.write() as connection:
            desk.audit.record(connection, "login.failed", actor=None, subject=None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert desk.sealer.seal_now() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"event": "login.failed"},
        {"actor": None},
        {"actor": "somebody"},
        {"subject": "somebody"},
        {"detail": '{"number":9}'},
        {"at": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
)
def test_an_edit_is_found(desk: Desk, change: dict[str, object]) -> None:
    desk.tamper(update(audit_event).where(columns.position == 6).values(**change))
    (finding,) = desk.verify()
    assert finding.code == "audit-row-edited"
    assert finding.evidence["position"] == 6
    assert finding.evidence["row"] == desk.row(6)
    assert "6" in finding.title


def test_a_removal_is_found(desk: Desk) -> None:
    desk.tamper(delete(audit_event).where(columns.position.in_([5, 6])))
    (finding,) = desk.verify()
    assert finding.code == "audit-rows-missing"
    assert (finding.evidence["first"], finding.evidence["last"]) == (5, 6)


def test_a_removal_that_is_numbered_over_is_found(desk: Desk) -> None:
    desk.tamper(
        delete(audit_event).where(columns.position == 5),
        *(
            update(audit_event).where(columns.position == n).values(position=n - 1)
            for n in range(6, 11)
        ),
    )
    found = {finding.code: finding for finding in desk.verify()}
    assert found["audit-chain-broken"].evidence["position"] == 5
    assert "audit-end-cut" in found


def test_reordering_is_found(desk: Desk) -> None:
    third, seventh = desk.row(3), desk.row(7)
    desk.tamper(
        update(audit_event).where(columns.position == 3).values(position=99),
        update(audit_event).where(columns.position == 7).values(position=3),
        update(audit_event).where(columns.position == 99).values(position=7),
    )
    moved = {
        finding.evidence["row"]: finding
        for finding in desk.verify()
        if finding.code == "audit-rows-reordered"
    }
    assert moved[seventh].evidence["position"] == 3
    assert moved[seventh].evidence["belongs_after"] == desk.row(6)
    assert moved[third].evidence["belongs_after"] == desk.row(2)


@pytest.mark.parametrize("remains", [9, 7, 5, 0])
def test_a_cut_end_is_found_by_the_heads_in_the_database(desk: Desk, remains: int) -> None:
    desk.tamper(delete(audit_event).where(columns.position > remains))
    (finding,) = desk.verify()
    assert finding.code == "audit-end-cut"
    assert finding.evidence["position"] == remains + 1


def test_a_cut_end_is_found_by_the_heads_kept_apart(desk: Desk) -> None:
    desk.tamper(
        delete(audit_event).where(columns.position > 7),
        delete(audit_head).where(audit_head.c.position > 7),
    )
    assert set(desk.codes()) == {"audit-end-cut", "audit-head-removed"}
    desk.record(3)
    desk.sealer.seal_now()
    found = {finding.code: finding for finding in desk.verify()}
    assert found["audit-rewritten"].evidence["after"] == 7


def test_an_end_that_is_unsealed_again_is_found(desk: Desk) -> None:
    desk.tamper(
        update(audit_event)
        .where(columns.position > 7)
        .values(position=None, link=None, digest=None)
    )
    assert "audit-end-cut" in desk.codes()


def test_heads_that_are_removed_are_found(desk: Desk) -> None:
    desk.tamper(delete(audit_head))
    assert set(desk.codes()) == {"audit-head-removed"}
    desk.heads.unlink()
    assert desk.codes() == ["audit-head-missing"]


def test_a_trail_that_is_rewritten_as_a_whole_is_found(desk: Desk) -> None:
    """Somebody who knows the rule of the chain, but not the signature key."""
    rewrite(desk, lambda row: replace(row, actor="nobody") if row.event else row)
    codes = desk.codes()
    assert codes.count("audit-rewritten") == 3
    assert set(codes) == {"audit-rewritten"}


def test_heads_signed_by_a_stranger_are_found(desk: Desk, tmp_path: Path) -> None:
    """Somebody who rewrites everything, and signs it, with a key of their own."""
    rewrite(desk, lambda row: replace(row, actor="nobody"))
    desk.tamper(delete(audit_head), delete(audit_signer))
    desk.heads.unlink()
    other = Database.open(tmp_path / "other.sqlite3")
    other.migrate()
    stranger = Desk(other, tmp_path / "stranger", desk.clock)
    with desk.database.write() as connection:
        stranger.sealer._vouch(connection)
        last = sealed_rows(connection)[-1]
        store.add_head(connection, stranger.sealer._sign(last))
    assert desk.codes() == ["audit-signer-unknown"]
    other.close()


def test_a_forged_head_is_found(desk: Desk) -> None:
    desk.tamper(update(audit_head).where(audit_head.c.position == 7).values(signature=bytes(64)))
    codes = desk.codes()
    assert "audit-head-forged" in codes
    assert "audit-head-removed" in codes


def test_an_edited_file_of_heads_is_found(desk: Desk) -> None:
    lines = desk.heads.read_bytes().splitlines(keepends=True)
    desk.heads.write_bytes(lines[0] + b'{"position": 1}\n[]\n\xff\n' + lines[2])
    found = {finding.code: finding for finding in desk.verify()}
    assert found["audit-heads-unreadable"].evidence["lines"] == [2, 3, 4]


def test_rows_that_wait_too_long_are_mentioned(desk: Desk) -> None:
    desk.record()
    assert desk.codes() == ["audit-intact"]
    desk.clock.advance(timedelta(minutes=2))
    assert desk.codes() == ["audit-intact", "audit-sealer-behind"]


def test_heads_are_kept_apart_in_a_private_file(desk: Desk) -> None:
    heads, unreadable = read_heads(desk.heads)
    assert [head.position for head in heads] == [4, 7, 10]
    assert unreadable == []
    assert stat.S_IMODE(desk.heads.stat().st_mode) == 0o600


def test_what_a_sudden_end_left_out_of_the_file_is_added(desk: Desk) -> None:
    content = desk.heads.read_bytes()
    desk.heads.write_bytes(content[:-20])
    again = Sealer(desk.database, desk.keyring, desk.folder, desk.clock)
    again.seal_now()
    assert desk.heads.read_bytes() == content
    desk.heads.unlink()
    Sealer(desk.database, desk.keyring, desk.folder, desk.clock).seal_now()
    assert desk.heads.read_bytes() == content


def test_a_row_that_commits_late_takes_a_later_place(
    postgresql_url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    database = Database.open(postgresql_url)
    desk = Desk(database, tmp_path, clock)
    with database.write() as slow:
        desk.audit.record(slow, "login.succeeded", actor="early", subject=None)
        clock.advance(timedelta(seconds=1))
        desk.record()
        assert desk.sealer.seal_now() == 1
    assert desk.sealer.seal_now() == 1
    with database.read() as connection:
        late = connection.scalar(select(columns.position).where(columns.actor == "early"))
    assert late == 2
    assert desk.codes() == ["audit-intact"]
    database.close()


def test_nodes_take_turns_and_never_split_the_chain(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    clock = SystemClock()
    Keyring.open(database, tmp_path / "keys")
    nodes = []
    for number in range(3):
        folder = tmp_path / f"node{number}"
        shutil.copytree(tmp_path / "keys", folder / "keys")
        opened = Database.open(database_url)
        nodes.append(Sealer(opened, Keyring.open(opened, folder / "keys"), folder, clock))

    def write(_number: int) -> None:
        for _ in range(10):
            with database.write() as connection:
                Audit(clock).record(connection, "login.succeeded", actor=None, subject=None)

    done = threading.Event()

    def seal(node: Sealer) -> None:
        while not done.is_set():
            node.seal_now()
            node.let_go()  # let go, so that the others have their turns

    with ThreadPoolExecutor(7) as pool:
        sealing = [pool.submit(seal, node) for node in nodes]
        list(pool.map(write, range(4)))
        done.set()
        for future in sealing:
            future.result()
    sum(node.seal_now() for node in nodes)
    files = [tmp_path / f"node{number}" / HEADS_FILE for number in range(3)]
    keyring = nodes[0]._keyring
    findings = verify(database, keyring, clock, files)
    assert [finding.code for finding in findings] == ["audit-intact"]
    assert findings[0].evidence["rows"] == 40
    for node in nodes:
        node._database.close()


def test_the_lease_passes_on_when_its_time_is_over(database: Database) -> None:
    def hold(holder: str, span: timedelta) -> bool:
        with database.write() as connection:
            return leases.hold(connection, "work", holder, span)

    assert hold("a", timedelta(minutes=5))
    assert not hold("b", timedelta(minutes=5))
    assert hold("a", timedelta(0))
    assert hold("b", timedelta(minutes=5))
    assert not hold("a", timedelta(minutes=5))
    with database.write() as connection:
        leases.release(connection, "work", "a")
        leases.release(connection, "work", "b")
    assert hold("a", timedelta(minutes=5))


def test_the_background_sealer_seals_within_a_second(database: Database, tmp_path: Path) -> None:
    desk = Desk(database, tmp_path, FrozenClock())
    with desk.sealer.running():
        desk.record(3)
        sealed = threading.Event()

        def look() -> None:
            while not sealed.is_set():
                with database.read() as connection:
                    waiting = connection.scalar(
                        select(func.count()).where(columns.position.is_(None))
                    )
                if waiting == 0:
                    sealed.set()

        threading.Thread(target=look, daemon=True).start()
        assert sealed.wait(3)
        desk.record(2)
    assert desk.verify()[0].evidence == {"rows": 5, "heads": desk_heads(desk), "waiting": 0}


def test_a_kill_between_two_instructions_leaves_a_sound_trail(tmp_path: Path) -> None:
    """The sealer is killed over and over while it works; what is sealed stays sealed."""
    path = tmp_path / "desk.sqlite3"
    database = Database.open(path)
    database.migrate()
    desk = Desk(database, tmp_path, FrozenClock())
    context = forked()
    sealed = 0
    for _ in range(3):
        started = context.Event()
        process = context.Process(target=_seal_for_ever, args=(str(tmp_path), started))
        process.start()
        assert started.wait(30)
        desk.record(20)
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with database.read() as connection:
            now = connection.scalar(select(func.max(columns.position))) or 0
        assert now >= sealed
        sealed = now
        whole = "audit-intact" if sealed else "audit-unsealed"
        assert set(desk.codes()) <= {whole, "audit-sealer-behind"}
    with database.write() as connection:
        connection.execute(leases.lease.delete())
    desk.sealer.seal_now()
    assert desk.verify()[0].evidence["rows"] == 60
    assert len(read_heads(desk.heads)[0]) == desk_heads(desk)
    database.close()


def _seal_for_ever(folder: str, started: threading.Event) -> None:
    database = Database.open(Path(folder) / "desk.sqlite3")
    keyring = Keyring.open(database, Path(folder) / "keys")
    with database.write() as connection:
        connection.execute(leases.lease.delete())
    node = Sealer(database, keyring, Path(folder), FrozenClock())
    started.set()
    while True:
        node.seal_now()


def test_latest_lists_the_newest_first(desk: Desk) -> None:
    desk.record(1, event="settings.saved")
    found = latest(desk.database, limit=3)
    assert [position for _row, position in found] == [None, 10, 9]
    assert [row.event for row, _ in latest(desk.database, event="settings.")] == ["settings.saved"]
    assert len(latest(desk.database, event="login.")) == 10


@pytest.mark.parametrize(
    "detail",
    [
        {"name": "Ann Lee"},
        {"mail": "a@example.org"},
        {"Name": "x"},
        {"x": "a\nb"},
        {"x": "é"},
        {"x": "a" * 121},
    ],
)
def test_personal_data_and_free_text_are_refused(desk: Desk, detail: dict[str, str]) -> None:
    with pytest.raises(ValueError), desk.database.write() as connection:
        desk.audit.record(connection, "login.succeeded", actor=None, subject=None, detail=detail)


@pytest.mark.parametrize("event", ["", "Login", "login succeeded", "login.", "ann@example.org"])
def test_an_event_has_a_proper_name(event: str) -> None:
    with pytest.raises(ValueError):
        checked_detail(event, None)


def test_an_actor_is_an_id(desk: Desk) -> None:
    with pytest.raises(ValueError), desk.database.write() as connection:
        desk.audit.record(connection, "login.succeeded", actor="Ann Lee", subject=None)


def sealed_rows(connection: Connection) -> list[Sealed]:
    return list(store.chain(connection))


def rewrite(desk: Desk, change: Callable[[Row], Row]) -> None:
    """Change the rows and compute all their digests and links anew."""
    with desk.database.write() as connection:
        for item in chained([change(item.row) for item in sealed_rows(connection)]):
            connection.execute(
                update(audit_event)
                .where(columns.id == item.row.id)
                .values(actor=item.row.actor, digest=item.digest, link=item.link)
            )


def desk_heads(desk: Desk) -> int:
    with desk.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(audit_head)) or 0
