"""Kills processes that apply, undo and recover, and looks at what each leaves behind.

    python -m tests.foundation.changes.kill_driver apply|undo|recover|random FOLDER [SCENARIO]

A process of its own, so that forking is cheap and finds no other threads. Prints one JSON
document; fails at the first tree that is neither old nor new.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import filelock

from deskside.foundation.changes import files
from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.files import Files
from deskside.foundation.changes.model import State
from deskside.foundation.changes.planning import plan

from .change_trees import (
    SCENARIOS,
    Counter,
    DieAt,
    contents,
    expected,
    killed,
    leftovers,
    plant,
    shape,
    step,
    tree,
)

LOADED = filelock
"""Imported before forking, so that the killed spend their short lives on the work itself."""


class Scene:
    """An eventful plan, about to be applied or undone."""

    def __init__(self, folder: Path, verb: str, scenario: str) -> None:
        files, steps = SCENARIOS[scenario]()
        self.root = plant(folder / "root", files)
        self.journal = folder / "changes"
        self.old = shape(self.root)
        self.new = expected(files, steps)
        self.made = plan("t", "t", self.root, steps)
        self.undoing = verb == "undo"
        if self.undoing:
            self.change = Engine(self.journal).apply(self.made)

    def act(self, watch: Counter) -> None:
        """Apply or undo."""
        engine = Engine(self.journal, files=Files(watch))
        engine.undo(self.change.id) if self.undoing else engine.apply(self.made)

    def recover(self, watch: Counter | None = None) -> None:
        """What the next command does first."""
        Engine(self.journal, files=Files(watch)).recover()

    def inspect(self) -> str:
        """Make sure that the tree is what the journal claims, and that recovery is done."""
        states = {change.state for change in Engine(self.journal).list()}
        must = self.new if states == {State.APPLIED} else self.old
        assert shape(self.root) == must, "neither old nor new"
        assert leftovers(self.root) == []
        before = tree(self.root)
        assert Engine(self.journal).recover() == [], "recovery is not finished"
        assert tree(self.root) == before
        return "new" if must == self.new else "old"


def each_operation(folder: Path, verb: str, scenario: str) -> dict[str, object]:
    """Die before the first operation, the second, and so on until the work gets done.

    With files alone every other one will do: there each is made to fail elsewhere, too.
    """
    outcomes: list[str] = []
    for number in range(1, 10_000, 1 if scenario == "folders" else 2):
        scene = Scene(folder / str(number), verb, scenario)
        if not killed(lambda scene=scene, number=number: scene.act(DieAt(number))):
            return {"kills": len(outcomes), "outcomes": sorted(set(outcomes))}
        scene.recover()
        outcomes.append(scene.inspect())
    raise AssertionError("never done")


def while_recovering(folder: Path, scenario: str) -> dict[str, object]:
    """Die while applying, then several times while recovering from that."""
    rng, kills, outcomes = random.Random(20261122), 0, set[str]()
    for number in range(10, 200, 8):
        scene = Scene(folder / str(number), "apply", scenario)
        kills += killed(lambda scene=scene, number=number: scene.act(DieAt(number)))
        for _ in range(4):
            at = rng.randrange(1, 30)
            kills += killed(lambda scene=scene, at=at: scene.recover(DieAt(at)))
        scene.recover()
        outcomes.add(scene.inspect())
    return {"kills": kills, "outcomes": sorted(outcomes)}


def work(engine: Engine, root: Path, say: int) -> None:
    """Change three files alike, for ever; undo every third change."""
    engine.recover()
    number = int((root / "a").read_text().split()[0])
    while True:
        number += 1
        content = f"{number} ".encode() * 20_000
        change = engine.apply(
            plan("t", "t", root, [step("replace", name, content) for name in "abc"])
        )
        if number % 3 == 0:
            engine.undo(change.id)
            number -= 1
        os.write(say, f"{number}\n".encode())


def at_random(folder: Path) -> dict[str, object]:
    """Files that must always be alike, and never older than what was acknowledged."""
    root = plant(folder / "root", dict.fromkeys("abc", b"0 " * 20_000))
    engine, rng, highest = Engine(folder / "changes"), random.Random(7), 0
    for _ in range(60):
        said = kill_after(rng.random() * 0.06, lambda say: work(engine, root, say))
        engine.recover()
        assert len(set(contents(root).values())) == 1, "mixed"
        present = int((root / "a").read_text().split()[0])
        acknowledged = int(said[-1]) if said else 0
        assert present >= acknowledged, "an acknowledged change is lost"
        highest = max(highest, present)
    return {"kills": 60, "outcomes": ["old", "new"], "changes": highest}


def kill_after(seconds: float, work: Callable[[int], None]) -> list[str]:
    """Do some work in a process of its own and kill it; what it said until then."""
    hear, say = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work(say)
        finally:
            os._exit(1)
    os.close(say)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the worker failed by itself"
    with os.fdopen(hear) as heard:
        return heard.read().split()


def main(mode: str, folder: Path, scenario: str = "files") -> None:
    """Run one kind of killing. A kill loses nothing that was written, forced to disk or not."""
    files._force = lambda descriptor: None
    if mode == "random":
        result = at_random(folder)
    elif mode == "recover":
        result = while_recovering(folder, scenario)
    else:
        result = each_operation(folder, mode, scenario)
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
