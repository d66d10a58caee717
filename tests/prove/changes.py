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
from deskside.foundation.errors import Refused
from tests.foundation.changes.change_strategies import FILES, FOLDERS, NAMES, POINTERS
from tests.foundation.changes.change_trees import Counter as Operations
from tests.foundation.changes.change_trees import (
    DieAt,
    Shape,
    expected,
    killed,
    leftovers,
    plant,
    shape,
    step,
)


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
    old, new = shape(root), expected(files, steps)
    try:
        made = plan("t", "t", root, steps)
    except Refused:
        # Folders that would exchange their names.
        return "refused when planned"
    undoing = rng.random() < 0.4
    change = Engine(journal).apply(made).id if undoing else ""

    def act(watch: Operations) -> None:
        engine = Engine(journal, files=Files(watch))
        engine.undo(change) if undoing else engine.apply(made)

    died = killed(lambda: act(DieAt(rng.randrange(1, 160))))
    while rng.random() < 0.3:
        at = rng.randrange(1, 40)
        killed(lambda at=at: Engine(journal, files=Files(DieAt(at))).recover())
    Engine(journal).recover()
    applied = {each.state for each in Engine(journal).list()} == {State.APPLIED}
    assert shape(root) == (new if applied else old), f"mixed: {steps}"
    assert leftovers(root) == [], f"left behind: {steps}"
    assert Engine(journal).recover() == []
    if not died:
        return "finished before the kill"
    return "whole and new" if applied else "whole and old"


def _scene(rng: random.Random) -> tuple[Shape, list[Step]]:
    files: dict[str, bytes | str | None] = {}
    for name in rng.sample(FILES, 3):
        files[name] = _content(rng)
    for folder in rng.sample(FOLDERS, 2):
        files |= {f"{folder}/{name}": _content(rng) for name in ("x", "s/y") if rng.random() < 0.8}
        files[f"{folder}/link"] = "../outside"
    files[rng.choice(POINTERS)] = "a"
    steps: list[Step] = []
    while len(steps) < 5:
        steps += _step(rng, expected(files, steps))
    now = expected(files, steps)
    folders = [name for name, each in now.items() if each is None]
    fit = [name for name in POINTERS if isinstance(now.get(name, ""), str)]
    if folders and fit:
        steps.append(step("switch", rng.choice(fit), target=rng.choice(folders)))
    return files, steps


def _step(rng: random.Random, now: Shape) -> list[Step]:
    """One step that is possible now; none where chance has chosen an impossible one."""
    free, there = ([name for name in NAMES if (name in now) is held] for held in (False, True))
    verb = rng.choice(["write", "replace", "remove", "rename", "rename", "make-folder"])
    fit = {
        "replace": [name for name in there if isinstance(now[name], bytes)],
        "remove": there,
        "rename": [name for name in there if not isinstance(now[name], str)],
    }.get(verb, free)
    if not fit or (verb == "rename" and not free):
        return []
    content = _content(rng) if verb in ("write", "replace") else None
    return [step(verb, rng.choice(fit), content, rng.choice(free) if verb == "rename" else None)]


def _content(rng: random.Random) -> bytes:
    return rng.randbytes(rng.choice([0, 40, 70_000]))
