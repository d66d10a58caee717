"""The history gives back what was saved, byte for byte, or says that it cannot."""

from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskside.foundation.errors import NotFound, Refused
from deskside.workspace.history import History, PortalState, frame
from deskside.workspace.history import history as door
from deskside.workspace.history.deltas import DEEPEST
from deskside.workspace.history.log import SUFFIX
from deskside.workspace.model import Workspace

from .conftest import SAMPLE, document, valid_settings


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "workspace" / "history")


def log_of(history: History) -> Path:
    (file,) = history.folder.glob(f"*{SUFFIX}")
    return file


kin = st.tuples(st.binary(max_size=40), st.integers(0, 3)).map(
    lambda parts: parts[0] + b"the same in all of them " * 40 * parts[1] + parts[0]
)
"""Contents that derive well from one another."""


@given(st.lists(st.one_of(valid_settings, st.binary(max_size=3000), kin), max_size=12))
@settings(max_examples=25, deadline=None)
def test_every_save_comes_back_byte_for_byte(contents: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        history = History(Path(folder) / "history")
        workspace = Workspace(Path(folder) / "tws.xml")
        saved = [history.save(workspace, content) for content in contents]
        again = History(history.folder)
        for content, made in zip(contents, saved, strict=True):
            assert history.content(made.snapshot) == content
            assert again.content(made.snapshot) == content
        changes = [a != b for a, b in zip([None, *contents], contents, strict=False)]
        assert [made.changed for made in saved] == changes
        ids = [snapshot.id for snapshot in again.snapshots(workspace)]
        assert ids == sorted(ids, reverse=True)
        assert len(ids) == sum(changes)
        assert again.verify() == []


def test_no_content_is_far_from_a_whole_copy(history: History, workspace: Workspace) -> None:
    body = os.urandom(3000).hex().encode()
    saved = {}
    for number in range(400):
        content = body + b"%d" % number
        saved[history.save(workspace, content).snapshot] = content
    again = History(history.folder)
    assert all(again.content(snapshot) == content for snapshot, content in saved.items())
    depths = [entry.kept.depth for entry in again._all()[0].state.entries.values()]
    assert max(depths) == DEEPEST
    assert depths.count(0) <= 2
    assert again.size() < 400 * 450


def test_two_computers_that_take_turns_cost_little(history: History, workspace: Workspace) -> None:
    one, other = os.urandom(20_000), os.urandom(20_000)
    for number in range(6):
        history.save(workspace, one + b"%d" % number)
        history.save(workspace, other + b"%d" % number)
    assert history.size() < 50_000


def test_an_old_state_that_comes_back_costs_next_to_nothing(
    history: History, workspace: Workspace
) -> None:
    first, second = os.urandom(50_000), os.urandom(50_000)
    for content in (first, second):
        history.save(workspace, content)
    before = history.size()
    made = history.save(workspace, first).snapshot
    assert history.size() - before < 300
    assert History(history.folder).content(made) == first


def test_an_empty_history_is_not_even_made(history: History, workspace: Workspace) -> None:
    assert history.snapshots(workspace) == []
    assert history.workspaces() == []
    assert history.verify() == []
    assert history.size() == 0
    with pytest.raises(NotFound):
        history.find("nothing")
    assert not history.folder.exists()


def test_the_history_is_private_and_sealed(history: History, workspace: Workspace) -> None:
    history.save(workspace, document("a secret " * 50), "a note")
    assert stat.S_IMODE(history.folder.stat().st_mode) == 0o700
    for file in history.folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        for word in (b"secret", b"note", os.fsencode(workspace.file)):
            assert word not in file.read_bytes()


def test_a_snapshot_says_what_it_is(history: History, workspace: Workspace) -> None:
    note = "before the upgrade \N{EM DASH} \udc80"
    made = history.save(workspace, SAMPLE.read_bytes(), note, "desk 3").snapshot
    owner, found = History(history.folder).find(made.id)
    assert (owner, found) == (workspace, made)
    assert (made.size, made.note, made.origin) == (225_057, note, "desk 3")
    assert made.created.endswith("+00:00")


def test_two_workspaces_do_not_mix(history: History, workspace: Workspace, tmp_path: Path) -> None:
    other = Workspace(tmp_path / "other" / "tws.xml")
    history.save(workspace, document("a"))
    history.save(other, document("b"))
    assert history.save(workspace, document("a")).changed is False
    assert len(history.snapshots(workspace)) == len(history.snapshots(other)) == 1
    assert history.workspaces() == [workspace, other]


def test_a_clock_that_runs_backwards_changes_no_order(
    history: History, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        years = iter(range(2030, 2020, -1))

        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime(next(cls.years), 1, 1, tzinfo=UTC)

    monkeypatch.setattr(door, "datetime", Clock)
    made = [history.save(workspace, document(str(n))).snapshot for n in range(5)]
    assert history.snapshots(workspace) == made[::-1]
    assert [snapshot.created[:4] for snapshot in made] == ["2030", "2029", "2028", "2027", "2026"]


def test_a_newer_history_is_refused(history: History, workspace: Workspace) -> None:
    history.save(workspace, document())
    whole = log_of(history).read_bytes()
    newer = bytearray(whole[: frame.PREAMBLE_SIZE - frame.CHECK])
    newer[8] = 99
    log_of(history).write_bytes(newer + frame.checksum(bytes(newer)) + whole[len(newer) + 4 :])
    for act in (history.snapshots, lambda w: history.save(w, document("x"))):
        with pytest.raises(Refused) as refused:
            act(workspace)
        assert refused.value.code == "history-newer"


def test_an_event_of_a_newer_program_is_refused(history: History, workspace: Workspace) -> None:
    history.save(workspace, document())
    with pytest.raises(Refused) as refused, history._writing(workspace) as log:
        history._say(log, {"event": "never heard of"})
    assert refused.value.code == "history-newer"


def test_without_its_key_nothing_is_opened_and_no_new_key_made(
    history: History, workspace: Workspace
) -> None:
    made = history.save(workspace, document()).snapshot
    key = history.folder / "history.key"
    kept = key.read_bytes()
    key.unlink()
    again = History(history.folder)
    for act in (again.snapshots, lambda w: again.save(w, document("x"))):
        with pytest.raises(Refused) as refused:
            act(workspace)
        assert refused.value.code == "history-key-missing"
        assert "history.key" in refused.value.message
    assert not key.exists()
    key.write_bytes(kept)
    assert History(history.folder).content(made) == document()


def test_a_wrong_key_is_named_and_nothing_is_written(
    history: History, workspace: Workspace
) -> None:
    history.save(workspace, document())
    before = log_of(history).read_bytes()
    other = History(history.folder.parent / "other")
    other.save(workspace, document())
    (history.folder / "history.key").write_bytes((other.folder / "history.key").read_bytes())
    with pytest.raises(Refused) as refused:
        History(history.folder).save(workspace, document("x"))
    assert refused.value.code == "history-key-wrong"
    assert log_of(history).read_bytes() == before


def test_a_key_that_is_all_damaged_is_named(history: History, workspace: Workspace) -> None:
    history.save(workspace, document())
    (history.folder / "history.key").write_bytes(b"nothing of it is left")
    with pytest.raises(Refused) as refused:
        History(history.folder).snapshots(workspace)
    assert refused.value.code == "history-key-damaged"


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
    if number % 10 == 5:
        history.recompress(1)
"""


def test_two_savers_at_once_lose_nothing(history: History, workspace: Workspace) -> None:
    arguments = [sys.executable, "-c", SAVER, str(history.folder), str(workspace.file)]
    savers = [
        subprocess.Popen([*arguments, name], stdout=subprocess.PIPE, text=True) for name in "ab"
    ]
    printed = [saver.communicate()[0].split() for saver in savers]
    assert [saver.returncode for saver in savers] == [0, 0]
    acknowledged = {tuple(words[i : i + 2]) for words in printed for i in range(0, 80, 2)}
    assert {(s.id, s.sha256) for s in history.snapshots(workspace)} == acknowledged
    assert len(acknowledged) == 80
    assert history.verify() == []


def test_a_full_disk_loses_nothing_and_says_so(history: History, workspace: Workspace) -> None:
    first = history.save(workspace, document("first")).snapshot
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, limits[1]))
    try:
        with pytest.raises(Refused):
            history.save(workspace, b"IBGZENC\0" + os.urandom(300_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert history.snapshots(workspace) == [first]
    assert history.content(first) == document("first")
    assert history.verify() == []
    assert history.save(workspace, b"IBGZENC\0" + bytes(300_000)).changed


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EROFS, "not-writable"), (errno.ENOSPC, "disk-full"), (errno.EIO, "system-error")],
)
@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_disk_that_refuses_is_named_and_loses_nothing(
    history: History,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    code: str,
    call: str,
) -> None:
    first = history.save(workspace, document("first")).snapshot

    def refuse(*_given: object, **_named: object) -> None:
        raise OSError(number, os.strerror(number))

    again = History(history.folder)
    with monkeypatch.context() as patch:
        if call == "replace":
            patch.setattr(Path, "replace", refuse)
        else:
            patch.setattr(os, call, refuse)
        with pytest.raises(Refused) as refused:
            again.save(Workspace(workspace.file.with_name("other.xml")), document("second"))
    assert refused.value.code == code
    for reader in (again, History(history.folder)):
        assert reader.snapshots(workspace) == [first]
        assert reader.verify() == []
    assert again.save(workspace, document("second")).changed


def test_a_note_has_an_end(history: History, workspace: Workspace) -> None:
    with pytest.raises(Refused) as refused:
        history.save(workspace, document(), "x" * 20_001)
    assert refused.value.code == "note-too-long"
    assert not history.folder.exists()


def test_the_state_on_a_portal_is_remembered(history: History, workspace: Workspace) -> None:
    assert history.base(workspace, "http://p") == ""
    history.set_base(workspace, "http://p", "v1")
    state = PortalState("v1", "a", "q", "f", "2026-01-01T00:00:00+00:00")
    history.set_portal_state(workspace, "http://p", state)
    history.set_base(workspace, "http://p", "v2")
    again = History(history.folder)
    assert again.portal_state(workspace, "http://p") == replace(state, base="v2")
    assert again.portal_state(workspace, "http://q") == PortalState()
    assert again.workspaces() == []


def test_an_unfinished_write_is_neither_a_snapshot_nor_damage(
    history: History, workspace: Workspace
) -> None:
    first = history.save(workspace, document("first")).snapshot
    whole = log_of(history).read_bytes()
    history.save(workspace, document("second" * 200))
    longer = log_of(history).read_bytes()
    for end in [*range(len(whole) + 1, len(longer), 11), *range(len(longer) - 8, len(longer))]:
        for rest in (longer[len(whole) : end], bytes(end - len(whole))):
            log_of(history).write_bytes(whole + rest)
            again = History(history.folder)
            assert again.snapshots(workspace) == [first]
            assert again.verify() == []
            third = again.save(workspace, document("third")).snapshot
            again = History(history.folder)
            assert again.snapshots(workspace) == [third, first]
            assert again.verify() == []
