"""What the change engine promises when nothing goes wrong, and what it refuses."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings

from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.ids import sortable_id
from deskside.foundation.changes.model import Change, Plan, State, Step
from deskside.foundation.changes.planning import plan
from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import NotFound, Refused, Unavailable

from .change_strategies import trees_and_steps
from .change_trees import (
    contents,
    eventful,
    expected,
    leftovers,
    plant,
    shape,
    step,
    tree,
)


def planned(root: Path, *steps: Step) -> Plan:
    return plan("test.tool", "A test", root, steps)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return plant(tmp_path / "root", {"tws.xml": b"one", "d/e": b"two"})


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path / "data" / "changes", wait=0.2)


@given(trees_and_steps())
@settings(max_examples=60, deadline=None)
def test_apply_does_what_the_steps_say_and_undo_is_its_inverse(case) -> None:
    files, steps = case
    with tempfile.TemporaryDirectory() as folder:
        root = plant(Path(folder) / "root", files)
        before = tree(root)
        engine = Engine(Path(folder) / "changes")
        change = engine.apply(planned(root, *steps))
        assert shape(root) == expected(files, steps)
        assert change.state is State.APPLIED
        assert leftovers(root) == []
        assert engine.undo(change.id).state is State.UNDONE
        assert tree(root) == before


def test_a_replaced_file_keeps_its_permissions(engine: Engine, root: Path) -> None:
    (root / "tws.xml").chmod(0o604)
    engine.apply(planned(root, step("replace", "tws.xml", b"new")))
    assert stat.S_IMODE((root / "tws.xml").stat().st_mode) == 0o604


def test_a_renamed_file_keeps_its_time(engine: Engine, root: Path) -> None:
    before = (root / "tws.xml").stat().st_mtime_ns
    engine.apply(planned(root, step("rename", "tws.xml", target="tws.old")))
    assert (root / "tws.old").stat().st_mtime_ns == before


def test_undo_works_where_the_name_of_the_backup_was_taken(engine: Engine, tmp_path: Path) -> None:
    files, steps = eventful()
    root = plant(tmp_path / "dlls", files)
    before = tree(root)
    change = engine.apply(planned(root, *steps))
    assert (root / "x_old.dll").read_bytes() == files["x.dll"]
    engine.undo(change.id)
    assert tree(root) == before


def test_undo_names_what_has_changed_since_and_touches_nothing(engine: Engine, root: Path) -> None:
    change = engine.apply(
        planned(root, step("replace", "tws.xml", b"new"), step("replace", "d/e", b"new too"))
    )
    (root / "d/e").write_bytes(b"somebody's work")
    now = tree(root)
    with pytest.raises(Refused) as refused:
        engine.undo(change.id)
    assert refused.value.code == "changed-since"
    assert "d/e" in refused.value.message
    assert "tws.xml" not in refused.value.message
    assert tree(root) == now


def test_undo_accepts_a_path_that_somebody_put_back_already(engine: Engine, root: Path) -> None:
    change = engine.apply(
        planned(root, step("replace", "tws.xml", b"new"), step("replace", "d/e", b"new too"))
    )
    (root / "d/e").write_bytes(b"two")
    engine.undo(change.id)
    assert contents(root) == {"tws.xml": b"one", "d/e": b"two"}


def test_undo_leaves_a_new_folder_that_is_in_use(engine: Engine, root: Path) -> None:
    change = engine.apply(planned(root, step("write", "new/file", b"x")))
    (root / "new/other").write_bytes(b"somebody's")
    engine.undo(change.id)
    assert contents(root)["new/other"] == b"somebody's"
    assert not (root / "new/file").exists()


def test_nothing_is_undone_twice(engine: Engine, root: Path) -> None:
    change = engine.apply(planned(root, step("remove", "tws.xml")))
    engine.undo(change.id)
    with pytest.raises(Refused) as refused:
        engine.undo(change.id)
    assert refused.value.code == "nothing-to-undo"


def test_a_damaged_backup_is_found_before_anything_changes(
    engine: Engine, root: Path, tmp_path: Path
) -> None:
    change = engine.apply(planned(root, step("replace", "tws.xml", b"new")))
    for blob in (tmp_path / "data/changes/blobs").iterdir():
        blob.write_bytes(b"rotten")
    now = tree(root)
    with pytest.raises(Refused) as refused:
        engine.undo(change.id)
    assert refused.value.code == "backup-damaged"
    assert tree(root) == now
    assert engine.show(change.id).state is State.APPLIED


@pytest.mark.parametrize("path", ["../out", "/etc/passwd", "d/../../out", "", ".", "C:x", "a\\b"])
def test_a_plan_never_leaves_its_root(root: Path, path: str) -> None:
    with pytest.raises(Refused) as refused:
        planned(root, step("write", path, b"x"))
    assert refused.value.code == "outside-root"


def test_a_plan_never_runs_through_links(root: Path, tmp_path: Path) -> None:
    outside = plant(tmp_path / "outside", {"file": b"mine"})
    (root / "link").symlink_to(outside)
    (root / "file-link").symlink_to(outside / "file")
    (root / "dangling").symlink_to(outside / "nothing")
    for path in ("link/file", "file-link", "dangling"):
        with pytest.raises(Refused) as refused:
            planned(root, step("write", path, b"x"))
        assert refused.value.code == "through-link"


def test_a_link_laid_after_planning_is_refused(engine: Engine, root: Path, tmp_path: Path) -> None:
    made = planned(root, step("write", "d/new", b"x"))
    outside = plant(tmp_path / "outside", {"e": b"two"})
    (root / "d/e").unlink()
    (root / "d").rmdir()
    (root / "d").symlink_to(outside)
    with pytest.raises(Refused) as refused:
        engine.apply(made)
    assert refused.value.code == "through-link"
    assert contents(outside) == {"e": b"two"}


@pytest.mark.parametrize(
    "steps",
    [
        [step("write", "tws.xml", b"x")],
        [step("write", "new")],
        [step("replace", "absent", b"x")],
        [step("remove", "absent")],
        [step("rename", "absent", target="b")],
        [step("rename", "tws.xml", target="d/e")],
        [step("rename", "tws.xml")],
        [step("write", "n", b"x"), step("write", "n/m", b"x")],
    ],
)
def test_impossible_steps_are_refused_when_planning(root: Path, steps: list[Step]) -> None:
    with pytest.raises(Refused) as refused:
        planned(root, *steps)
    assert refused.value.code == "plan-impossible"


def test_a_folder_in_the_way_is_refused(root: Path) -> None:
    with pytest.raises(Refused) as refused:
        planned(root, step("write", "d", b"x"))
    assert refused.value.code == "not-a-file"


def test_a_root_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        planned(tmp_path / "nowhere", step("write", "x", b"x"))


def move_content(root: Path) -> None:
    (root / "tws.xml").write_bytes(b"moved")


def move_away(root: Path) -> None:
    (root / "tws.xml").unlink()


@pytest.mark.parametrize("move", [move_content, move_away])
def test_a_plan_is_refused_once_the_world_has_moved(engine: Engine, root: Path, move) -> None:
    made = planned(root, step("replace", "tws.xml", b"new"), step("replace", "d/e", b"new"))
    move(root)
    now = tree(root)
    with pytest.raises(Refused) as refused:
        engine.apply(made)
    assert refused.value.code == "plan-outdated"
    assert tree(root) == now


def test_a_plan_applies_once(engine: Engine, root: Path) -> None:
    made = planned(root, step("write", "new", b"x"))
    engine.apply(made)
    with pytest.raises(Refused):
        engine.apply(made)


def test_a_plan_without_pinned_inputs_is_refused(engine: Engine, root: Path) -> None:
    made = replace(planned(root, step("replace", "tws.xml", b"new")), inputs={})
    with pytest.raises(Refused):
        engine.apply(made)


def test_the_journal_is_private_and_lists_the_latest_first(
    engine: Engine, root: Path, tmp_path: Path
) -> None:
    first = engine.apply(planned(root, step("replace", "tws.xml", b"new")))
    second = engine.apply(planned(root, step("remove", "d/e")))
    assert [change.id for change in engine.list()] == [second.id, first.id]
    assert engine.show(first.id) == first
    for path in (tmp_path / "data/changes").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    with pytest.raises(NotFound):
        engine.show("../../etc/passwd")


def test_recovery_has_nothing_to_do_where_nothing_happened(tmp_path: Path) -> None:
    assert Engine(tmp_path / "nowhere").recover() == []
    assert not (tmp_path / "nowhere").exists()


def test_a_record_of_a_newer_version_is_refused_clearly(
    engine: Engine, root: Path, tmp_path: Path
) -> None:
    change = engine.apply(planned(root, step("remove", "d/e")))
    record = tmp_path / f"data/changes/journal/{change.id}.json"
    record.write_text(record.read_text().replace('"format": 2', '"format": 3'))
    with pytest.raises(Refused) as refused:
        engine.list()
    assert refused.value.code == "journal-unreadable"


def test_identifiers_sort_by_time_even_if_the_clock_goes_back() -> None:
    now = FrozenClock().now()
    names = [""]
    for _ in range(50):
        names.append(sortable_id(now, names[-1]))
    assert names == sorted(names)
    assert {len(name) for name in names[1:]} == {12}


HOLDER = """
import sys, time
from contextlib import ExitStack
from pathlib import Path
from deskside.foundation.changes.lock import journal_lock, root_lock
journal, root = map(Path, sys.argv[1:])
journal.mkdir(parents=True, exist_ok=True)
with journal_lock(journal, 0), root_lock(root, 0):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("journal", ["data/changes", "elsewhere"])
def test_two_processes_never_change_one_root_at_once_and_a_dead_one_holds_nothing(
    engine: Engine, root: Path, tmp_path: Path, journal: str
) -> None:
    made = planned(root, step("replace", "tws.xml", b"new"))
    arguments = [sys.executable, "-c", HOLDER, str(tmp_path / journal), str(root)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Unavailable) as busy:
            engine.apply(made)
        assert busy.value.code == "changes-busy"
        holder.kill()
    assert engine.apply(made).state is State.APPLIED


def test_several_processes_change_one_root_one_after_the_other(tmp_path: Path, root: Path) -> None:
    script = """
import sys
from pathlib import Path, PurePosixPath
from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.model import Step, Verb, digest
from deskside.foundation.changes.planning import plan
from deskside.foundation.errors import Refused
folder, root, name = sys.argv[1:]
engine, done = Engine(Path(folder), wait=30), 0
while done < 5:
    now = (Path(root) / "tws.xml").read_bytes()
    step = Step(Verb.REPLACE, PurePosixPath("tws.xml"), now + name.encode())
    made = plan("t", "t", Path(root), [step])
    if made.inputs[step.path] != digest(now):
        continue  # somebody else was between our look and the plan's
    try:
        engine.apply(made)
        done += 1
    except Refused as refused:
        assert refused.code == "plan-outdated", refused.code
"""
    workers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "c"), str(root), name])
        for name in "xyz"
    ]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    assert sorted((root / "tws.xml").read_bytes()) == sorted(b"one" + b"xyz" * 5)


def test_what_the_system_refuses_is_said_in_words(engine: Engine, root: Path) -> None:
    made = planned(root, step("replace", "tws.xml", b"new"))
    blocked = Engine(root / "tws.xml" / "below", wait=0.2)
    now = tree(root)
    with pytest.raises(Refused):
        blocked.apply(made)
    assert tree(root) == now


def test_an_unchanged_replacement_changes_nothing(engine: Engine, root: Path) -> None:
    before = tree(root)
    change: Change = engine.apply(planned(root, step("replace", "tws.xml", b"one")))
    assert change.paths == ()
    assert tree(root) == before


def test_owners_are_kept(engine: Engine, root: Path) -> None:
    if os.geteuid() == 0:
        os.chown(root / "tws.xml", 1234, 4321)
    owner = (root / "tws.xml").stat().st_uid
    engine.apply(planned(root, step("replace", "tws.xml", b"new")))
    assert (root / "tws.xml").stat().st_uid == owner


def test_paths_are_shown_relative_to_the_root(root: Path) -> None:
    shown = planned(root, step("rename", "d/e", target="d/f")).as_json()
    assert shown["steps"][0]["path"] == "d/e"
    assert shown["inputs"]["d/f"] == "absent"
    assert PurePosixPath(shown["root"]) == PurePosixPath(root)
