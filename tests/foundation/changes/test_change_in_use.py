"""Files that a program holds, as on Windows: they can be renamed, not replaced or removed.

Simulated: the refusals are those of Windows for a mapped library, here made by the file layer.
"""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path

import pytest

from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.files import Files
from deskside.foundation.changes.model import State
from deskside.foundation.changes.places import Folder, Place
from deskside.foundation.changes.planning import plan
from deskside.foundation.errors import Refused, Unavailable

from .change_trees import Counter, contents, leftovers, plant, step, tree

STEPS = [
    step("remove", "x_old.dll"),
    step("rename", "x.dll", target="x_old.dll"),
    step("write", "x.dll", b"new"),
    step("remove", "gone.dll"),
]
HELD = {"x.dll": b"old", "x_old.dll": b"older", "gone.dll": b"bye"}


class Held(Files):
    """Refuses to replace or remove what is held; perhaps to rename it, too."""

    waits = (0.0, 0.0)

    def __init__(self, watch: Counter | None = None, *paths: Path, rename: bool = True) -> None:
        super().__init__(watch)
        self.held = {path.stat().st_ino for path in paths}
        self.rename = rename

    def _over(self, giver: Folder, name: str, taker: Folder, new: str) -> None:
        self._refuse(taker, new)
        super()._over(giver, name, taker, new)

    def _unlink(self, folder: Folder, name: str) -> None:
        self._refuse(folder, name)
        super()._unlink(folder, name)

    def move(self, source: Place, target: Place) -> None:
        info = self.look(source)
        if not self.rename and info and info.st_ino in self.held:
            raise _refusal(source.full)
        super().move(source, target)

    def _refuse(self, folder: Folder, name: str) -> None:
        info = folder.look(name)
        if info and info.st_ino in self.held:
            raise _refusal(folder.path / name)


def _refusal(path: Path) -> PermissionError:
    error = PermissionError(errno.EACCES, "in use", str(path))
    error.winerror = 32  # type: ignore[attr-defined]
    return error


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return plant(tmp_path / "root", HELD)


def every(root: Path) -> list[Path]:
    return [root / name for name in HELD]


def test_what_is_in_use_is_moved_aside_and_cleared_once_it_is_free(
    root: Path, tmp_path: Path
) -> None:
    before = tree(root)
    busy = Held(None, *every(root))
    engine = Engine(tmp_path / "changes", files=busy)
    change = engine.apply(plan("t", "t", root, STEPS))
    assert change.state is State.APPLIED
    assert contents(root, asides=False) == {"x.dll": b"new", "x_old.dll": b"old"}
    assert leftovers(root), "it is in use"
    assert engine.recover() == []
    assert leftovers(root), "it still is"
    engine.undo(change.id)
    assert tree(root, asides=False) == before
    busy.held.clear()
    assert engine.recover() == []
    assert tree(root) == before


def test_what_cannot_even_be_renamed_is_said_and_nothing_changes(
    root: Path, tmp_path: Path
) -> None:
    before = tree(root)
    engine = Engine(tmp_path / "changes", files=Held(None, root / "gone.dll", rename=False))
    with pytest.raises(Unavailable) as refused:
        engine.apply(plan("t", "t", root, STEPS))
    assert refused.value.code == "file-in-use"
    assert "gone.dll" in refused.value.message
    Engine(tmp_path / "changes").recover()
    assert tree(root) == before


def test_a_scanner_that_lets_go_after_a_moment_is_waited_for(root: Path, tmp_path: Path) -> None:
    class Scanner(Counter):
        def __call__(self, operation: str, path: Path) -> None:
            if operation in ("replace", "move") and path.name == "x.dll":
                self.count += 1
                if self.count < 4:
                    raise _refusal(path)

    files = Held(Scanner())
    files.waits = (0.0,) * 5
    engine = Engine(tmp_path / "changes", files=files)
    engine.apply(plan("t", "t", root, [step("replace", "x.dll", b"new")]))
    assert (root / "x.dll").read_bytes() == b"new"


@pytest.mark.parametrize("lasting", [False, True])
def test_failures_while_files_are_in_use_leave_the_old_or_the_new(
    tmp_path: Path, lasting: bool
) -> None:
    class Stop(Counter):
        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

        def __call__(self, operation: str, path: Path) -> None:
            self.count += 1
            if self.count == self.number or (lasting and self.count > self.number):
                raise OSError(errno.EIO, "broken", str(path))

    for number in range(1, 1000):
        root = plant(tmp_path / str(number) / "root", HELD)
        journal = tmp_path / str(number) / "changes"
        before, watch = tree(root), Stop(number)
        busy = Held(watch, *every(root))
        with contextlib.suppress(Refused):
            Engine(journal, files=busy).apply(plan("t", "t", root, STEPS))
        watch.number = 10**9
        Engine(journal, files=busy).recover()
        applied = [change.state for change in Engine(journal).list()] == [State.APPLIED]
        must = {"x.dll": b"new", "x_old.dll": b"old"} if applied else HELD
        assert contents(root, asides=False) == must
        busy.held.clear()
        Engine(journal, files=busy).recover()
        assert leftovers(root) == []
        assert applied or tree(root) == before
        if watch.count < number:
            return
    raise AssertionError("never done")
