"""Processes killed with SIGKILL at every operation, at random moments, and while recovering."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.files import Files
from deskside.foundation.changes.model import State
from deskside.foundation.changes.planning import plan
from tests.foundation.changes.change_trees import (
    Counter,
    DieAt,
    Tree,
    contents,
    eventful,
    expected,
    killed,
    plant,
    tree,
)


class Scene:
    """An eventful plan, about to be applied or undone."""

    def __init__(self, folder: Path, verb: str) -> None:
        files, steps = eventful()
        self.root = plant(folder / "root", files)
        self.journal = folder / "changes"
        self.old = contents(self.root)
        self.new = expected(files, steps)
        self.made = plan("t", "t", self.root, steps)
        self.undoing = verb == "undo"
        if self.undoing:
            self.change = Engine(self.journal).apply(self.made)

    def act(self, watch: Counter) -> None:
        engine = Engine(self.journal, files=Files(watch))
        engine.undo(self.change.id) if self.undoing else engine.apply(self.made)

    def must(self) -> dict[str, bytes]:
        """The tree that the journal claims."""
        states = {change.state for change in Engine(self.journal).list()}
        return self.new if states == {State.APPLIED} else self.old


@pytest.mark.parametrize("verb", ["apply", "undo"])
def test_killed_at_every_operation(tmp_path: Path, verb: str) -> None:
    number, kills, outcomes = 1, 0, set[str]()
    while True:
        scene = Scene(tmp_path / str(number), verb)
        if not killed(lambda scene=scene, number=number: scene.act(DieAt(number))):
            break
        kills += 1
        Engine(scene.journal).recover()
        assert contents(scene.root) == scene.must(), number
        again: Tree = tree(scene.root)
        assert Engine(scene.journal).recover() == []
        assert tree(scene.root) == again
        outcomes.add("new" if contents(scene.root) == scene.new else "old")
        number += 1
    assert kills > 60
    assert outcomes == {"old", "new"}


def test_killed_again_and_again_while_recovering(tmp_path: Path) -> None:
    rng, kills = random.Random(20261122), 0
    for number in range(20, 80, 5):
        scene = Scene(tmp_path / str(number), "apply")
        kills += killed(lambda scene=scene, number=number: scene.act(DieAt(number)))
        for _ in range(4):
            at = rng.randrange(1, 40)
            kills += killed(
                lambda scene=scene, at=at: Engine(scene.journal, files=Files(DieAt(at))).recover()
            )
        Engine(scene.journal).recover()
        assert contents(scene.root) == scene.must()
    assert kills >= 15


WORKER = """
import sys
from pathlib import Path, PurePosixPath
from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.model import Step, Verb
from deskside.foundation.changes.planning import plan
folder, root = map(Path, sys.argv[1:])
engine = Engine(folder)
engine.recover()
number = int((root / "a").read_text().split()[0])
print("ready", flush=True)
while True:
    number += 1
    content = f"{number} ".encode() * 20_000
    steps = [Step(Verb.REPLACE, PurePosixPath(name), content) for name in "abc"]
    change = engine.apply(plan("t", "t", root, steps))
    if number % 3 == 0:
        engine.undo(change.id)
        number -= 1
    print(number, flush=True)
"""


def test_killed_at_random_moments_of_constant_work(tmp_path: Path) -> None:
    """Three files that must always be alike, and never older than what was acknowledged."""
    root = plant(tmp_path / "root", dict.fromkeys("abc", b"0 " * 20_000))
    rng = random.Random(7)
    for _ in range(25):
        arguments = [sys.executable, "-c", WORKER, str(tmp_path / "changes"), str(root)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as worker:
            assert worker.stdout
            assert worker.stdout.readline() == b"ready\n"
            for _line in range(rng.randrange(0, 6)):
                worker.stdout.readline()
            try:
                worker.wait(rng.random() * 0.03)
            except subprocess.TimeoutExpired:
                worker.send_signal(signal.SIGKILL)
            rest = worker.stdout.read().split()
        acknowledged = int(rest[-1]) if rest and rest[-1] != b"ready" else 0
        Engine(tmp_path / "changes").recover()
        assert len(set(contents(root).values())) == 1
        assert int((root / "a").read_text().split()[0]) >= acknowledged
