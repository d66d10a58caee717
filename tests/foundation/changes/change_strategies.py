"""Random files, folders and pointers, and steps that are possible on them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import assume
from hypothesis import strategies as st

from deskside.foundation.changes.model import Step
from deskside.foundation.changes.planning import plan
from deskside.foundation.errors import Refused

from .change_trees import Shape, expected, plant, step, with_folders

FILES = ["a", "b", "tws.xml", "d/e", "d/f", "g/h/i", "long " + "n" * 200]
FOLDERS = ["api", "api.new", "c/api"]
POINTERS = ["current", "d/now"]
NAMES = FILES + FOLDERS + POINTERS
"""What steps may touch; none lies within another."""


@st.composite
def trees_and_steps(draw: st.DrawFn) -> tuple[Shape, list[Step]]:
    """Some files, folders and pointers, and steps that are possible on them."""
    content = st.binary(max_size=40)
    held: dict[str, bytes | str | None] = {}
    held |= draw(st.dictionaries(st.sampled_from(FILES), content, max_size=4))
    for folder in draw(st.lists(st.sampled_from(FOLDERS), unique=True, max_size=2)):
        inside = draw(st.dictionaries(st.sampled_from(["x", "s/y", "s/z"]), content, max_size=3))
        held[folder] = None
        held |= {f"{folder}/{name}": each for name, each in inside.items()}
        if draw(st.booleans()):
            held[f"{folder}/link"] = "../outside"
    for pointer in draw(st.lists(st.sampled_from(POINTERS), unique=True, max_size=1)):
        held[pointer] = "api"
    steps: list[Step] = []
    for _ in range(draw(st.integers(0, 5))):
        steps.append(draw(_possible(expected(held, steps), content)))
    now = expected(held, steps)
    folders = [name for name, each in now.items() if each is None]
    fit = [name for name in POINTERS if isinstance(now.get(name, ""), str)]
    if folders and fit and draw(st.booleans()):
        target = draw(st.sampled_from(folders))
        steps.append(step("switch", draw(st.sampled_from(fit)), target=target))
    assume(_plannable(held, steps))
    return with_folders(held), steps


def _plannable(held: Shape, steps: list[Step]) -> bool:
    """Whether the plan is not one of the few that folders make impossible."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            plan("t", "t", plant(Path(folder) / "root", held), steps)
        except Refused as refused:
            return not {"exchange", "equal"} & set(refused.message.split())
    return True


def _possible(now: Shape, content: st.SearchStrategy[bytes]) -> st.SearchStrategy[Step]:
    free = st.sampled_from([name for name in NAMES if name not in now])
    there = [name for name in NAMES if name in now]
    files = [name for name in there if isinstance(now[name], bytes)]
    kinds = [
        st.builds(step, st.just("write"), free, content),
        st.builds(step, st.just("make-folder"), free),
    ]
    if files:
        kinds.append(st.builds(step, st.just("replace"), st.sampled_from(files), content))
    if there:
        kinds.append(st.builds(step, st.just("remove"), st.sampled_from(there)))
    movable = [name for name in there if not isinstance(now[name], str)]
    if movable:
        moved = st.sampled_from(movable)
        kinds.append(st.builds(step, st.just("rename"), moved, st.none(), free))
    return st.one_of(kinds)
