"""Every operation made to fail in turn: afterwards a tree is old or new, never between."""

from __future__ import annotations

import contextlib
import errno
import resource
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskside.foundation.changes import files
from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.files import Files
from deskside.foundation.changes.model import FINAL, Plan, State, Step
from deskside.foundation.changes.planning import plan
from deskside.foundation.errors import DesksideError, Refused

from .change_strategies import trees_and_steps
from .change_trees import (
    SCENARIOS,
    Counter,
    FailAt,
    Shape,
    Tree,
    contents,
    expected,
    leftovers,
    plant,
    shape,
    step,
    tree,
)


@pytest.fixture(autouse=True)
def _no_forcing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operations fail here, the power does not: what is written need not be on the disk."""
    monkeypatch.setattr(files, "_force", lambda descriptor: None)


class Stage:
    """A root, its journal, and a plan; apply or undo it with some operation failing."""

    def __init__(self, folder: Path, held: Shape, steps: list[Step], verb: str) -> None:
        self.root = plant(folder / "root", held)
        self.journal = folder / "changes"
        self.files = held
        self.made: Plan = plan("t", "t", self.root, steps)
        self.start, self.undoing = tree(self.root), verb == "undo"
        if self.undoing:
            self.change = Engine(self.journal).apply(self.made)
            self.start = tree(self.root)

    def act(self, watch: Counter, chunk: int = 1 << 20) -> Tree | None:
        """Act on it; the tree as it must be now, or None if recovery is yet to decide.

        What could not be cleared is left to the next command.
        """
        engine = Engine(self.journal, files=Files(watch, chunk=chunk))
        try:
            engine.undo(self.change.id) if self.undoing else engine.apply(self.made)
        except DesksideError as error:
            return None if error.code == "not-put-back" else self.start
        assert contents(self.root, asides=False) == files_of(self.goal())
        Engine(self.journal).recover()
        return tree(self.root)

    def inspect(self, must: Tree | None) -> None:
        """Make sure that all is as it must be, now and after recovery, and nothing is left."""
        assert must is None or tree(self.root, asides=False) == must
        Engine(self.journal).recover()
        assert must is None or tree(self.root) == must
        assert shape(self.root) == self.goal()
        assert leftovers(self.root) == []

    def goal(self) -> Shape:
        """The shape that the journal claims."""
        done = {change.state for change in Engine(self.journal).list()} == {State.APPLIED}
        return expected(self.files, self.made.steps if done else [])


def operations(folder: Path, scenario: str, verb: str) -> int:
    watch = Counter()
    stage = Stage(folder / "count", *SCENARIOS[scenario](), verb)
    assert stage.act(watch) != stage.start
    return watch.count


def files_of(shape: Shape) -> dict[str, bytes]:
    return {name: each for name, each in shape.items() if isinstance(each, bytes)}


ERRORS = (errno.EIO, errno.ENOSPC, errno.EACCES, errno.EROFS)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("verb", ["apply", "undo"])
def test_one_failure_leaves_the_old_or_the_new(tmp_path: Path, scenario: str, verb: str) -> None:
    total = operations(tmp_path, scenario, verb)
    assert total > 60
    for number in range(1, total + 1):
        stage = Stage(tmp_path / str(number), *SCENARIOS[scenario](), verb)
        watch = FailAt(number, ERRORS[number % 4])
        must = stage.act(watch)
        assert watch.count >= number
        assert must is not None
        stage.inspect(must)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("verb", ["apply", "undo"])
def test_a_disk_that_stays_broken_is_put_right_by_the_next_command(
    tmp_path: Path, scenario: str, verb: str
) -> None:
    for number in range(1, operations(tmp_path, scenario, verb) + 1, 2):
        stage = Stage(tmp_path / str(number), *SCENARIOS[scenario](), verb)
        stage.inspect(stage.act(FailAt(number, ERRORS[number % 4], lasting=True)))
        states = {change.state for change in Engine(stage.journal).list()}
        assert states <= FINAL


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_recovery_that_fails_is_finished_by_the_next(tmp_path: Path, scenario: str) -> None:
    total = operations(tmp_path, scenario, "apply")
    for number in range(total // 2, total, 5):
        for again in range(1, 60, 12):
            stage = Stage(tmp_path / f"{number}-{again}", *SCENARIOS[scenario](), "apply")
            must = stage.act(FailAt(number, lasting=True))
            with contextlib.suppress(DesksideError):
                Engine(stage.journal, files=Files(FailAt(again, lasting=True))).recover()
            Engine(stage.journal).recover()
            stage.inspect(must)


@given(trees_and_steps(), st.integers(1, 160), st.booleans(), st.sampled_from(["apply", "undo"]))
@settings(max_examples=60, deadline=None)
def test_random_plans_survive_random_failures(case, number, lasting, verb) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), *case, verb)
        stage.inspect(stage.act(FailAt(number, lasting=lasting), chunk=64))


def test_a_full_disk_shows_before_anything_changes(tmp_path: Path) -> None:
    root = plant(tmp_path / "root", {"a": b"a", "tws.xml": b"small"})
    made = plan("t", "t", root, [step("remove", "a"), step("replace", "tws.xml", bytes(300_000))])
    before, limits = tree(root), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(Refused):
            Engine(tmp_path / "changes").apply(made)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert tree(root) == before
    assert Engine(tmp_path / "changes").list() == []


def test_work_that_appears_during_recovery_is_left_alone_and_named(tmp_path: Path) -> None:
    held = {"a": b"a", "b": b"b"}
    steps = [step("replace", "a", b"A"), step("replace", "b", b"B")]

    class BreakAfterFirst(Counter):
        broken = False

        def __call__(self, operation: str, path: Path) -> None:
            self.broken |= operation == "replace" and path.name == "b"
            if self.broken:
                raise OSError(errno.EIO, "gone")

    stage = Stage(tmp_path, held, steps, "apply")
    stage.act(BreakAfterFirst())
    (stage.root / "a").write_bytes(b"saved by the program meanwhile")
    (change,) = Engine(stage.journal).recover()
    assert change.state is State.ROLLED_BACK
    assert [str(path) for path in change.left_alone] == ["a"]
    assert (stage.root / "a").read_bytes() == b"saved by the program meanwhile"
    assert sorted(path.name for path in stage.root.iterdir()) == ["a", "b"]
