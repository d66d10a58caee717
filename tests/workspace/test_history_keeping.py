"""Thinning, pins, notes, import, recompression: nothing is lost by looking after the history."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import zlib
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.errors import NotFound
from deskside.workspace.history import History, Policy, PortalState
from deskside.workspace.history.records import Brief
from deskside.workspace.history.thinning import dispensable
from deskside.workspace.model import Snapshot, Workspace

from .conftest import document

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "workspace" / "history")


def text(number: int) -> bytes:
    words = " ".join(f"word{n}='{n * n * 7919 % 1000}'" for n in range(900))
    return document(words + str(number))


def test_recompression_keeps_everything_and_takes_less(
    history: History, workspace: Workspace
) -> None:
    saved = {history.save(workspace, text(n)).snapshot: text(n) for n in range(30)}
    history.pin(next(iter(saved)))
    history.set_base(workspace, "http://p", "v1")
    done = history.recompress(60)
    assert done.after < done.before
    assert done.waiting == 0
    again = History(history.folder)
    for reader in (history, again):
        assert all(reader.content(snapshot) == content for snapshot, content in saved.items())
    assert again.verify() == []
    assert again.base(workspace, "http://p") == "v1"
    assert [s.id for s in again.snapshots(workspace) if s.pinned] == [next(iter(saved)).id]
    assert again.recompress(60).after == done.after
    assert again.save(workspace, text(99)).changed


def test_recompression_keeps_to_its_time(history: History, workspace: Workspace) -> None:
    for number in range(4):
        history.save(workspace, text(number))
    assert history.recompress(0).waiting == 4


def blob() -> bytes:
    return b"IBGZENC\0" + os.urandom(300)


def at(history: History, workspace: Workspace, moments: list[datetime]) -> list[Snapshot]:
    """Snapshots of opaque settings from these moments."""
    other = History(history.folder.parent / "aged")
    made = []
    for moment in moments:
        snapshot = other.save(workspace, blob()).snapshot
        content = other.content(snapshot)
        aged = Snapshot(
            snapshot.id, moment.isoformat(), snapshot.sha256, snapshot.size, snapshot.note
        )
        made += history._take(workspace, aged, content)
    return made


def test_opaque_snapshots_are_thinned_and_pins_stay(history: History, workspace: Workspace) -> None:
    moments = [NOW - timedelta(days=200) + timedelta(minutes=10 * n) for n in range(6)]
    made = at(history, workspace, [*moments, NOW])
    history.pin(made[1])
    history.set_portal_state(workspace, "http://p", PortalState("v", queued=made[2].id))
    plain = [history.save(workspace, text(n)).snapshot for n in range(2)]
    removed = history.prune(now=NOW)
    assert set(removed) == {made[0].id, made[3].id, made[4].id}
    again = History(history.folder)
    left = {s.id for s in again.snapshots(workspace)}
    assert left == {s.id for s in [made[1], made[2], made[5], made[6], *plain]}
    assert again.verify() == []
    with pytest.raises(NotFound):
        again.find(made[0].id)
    assert again.prune(now=NOW) == []


def test_plain_settings_are_thinned_only_when_that_is_asked(
    history: History, workspace: Workspace
) -> None:
    saved = [history.save(workspace, text(n)).snapshot for n in range(6)]
    later = datetime.now(UTC) + timedelta(days=365)
    assert history.prune(now=later) == []
    assert len(history.prune(Policy(plain=True), later)) == 5
    assert History(history.folder).content(saved[-1]) == text(5)
    assert History(history.folder).verify() == []


moments = st.integers(0, 400 * 24 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes))


@given(st.lists(moments, max_size=60))
def test_thinning_keeps_the_last_of_each_spell(created: list[datetime]) -> None:
    briefs = [
        Brief(f"{n:012d}", int(moment.timestamp() * 1000), 1, bytes(32))
        for n, moment in enumerate(sorted(created))
    ]
    dropped = dispensable(briefs, Policy(), NOW)
    kept = [brief for brief in briefs if brief.id not in dropped]
    assert dispensable(kept, Policy(), NOW) == set()
    assert not briefs or kept[-1] == briefs[-1]
    days = {datetime.fromtimestamp(b.created / 1000, UTC).date() for b in briefs}
    recent = {day for day in days if (NOW.date() - day).days < 90}
    assert recent <= {datetime.fromtimestamp(b.created / 1000, UTC).date() for b in kept}
    young = NOW.timestamp() * 1000 - 86_400_000
    assert all(b in kept for b in briefs if b.created >= young)


def test_notes_can_be_changed_and_pins_taken_back(history: History, workspace: Workspace) -> None:
    made = history.save(workspace, document(), "first").snapshot
    assert history.edit_note(made, "second").note == "second"
    assert history.pin(made).pinned
    assert not history.pin(made, False).pinned
    assert History(history.folder).snapshots(workspace)[0].note == "second"


def test_forgetting_removes_every_byte(history: History, workspace: Workspace) -> None:
    made = history.save(workspace, document()).snapshot
    other = Workspace(workspace.file.with_name("tws.xml"))
    kept = history.save(other, document("other")).snapshot
    (log,) = [f for f in history.folder.glob("*.log") if f != history._file(other)]
    log.with_name(f"{log.name}.damaged-1").write_bytes(b"x")
    history.forget(workspace)
    assert history.snapshots(workspace) == []
    with pytest.raises(NotFound):
        history.find(made.id)
    assert [f.name for f in history.folder.glob("*.log*")] == [history._file(other).name]
    assert history.content(kept) == document("other")
    assert history.save(workspace, document()).changed


def test_another_history_can_be_taken_over(
    history: History, workspace: Workspace, tmp_path: Path
) -> None:
    other = History(tmp_path / "other")
    theirs = [other.save(workspace, text(n), f"n{n}", "laptop").snapshot for n in range(5)]
    theirs[2] = other.pin(theirs[2])
    mine = history.save(workspace, text(77)).snapshot
    assert history.import_history(tmp_path / "other") == theirs
    assert history.import_history(tmp_path / "other") == []
    again = History(history.folder)
    assert set(again.snapshots(workspace)) == {mine, *theirs}
    assert [again.content(snapshot) for snapshot in theirs] == [text(n) for n in range(5)]
    assert again.verify() == []


EARLIER = """
CREATE TABLE workspace (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE);
CREATE TABLE content (sha256 TEXT PRIMARY KEY, packed BLOB NOT NULL);
CREATE TABLE snapshot (id TEXT PRIMARY KEY, workspace INTEGER, created TEXT, sha256 TEXT,
    size INTEGER, note TEXT, seal TEXT);
CREATE TABLE portal (workspace INTEGER, address TEXT, base TEXT);
"""


def test_the_history_of_the_first_version_is_taken_over(
    history: History, workspace: Workspace
) -> None:
    history.folder.parent.mkdir()
    file = history.folder.with_name("history.sqlite3")
    with closing(sqlite3.connect(file)) as db, db:
        db.executescript(EARLIER)
        db.execute("INSERT INTO workspace VALUES (1, ?)", (os.fsencode(workspace.file),))
        db.execute("INSERT INTO portal VALUES (1, 'http://p', 'v7')")
        for number in range(3):
            digest = hashlib.sha256(text(number)).hexdigest()
            moment = f"2026-01-0{number + 1}T00:00:00.123+00:00"
            row = (f"1m00000000{number}0", 1, moment, digest, len(text(number)), f"n{number}", "")
            db.execute("INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            db.execute("INSERT INTO content VALUES (?, ?)", (digest, zlib.compress(text(number))))
    found = history.snapshots(workspace)
    assert [(s.note, s.created[:10]) for s in found] == [
        ("n2", "2026-01-03"),
        ("n1", "2026-01-02"),
        ("n0", "2026-01-01"),
    ]
    assert [history.content(s) for s in found] == [text(2), text(1), text(0)]
    assert history.base(workspace, "http://p") == "v7"
    assert not file.exists()
    assert file.with_name("history.sqlite3.taken-over").exists()
    assert History(history.folder).snapshots(workspace) == found
