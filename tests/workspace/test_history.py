"""The history gives back what was saved, byte for byte, or says that it cannot."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskside.foundation.errors import DesksideError, NotFound, Refused
from deskside.workspace.history import History
from deskside.workspace.model import Workspace

from .conftest import SAMPLE, document, valid_settings


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "workspace" / "history.sqlite3")


@given(st.lists(valid_settings, min_size=1, max_size=6))
@settings(max_examples=25, deadline=None)
def test_every_save_comes_back_byte_for_byte(contents: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        history = History(Path(folder) / "history.sqlite3")
        workspace = Workspace(Path(folder) / "tws.xml")
        saved = [history.save(workspace, content) for content in contents]
        for content, made in zip(contents, saved, strict=True):
            assert history.content(made.snapshot) == content
        changes = [a != b for a, b in zip([None, *contents], contents, strict=False)]
        assert [made.changed for made in saved] == changes
        ids = [snapshot.id for snapshot in history.snapshots(workspace)]
        assert ids == sorted(ids, reverse=True)
        assert len(ids) == sum(changes)
        assert history.damaged() == []


def test_an_empty_history_is_not_even_made(history: History, workspace: Workspace) -> None:
    assert history.snapshots(workspace) == []
    assert history.workspaces() == []
    assert history.damaged() == []
    with pytest.raises(NotFound):
        history.find("nothing")
    assert not history.file.exists()


def test_the_history_is_private(history: History, workspace: Workspace) -> None:
    history.save(workspace, document())
    assert stat.S_IMODE(history.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(history.file.parent.stat().st_mode) == 0o700


def test_a_snapshot_says_what_it_is(history: History, workspace: Workspace) -> None:
    made = history.save(workspace, SAMPLE.read_bytes(), "before the upgrade").snapshot
    owner, found = history.find(made.id)
    assert (owner, found) == (workspace, made)
    assert made.size == 225_057
    assert made.note == "before the upgrade"
    assert made.created.endswith("+00:00")


def test_two_workspaces_do_not_mix(history: History, workspace: Workspace, tmp_path: Path) -> None:
    other = Workspace(tmp_path / "other" / "tws.xml")
    history.save(workspace, document("a"))
    history.save(other, document("b"))
    assert history.save(workspace, document("a")).changed is False
    assert len(history.snapshots(workspace)) == len(history.snapshots(other)) == 1
    assert history.workspaces() == [workspace, other]


def test_snapshots_can_only_be_added(history: History, workspace: Workspace) -> None:
    history.save(workspace, document())
    with closing(sqlite3.connect(history.file)) as db, db:
        for statement in ("DELETE FROM snapshot", "UPDATE snapshot SET note = 'x'"):
            with pytest.raises(sqlite3.IntegrityError):
                db.execute(statement)
    db.close()


def damage(history: History, statement: str, *values: object) -> None:
    db = sqlite3.connect(history.file)
    db.execute("DROP TRIGGER snapshot_never_changes")
    db.execute(statement, values)
    db.commit()
    db.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE content SET packed = x'00' WHERE sha256 = ?",
        "UPDATE content SET packed = substr(packed, 1, 20) WHERE sha256 = ?",
        "UPDATE content SET packed = (SELECT max(packed) FROM content) WHERE sha256 = ?",
        "DELETE FROM content WHERE sha256 = ?",
        "UPDATE snapshot SET size = size + 1 WHERE sha256 = ?",
        "UPDATE snapshot SET note = 'forged' WHERE sha256 = ?",
        "UPDATE snapshot SET created = '2020-01-01' WHERE sha256 = ?",
    ],
)
def test_damage_is_found_and_the_others_can_still_be_restored(
    history: History, workspace: Workspace, statement: str
) -> None:
    bad = history.save(workspace, document("bad")).snapshot
    good = history.save(workspace, document("good")).snapshot
    damage(history, statement, bad.sha256)
    assert history.damaged() == [bad.id]
    with pytest.raises(Refused) as refused:
        history.content(history.find(bad.id)[1])
    assert refused.value.code == "snapshot-damaged"
    assert history.content(good) == document("good")


def test_saving_the_same_again_mends_a_rotten_copy(history: History, workspace: Workspace) -> None:
    made = history.save(workspace, document()).snapshot
    damage(history, "UPDATE content SET packed = x'00' WHERE sha256 = ?", made.sha256)
    assert history.save(workspace, document()).changed is False
    assert history.content(made) == document()


def test_a_flipped_bit_anywhere_is_never_returned_as_good(
    history: History, workspace: Workspace
) -> None:
    saved = {n: history.save(workspace, document(str(n) * 3000)).snapshot for n in range(4)}
    db = sqlite3.connect(history.file)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    whole = history.file.read_bytes()
    for position in range(0, len(whole), 397):
        flipped = bytearray(whole)
        flipped[position] ^= 0x10
        history.file.write_bytes(flipped)
        for number, snapshot in saved.items():
            try:
                assert history.content(snapshot) == document(str(number) * 3000)
            except DesksideError as error:
                assert error.code in ("snapshot-damaged", "history-damaged", "history-newer")  # noqa: PT017
        for extra in ("-wal", "-shm"):
            history.file.with_name(history.file.name + extra).unlink(missing_ok=True)


def test_a_file_that_is_no_database(history: History, workspace: Workspace) -> None:
    history.file.parent.mkdir()
    history.file.write_bytes(b"not a database" * 100)
    with pytest.raises(Refused) as refused:
        history.save(workspace, document())
    assert refused.value.code == "history-damaged"
    assert history.file.read_bytes() == b"not a database" * 100


def test_a_newer_history_is_refused(history: History, workspace: Workspace) -> None:
    history.save(workspace, document())
    db = sqlite3.connect(history.file)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(Refused) as refused:
        history.snapshots(workspace)
    assert refused.value.code == "history-newer"


SAVER = """
import sys
from pathlib import Path
from deskside.workspace.history import History
from deskside.workspace.model import Workspace
history, workspace, name = History(Path(sys.argv[1])), Workspace(Path(sys.argv[2])), sys.argv[3]
for number in range(40):
    made = history.save(workspace, f"<Settings>{name}{number}</Settings>".encode())
    assert made.changed
    print(made.snapshot.id, made.snapshot.sha256)
"""


def test_two_savers_at_once_lose_nothing(history: History, workspace: Workspace) -> None:
    arguments = [sys.executable, "-c", SAVER, str(history.file), str(workspace.file)]
    savers = [
        subprocess.Popen([*arguments, name], stdout=subprocess.PIPE, text=True) for name in "ab"
    ]
    printed = [saver.communicate()[0].split() for saver in savers]
    assert [saver.returncode for saver in savers] == [0, 0]
    acknowledged = {tuple(words[i : i + 2]) for words in printed for i in range(0, 80, 2)}
    assert {(s.id, s.sha256) for s in history.snapshots(workspace)} == acknowledged
    assert len(acknowledged) == 80


def test_a_full_disk_loses_nothing_and_says_so(history: History, workspace: Workspace) -> None:
    first = history.save(workspace, document("first")).snapshot
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, limits[1]))
    try:
        with pytest.raises(Refused) as refused:
            history.save(workspace, b"IBGZENC\0" + os.urandom(300_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert refused.value.code in ("disk-full", "history-damaged")
    assert history.snapshots(workspace) == [first]
    assert history.content(first) == document("first")
    assert history.save(workspace, b"IBGZENC\0" + bytes(300_000)).changed


def test_the_base_on_a_portal_is_remembered(history: History, workspace: Workspace) -> None:
    assert history.base(workspace, "http://p") == ""
    history.set_base(workspace, "http://p", "v1")
    history.set_base(workspace, "http://p", "v2")
    assert history.base(workspace, "http://p") == "v2"
    assert history.base(workspace, "http://q") == ""
