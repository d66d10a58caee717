"""The change engine: plans over several files and folders, applied and taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.model import State
from deskside.foundation.changes.planning import plan
from tests.crash_states.scenarios import Seen
from tests.crash_states.tracing import Say
from tests.crash_states.work.desk import digest
from tests.foundation.changes.change_trees import (
    Scenario,
    Shape,
    expected,
    leftovers,
    plant,
    shape,
    step,
    with_folders,
)


@dataclass(frozen=True)
class Changes:
    """A plan applied, then taken back."""

    name: str
    scene: Callable[[], Scenario]

    def prepare(self, root: Path) -> None:
        plant(root / "tree", self.scene()[0])

    def work(self, root: Path, say: Say) -> None:
        engine = Engine(root / "changes")
        old, new = self._old_and_new()
        say(f"NOW tree {old}")
        made = plan("t", "t", root / "tree", self.scene()[1])
        say(f"TRY tree {new}")
        change = engine.apply(made)
        say(f"NOW tree {new}")
        say(f"HOLD {change.id}")
        say(f"TRY tree {old}")
        engine.undo(change.id)
        say(f"NOW tree {old}")

    def look(self, root: Path) -> Seen:
        engine = Engine(root / "changes")
        engine.recover()
        tree = _told(shape(root / "tree"))
        trouble = [f"recovered again: {each.id}" for each in engine.recover()]
        trouble += [f"left behind: {name}" for name in leftovers(root / "tree")]
        applied = any(change.state is State.APPLIED for change in engine.list())
        if tree != self._old_and_new()[applied]:
            trouble.append("the journal tells another story than the files")
        held = frozenset(change.id for change in engine.list())
        engine.apply(plan("t", "t", root / "tree", [step("write", "after", b"a crash")]))
        if shape(root / "tree").get("after") != b"a crash":
            trouble.append("a change after the crash is not what was planned")
        return Seen(held, {"tree": tree}, tuple(trouble))

    def _old_and_new(self) -> tuple[str, str]:
        files, steps = self.scene()
        return _told(with_folders(files)), _told(expected(files, steps))


def _told(tree: Shape) -> str:
    return digest(repr(sorted(tree.items(), key=lambda entry: entry[0])).encode())[:12]
