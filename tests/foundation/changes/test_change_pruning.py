"""Clearing what only old changes need, and recovering before every command."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deskside.foundation.changes.commands import changes
from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.files import Files
from deskside.foundation.changes.model import State
from deskside.foundation.changes.planning import plan
from deskside.foundation.changes.recovery import needs_recovery, recover_quietly
from deskside.foundation.errors import Refused

from .change_trees import FailAt, contents, installing, plant, step, tree

NOW = timedelta()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DESKSIDE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def engine(data: Path) -> Engine:
    return Engine(data / "changes")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return plant(tmp_path / "root", {"a": b"one", "b": b"two", "t/x": b"x"})


def age(data: Path, identifier: str, created: str = "2020-01-01T00:00:00+00:00") -> None:
    record = data / f"changes/journal/{identifier}.json"
    text = json.loads(record.read_text())
    record.write_text(json.dumps(text | {"created": created}))


def blobs(data: Path) -> set[bytes]:
    return {blob.read_bytes() for blob in (data / "changes/blobs").iterdir()}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(changes, arguments, catch_exceptions=True)


def test_old_contents_go_and_younger_ones_stay(data: Path, engine: Engine, root: Path) -> None:
    old = engine.apply(plan("t", "Old", root, [step("replace", "a", b"ONE"), step("remove", "t")]))
    young = engine.apply(plan("t", "Young", root, [step("replace", "b", b"ONE")]))
    age(data, old.id)
    looked = engine.prune(timedelta(days=90), dry_run=True)
    assert [change.id for change in looked.undoable] == [old.id]
    assert {b"one", b"x"} <= blobs(data)
    done = engine.prune(timedelta(days=90))
    assert done == looked
    assert blobs(data) == {b"two", b"ONE"}
    with pytest.raises(Refused) as refused:
        engine.undo(old.id)
    assert refused.value.code == "contents-pruned"
    assert engine.show(old.id).pruned
    engine.undo(young.id)
    assert contents(root) == {"a": b"ONE", "b": b"two"}
    assert engine.prune(timedelta(days=90)).changes == ()


def test_what_is_under_way_keeps_everything(data: Path, engine: Engine, root: Path) -> None:
    before = tree(root)
    with pytest.raises(Refused):
        Engine(data / "changes", files=Files(FailAt(75, lasting=True))).apply(
            plan("t", "t", root, [step("remove", "t"), step("replace", "a", b"new")])
        )
    (pending,) = engine.list()
    age(data, pending.id)
    assert pending.state is State.APPLYING
    engine.prune(NOW)
    assert tree(root) == before, "recovered before anything was cleared"
    assert engine.show(pending.id).state is State.ROLLED_BACK


def test_a_kill_between_leaves_nothing_promised_that_is_gone(
    data: Path, engine: Engine, root: Path
) -> None:
    ids = [
        engine.apply(plan("t", "t", root, [step("replace", "a", bytes([n]))])).id for n in range(3)
    ]
    for number in range(1, 200):
        watch = FailAt(number, lasting=True)
        with contextlib.suppress(Refused):
            Engine(data / "changes", files=Files(watch)).prune(NOW)
        for identifier in ids:
            if not engine.show(identifier).pruned:
                for each in engine.show(identifier).transitions:
                    assert each.before
                    assert (data / "changes/blobs" / each.before.digest).exists()
        if watch.count < number:
            break
    assert blobs(data) == set()
    assert all(change.pruned for change in engine.list())


def test_the_command_says_what_can_no_longer_be_undone(
    data: Path, engine: Engine, root: Path
) -> None:
    assert "nothing to clear" in run("prune").stdout
    change = engine.apply(plan("t", "Restore it", root, [step("replace", "a", b"new")]))
    assert json.loads(run("prune", "--json").stdout)["pruned"] == []
    looked = run("prune", "--keep", "0", "--dry-run")
    assert "could no longer be undone" in looked.stdout
    assert "Restore it" in looked.stdout
    asked = run("prune", "--keep", "0")
    assert isinstance(asked.exception, Refused)
    assert asked.exception.code == "not-confirmed"
    assert not engine.show(change.id).pruned
    done = json.loads(run("prune", "--keep", "0", "--yes", "--json").stdout)
    assert done["pruned"] == [change.id]
    assert done["no_longer_undoable"][0]["title"] == "Restore it"
    assert done["bytes"] == len(b"one" + b"new")
    assert "no longer kept" in run("show", change.id).stdout


def test_new_verbs_in_the_terminal(engine: Engine, tmp_path: Path) -> None:
    held, steps = installing()
    root = plant(tmp_path / "api", held)
    change = engine.apply(plan("t", "Install", root, steps))
    shown = run("show", change.id).stdout
    assert "(was api.unpacked)" in shown
    assert "current  stale → api/sub" in shown
    undo = run("undo", change.id, "--dry-run").stdout
    assert "make folder  stale" in undo
    assert "with all 1 files in it" in undo or "with the file in it" in undo
    assert "rename  api → api.unpacked" in undo
    assert "switch  current → stale  (now api/sub)" in undo


def test_a_quiet_recovery_puts_right_and_says_so(
    data: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(root)
    assert not needs_recovery(data)
    recover_quietly(data)
    assert not data.exists()
    with pytest.raises(Refused):
        Engine(data / "changes", files=Files(FailAt(75, lasting=True))).apply(
            plan("t", "A restore", root, [step("remove", "t"), step("replace", "a", b"new")])
        )
    assert needs_recovery(data)
    recover_quietly(data)
    assert tree(root) == before
    assert "A restore" in capsys.readouterr().err
    assert not needs_recovery(data)


def test_a_quiet_recovery_that_cannot_be_says_so_and_stops_nothing(
    data: Path, engine: Engine, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change = engine.apply(plan("t", "t", root, [step("remove", "a")]))
    (data / f"changes/journal/{change.id}.json").write_text("{}")
    (data / f"changes/pending/{change.id}").touch()
    recover_quietly(data)
    assert "cannot be read" in capsys.readouterr().err


def test_looking_for_something_to_recover_loads_no_engine(data: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from deskside.foundation.changes.recovery import recover_quietly;"
        f"recover_quietly(Path({str(data)!r}));"
        "assert 'deskside.foundation.changes.engine' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
