"""Random plans of the change engine, applied and undone, killed before some operation or other."""

from __future__ import annotations

import multiprocessing
import random
from collections import Counter
from pathlib import Path

from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.files import Files
from deskside.foundation.changes.model import State, Step
from deskside.foundation.changes.planning import plan
from tests.foundation.changes.change_trees import (
    Counter as Operations,
)
from tests.foundation.changes.change_trees import (
    DieAt,
    contents,
    expected,
    killed,
    plant,
    step,
)

PATHS = ["a", "b", "tws.xml", "d/e", "d/f", "g/h/i", "long " + "n" * 200]


def batch(seed: int, rounds: int, folder: Path) -> dict[str, int]:
    """Kill so many engines, in a light process of its own so that forking is cheap."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_batch, (seed, rounds, folder))


def _batch(seed: int, rounds: int, folder: Path) -> dict[str, int]:
    rng, figures = random.Random(seed), Counter[str]()
    for number in range(rounds):
        figures[_round(rng, folder / str(number))] += 1
    return dict(figures) | {"mixed": 0}


def _round(rng: random.Random, folder: Path) -> str:
    """One plan, killed; then perhaps killed while recovering; then it must be old or new."""
    files, steps = _scene(rng)
    root, journal = plant(folder / "root", files), folder / "changes"
    old, new = contents(root), expected(files, steps)
    made = plan("t", "t", root, steps)
    undoing = rng.random() < 0.4
    change = Engine(journal).apply(made).id if undoing else ""

    def act(watch: Operations) -> None:
        engine = Engine(journal, files=Files(watch))
        engine.undo(change) if undoing else engine.apply(made)

    died = killed(lambda: act(DieAt(rng.randrange(1, 90))))
    while rng.random() < 0.3:
        at = rng.randrange(1, 40)
        killed(lambda at=at: Engine(journal, files=Files(DieAt(at))).recover())
    Engine(journal).recover()
    applied = {each.state for each in Engine(journal).list()} == {State.APPLIED}
    assert contents(root) == (new if applied else old), f"mixed: {steps}"
    assert Engine(journal).recover() == []
    if not died:
        return "finished before the kill"
    return "whole and new" if applied else "whole and old"


def _scene(rng: random.Random) -> tuple[dict[str, bytes], list[Step]]:
    files = {name: rng.randbytes(rng.choice([0, 40, 70_000])) for name in rng.sample(PATHS, 4)}
    steps: list[Step] = []
    while len(steps) < 6:
        now = expected(files, steps)
        free = [path for path in PATHS if path not in now]
        verb = rng.choice(["write", "replace", "remove", "rename"])
        if (verb in ("write", "rename") and not free) or (verb != "write" and not now):
            continue
        path = rng.choice(free if verb == "write" else sorted(now))
        content = rng.randbytes(rng.choice([0, 40, 70_000]))
        steps.append(
            step(
                verb,
                path,
                content if verb in ("write", "replace") else None,
                rng.choice(free) if verb == "rename" else None,
            )
        )
    return files, steps
