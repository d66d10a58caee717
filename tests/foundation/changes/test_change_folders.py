"""Folders that are made, renamed and removed whole, and pointers that are switched."""

from __future__ import annotations

import os
import stat
import unicodedata
from pathlib import Path, PurePosixPath

import pytest

from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.files import Files
from deskside.foundation.changes.model import Plan, State, Step, Verb
from deskside.foundation.changes.planning import plan
from deskside.foundation.changes.reading import Reader, pointer_target
from deskside.foundation.errors import Refused

from .change_trees import Counter, installing, leftovers, plant, shape, step, tree

CURRENT = PurePosixPath("current")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return plant(
        tmp_path / "root",
        {"new/lib": b"new", "new/sub/x": b"x", "old/lib": b"old", "old/sub/y": b"y", "f": b"f"},
    )


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path / "data" / "changes", wait=0.2)


def planned(root: Path, *steps: Step, files: Files | None = None) -> Plan:
    return plan("test.tool", "A test", root, steps, files=files)


class Names(Counter):
    """Every operation that was done, with the last part of its path."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[tuple[str, str]] = []

    def __call__(self, operation: str, path: Path) -> None:
        self.done.append((operation, path.name))


def test_a_folder_takes_its_name_in_one_step_and_nothing_in_it_is_touched(
    root: Path, tmp_path: Path
) -> None:
    inode = (root / "new/lib").stat().st_ino
    watch = Names()
    engine = Engine(tmp_path / "changes", files=Files(watch))
    change = engine.apply(planned(root, step("rename", "new", target="api/2")))
    assert (root / "api/2/lib").stat().st_ino == inode
    assert [name for operation, name in watch.done if operation == "move"] == ["2"]
    assert list((tmp_path / "changes/blobs").iterdir()) == [], "nothing need be kept"
    engine.undo(change.id)
    assert (root / "new/lib").stat().st_ino == inode
    assert not (root / "api").exists()


def test_a_folder_is_exchanged_for_another_and_comes_back_exactly(
    engine: Engine, root: Path
) -> None:
    (root / "old/sub/y").chmod(0o755)
    (root / "old/sub/link").symlink_to("/etc/passwd")
    (root / "old/empty").mkdir()
    (root / "old/sub").chmod(0o550)
    os.utime(root / "old/sub", ns=(10**18, 10**18))
    before = tree(root)
    change = engine.apply(planned(root, step("remove", "old"), step("rename", "new", target="old")))
    assert (root / "old/lib").read_bytes() == b"new"
    assert not (root / "new").exists()
    assert leftovers(root) == []
    engine.undo(change.id)
    assert tree(root) == before
    assert stat.S_IMODE((root / "old/sub").stat().st_mode) == 0o550
    assert (root / "old/sub").stat().st_mtime_ns == 10**18


def test_an_equal_folder_that_is_installed_again_changes_nothing(
    engine: Engine, root: Path
) -> None:
    plant(root, {"again/lib": b"new", "again/sub/x": b"x"})
    steps = step("remove", "new"), step("rename", "again", target="new")
    change = engine.apply(planned(root, *steps))
    assert change.paths == ("again",)
    engine.undo(change.id)
    assert (root / "again/sub/x").read_bytes() == b"x"


def test_a_file_and_a_folder_exchange_their_names(engine: Engine, root: Path) -> None:
    before = tree(root)
    change = engine.apply(
        planned(
            root,
            step("rename", "f", target="spare"),
            step("rename", "new", target="f"),
            step("rename", "spare", target="new"),
        )
    )
    assert (root / "f/lib").read_bytes() == b"new"
    assert (root / "new").read_bytes() == b"f"
    engine.undo(change.id)
    assert tree(root) == before


def test_an_empty_folder_is_not_an_empty_file(engine: Engine, tmp_path: Path) -> None:
    root = plant(tmp_path / "empty", {"f": b""})
    change = engine.apply(planned(root, step("remove", "f"), step("make-folder", "f")))
    assert (root / "f").is_dir()
    engine.undo(change.id)
    assert (root / "f").read_bytes() == b""


def test_two_folders_cannot_exchange_their_names_in_one_plan(root: Path) -> None:
    steps = (
        step("rename", "new", target="spare"),
        step("rename", "old", target="new"),
        step("rename", "spare", target="old"),
    )
    with pytest.raises(Refused) as refused:
        planned(root, *steps)
    assert refused.value.code == "plan-impossible"


def test_a_plan_is_refused_once_anything_in_a_folder_has_changed(
    engine: Engine, root: Path
) -> None:
    made = planned(root, step("remove", "old"))
    (root / "old/sub/more").write_bytes(b"somebody's")
    with pytest.raises(Refused) as refused:
        engine.apply(made)
    assert refused.value.code == "plan-outdated"
    assert (root / "old/sub/more").read_bytes() == b"somebody's"


def test_undo_refuses_a_folder_that_is_in_use_since(engine: Engine, root: Path) -> None:
    change = engine.apply(planned(root, step("make-folder", "deep/empty")))
    assert (root / "deep/empty").is_dir()
    (root / "deep/empty/work").write_bytes(b"mine")
    with pytest.raises(Refused) as refused:
        engine.undo(change.id)
    assert refused.value.code == "changed-since"
    (root / "deep/empty/work").unlink()
    engine.undo(change.id)
    assert not (root / "deep").exists()


@pytest.mark.parametrize("links", [True, False])
def test_a_pointer_is_made_switched_and_put_back(root: Path, tmp_path: Path, links: bool) -> None:
    files = Files(links=links)
    reader = Reader(links=links)
    engine = Engine(tmp_path / "changes", files=files)
    first = engine.apply(planned(root, step("switch", "current", target="old"), files=files))
    assert pointer_target(root, CURRENT, reader=reader) == PurePosixPath("old")
    made = planned(root, step("switch", "current", target="new/sub"), files=files)
    second = engine.apply(made)
    assert pointer_target(root, CURRENT, reader=reader) == PurePosixPath("new/sub")
    if links:
        assert (root / "current/x").read_bytes() == b"x"
        assert str((root / "current").readlink()) == "new/sub"
    else:
        assert (root / "current").read_text() == "new/sub\n"
    engine.undo(second.id)
    assert pointer_target(root, CURRENT, reader=reader) == PurePosixPath("old")
    engine.undo(first.id)
    assert pointer_target(root, CURRENT, reader=reader) is None
    assert not (root / "current").is_symlink()


def test_a_pointer_says_the_way_from_where_it_is(engine: Engine, root: Path) -> None:
    engine.apply(planned(root, step("switch", "old/now", target="new/sub")))
    assert str((root / "old/now").readlink()) == "../new/sub"
    assert pointer_target(root, PurePosixPath("old/now")) == PurePosixPath("new/sub")


@pytest.mark.parametrize(
    "steps",
    [
        [step("rename", "new", target="v/1"), step("switch", "current", target="v/1")],
        [step("rename", "new", target="v/1"), step("switch", "current", target="v/1/sub")],
        [step("switch", "current", target="v/1"), step("make-folder", "v/1")],
        [step("write", "v/1/lib", b""), step("switch", "current", target="v/1")],
    ],
)
def test_a_pointer_may_point_to_what_the_plan_makes(
    engine: Engine, root: Path, steps: list[Step]
) -> None:
    engine.apply(planned(root, *steps))
    assert (root / "current").is_dir()


@pytest.mark.parametrize(
    "steps",
    [
        [step("switch", "current", target="nowhere")],
        [step("switch", "current", target="f")],
        [step("switch", "current")],
        [step("switch", "current", target="current")],
        [step("switch", "f", target="new")],
        [step("remove", "old"), step("switch", "current", target="old")],
        [step("remove", "old"), step("switch", "current", target="old/sub")],
        [step("rename", "old", target="v"), step("switch", "current", target="old")],
        [step("make-folder", "f")],
        [step("make-folder", "v"), step("write", "v/x", b"")],
        [step("rename", "new", target="new/inner")],
    ],
)
def test_impossible_steps_are_refused(root: Path, steps: list[Step]) -> None:
    with pytest.raises(Refused) as refused:
        planned(root, *steps)
    assert refused.value.code == "plan-impossible"


def test_a_pointer_never_points_out(root: Path) -> None:
    for target in ("../outside", "/etc"):
        with pytest.raises(Refused) as refused:
            planned(root, step("switch", "current", target=target))
        assert refused.value.code == "outside-root"


def test_a_small_file_of_somebody_is_no_pointer(root: Path) -> None:
    plant(root, {"current": b"two\nlines"})
    files = Files(links=False)
    with pytest.raises(Refused) as refused:
        planned(root, step("switch", "current", target="new"), files=files)
    assert refused.value.code == "plan-impossible"
    assert pointer_target(root, CURRENT, reader=files) is None


@pytest.mark.parametrize("verb", ["write", "replace", "rename"])
def test_a_pointer_is_only_switched_or_removed(root: Path, verb: str) -> None:
    (root / "current").symlink_to("old")
    with pytest.raises(Refused) as refused:
        planned(root, step(verb, "current", b"x", "spare"))
    assert refused.value.code == "through-link"


def test_a_pointer_can_be_removed(engine: Engine, root: Path) -> None:
    (root / "current").symlink_to("old")
    change = engine.apply(planned(root, step("remove", "current")))
    assert not (root / "current").is_symlink()
    assert (root / "old/lib").exists()
    engine.undo(change.id)
    assert str((root / "current").readlink()) == "old"


NFC = unicodedata.normalize("NFC", "é")


@pytest.mark.parametrize(
    ("one", "other"), [("A", "a"), ("Api/x", "api/X"), (NFC, unicodedata.normalize("NFD", NFC))]
)
def test_names_that_some_file_systems_cannot_tell_apart_are_refused(
    root: Path, one: str, other: str
) -> None:
    with pytest.raises(Refused) as refused:
        planned(root, step("write", one, b"x"), step("write", other, b"y"))
    assert refused.value.code == "plan-impossible"
    assert other in refused.value.message


def test_a_path_within_another_is_seen_whatever_the_case(root: Path) -> None:
    with pytest.raises(Refused):
        planned(root, step("write", "Api", b"x"), step("write", "api/x", b"y"))


def test_special_files_in_a_folder_are_refused(root: Path) -> None:
    os.mkfifo(root / "old/pipe")
    with pytest.raises(Refused) as refused:
        planned(root, step("remove", "old"))
    assert refused.value.code == "not-a-file"


def test_what_is_shown_before_undo_says_what_undo_does(engine: Engine, tmp_path: Path) -> None:
    held, steps = installing()
    root = plant(tmp_path / "installed", held)
    change = engine.apply(planned(root, *steps))
    shown = [(s.verb.value, str(s.path), str(s.target)) for s in engine.plan_undo(change.id).steps]
    assert shown[0] == ("remove", "empty", "None")
    assert shown.index(("rename", "api", "api.unpacked")) < shown.index(
        ("rename", "kept/api-1", "api")
    )
    assert ("make-folder", "stale", "None") in shown
    assert ("switch", "current", "stale") in shown
    engine.undo(change.id)
    assert engine.show(change.id).state is State.UNDONE
    assert shape(root) == {**shape(plant(tmp_path / "like", held))}


def test_what_was_prepared_for_a_change_goes_with_it(root: Path, engine: Engine) -> None:
    plant(root, {"versions/.new/lib": b"lib", "versions/.new/sub/x": b"x"})
    before = {name for name in tree(root) if not name.startswith("versions")}
    brought = Step(
        Verb.RENAME,
        PurePosixPath("versions/.new"),
        target=PurePosixPath("versions/1"),
        prepared=True,
    )
    change = engine.apply(planned(root, brought))
    assert (root / "versions/1/lib").read_bytes() == b"lib"
    engine.undo(change.id)
    assert set(tree(root)) == before
    assert engine.show(change.id).state is State.UNDONE


def test_what_was_prepared_goes_where_the_change_fails(root: Path, tmp_path: Path) -> None:
    plant(root, {"versions/.new/lib": b"lib"})
    before = {name for name in tree(root) if not name.startswith("versions")}
    brought = Step(
        Verb.RENAME,
        PurePosixPath("versions/.new"),
        target=PurePosixPath("versions/1"),
        prepared=True,
    )

    def fail(operation: str, path: Path) -> None:
        if operation == "move" and path.name == "1":
            raise OSError(28, "No space left on device")

    engine = Engine(tmp_path / "changes", files=Files(fail))
    with pytest.raises(Refused):
        engine.apply(planned(root, brought))
    assert set(tree(root)) == before
