"""Links of all kinds: never followed out of the root, never written through."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path, PurePosixPath

import pytest

from deskside.foundation.changes import files as files_module
from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.files import Files
from deskside.foundation.changes.planning import plan
from deskside.foundation.changes.reading import pointer_target
from deskside.foundation.errors import DesksideError, Refused

from .change_trees import Counter, contents, plant, shape, step


def test_replacing_a_file_with_other_names_leaves_those_alone(tmp_path: Path) -> None:
    root = plant(tmp_path / "root", {"tws.xml": b"one", "gone": b"bye"})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.hardlink_to(root / "tws.xml")
    made = plan("t", "t", root, [step("replace", "tws.xml", b"two")], remarks=["mind the gap"])
    assert made.remarks[0] == "mind the gap"
    assert "tws.xml has another name" in made.remarks[1]
    assert made.as_json()["remarks"] == list(made.remarks)
    engine = Engine(tmp_path / "changes")
    change = engine.apply(made)
    assert (root / "tws.xml").read_bytes() == b"two"
    assert elsewhere.read_bytes() == b"one"
    elsewhere.write_bytes(b"changed by its other name")
    engine.undo(change.id)
    assert (root / "tws.xml").read_bytes() == b"one"
    assert elsewhere.read_bytes() == b"changed by its other name"


def test_a_renamed_file_stays_itself(tmp_path: Path) -> None:
    root = plant(tmp_path / "root", {"x.dll": b"one", "x_old.dll": b"older"})
    (tmp_path / "elsewhere").hardlink_to(root / "x.dll")
    with contextlib.suppress(OSError):
        os.setxattr(root / "x.dll", "user.origin", b"setup")
    inode = (root / "x.dll").stat().st_ino
    names = os.listxattr(root / "x.dll")
    engine = Engine(tmp_path / "changes")
    steps = [
        step("remove", "x_old.dll"),
        step("rename", "x.dll", target="x_old.dll"),
        step("write", "x.dll", b"new"),
    ]
    change = engine.apply(plan("t", "t", root, steps))
    assert (root / "x_old.dll").stat().st_ino == inode
    assert os.listxattr(root / "x_old.dll") == names
    engine.undo(change.id)
    assert (root / "x.dll").stat().st_ino == inode
    assert (root / "x.dll").stat().st_nlink == 2
    assert contents(root) == {"x.dll": b"one", "x_old.dll": b"older"}


def test_where_second_names_are_unknown_a_renamed_file_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_arguments: object, **_options: object) -> None:
        raise PermissionError(1, "not here")

    monkeypatch.setattr(os, "link", no_links)
    root = plant(tmp_path / "root", {"a": b"one"})
    time = (root / "a").stat().st_mtime_ns
    engine = Engine(tmp_path / "changes")
    change = engine.apply(plan("t", "t", root, [step("rename", "a", target="b")]))
    assert contents(root) == {"b": b"one"}
    assert (root / "b").stat().st_mtime_ns == time
    engine.undo(change.id)
    assert contents(root) == {"a": b"one"}


@pytest.mark.parametrize("link", ["../outside", "..", "/etc", "a/../../outside"])
def test_a_link_that_leads_out_is_no_pointer(tmp_path: Path, link: str) -> None:
    root = plant(tmp_path / "root", {"a/b": b""})
    plant(tmp_path / "outside", {"file": b"mine"})
    (root / "current").symlink_to(link)
    for attempt in (
        lambda: pointer_target(root, PurePosixPath("current")),
        lambda: plan("t", "t", root, [step("switch", "current", target="a")]),
        lambda: plan("t", "t", root, [step("remove", "current")]),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.code == "through-link"


def test_a_pointer_over_another_link_is_refused(tmp_path: Path) -> None:
    root = plant(tmp_path / "root", {"a/b": b""})
    outside = plant(tmp_path / "outside", {"b/file": b"mine"})
    (root / "way").symlink_to(outside)
    (root / "current").symlink_to("way/b")
    with pytest.raises(Refused) as refused:
        pointer_target(root, PurePosixPath("current"))
    assert refused.value.code == "through-link"
    with pytest.raises(Refused):
        plan("t", "t", root, [step("switch", "new", target="way/b")])


def test_links_in_a_folder_that_goes_are_not_followed(tmp_path: Path) -> None:
    root = plant(tmp_path / "root", {"old/x": b"x"})
    outside = plant(tmp_path / "outside", {"file": b"mine"})
    (root / "old/way").symlink_to(outside)
    engine = Engine(tmp_path / "changes")
    change = engine.apply(plan("t", "t", root, [step("remove", "old")]))
    assert contents(outside) == {"file": b"mine"}
    engine.undo(change.id)
    assert (root / "old/way").readlink() == outside


class SwapAt(Counter):
    """Exchanges a folder for a link that leads out, just before the n-th operation."""

    def __init__(self, number: int, folder: Path, outside: Path) -> None:
        super().__init__()
        self.number, self.folder, self.outside = number, folder, outside

    def __call__(self, operation: str, path: Path) -> None:
        self.count += 1
        if self.count == self.number:
            self.folder.rename(self.folder.with_name("moved-away"))
            self.folder.symlink_to(self.outside)


@pytest.mark.parametrize(("swapped", "stride"), [("d", 3), ("d/e", 1)])
def test_a_folder_exchanged_for_a_link_at_any_moment_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swapped: str, stride: int
) -> None:
    monkeypatch.setattr(files_module, "_force", lambda descriptor: None)
    steps = [
        step("replace", "d/e/file", b"ours"),
        step("remove", "d/e/gone"),
        step("remove", "d/e/tree"),
        step("rename", "d/e/from", target="d/e/to"),
        step("write", "d/e/new/x", b"ours"),
        step("make-folder", "d/e/empty"),
        step("switch", "d/e/now", target="d/e/other"),
    ]
    held = {"file": b"1", "gone": b"2", "tree/t": b"3", "from/f": b"4", "other/o": b"5"}
    for number in range(1, 10_000, stride):
        place = tmp_path / str(number)
        root = plant(place / "root", {f"d/e/{name}": content for name, content in held.items()})
        outside = plant(place / "outside", {"e/file": b"mine"} | held)
        plant(outside, {f"e/{name}": content for name, content in held.items()})
        before = shape(outside)
        watch = SwapAt(number, root / swapped, outside if swapped == "d" else outside / "e")
        made = plan("t", "t", root, steps)
        with contextlib.suppress(DesksideError):
            Engine(place / "changes", files=Files(watch)).apply(made)
        with contextlib.suppress(DesksideError):
            Engine(place / "changes").recover()
        assert shape(outside) == before, number
        if watch.count < number:
            return
    raise AssertionError("never done")
