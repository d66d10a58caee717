"""Random files, and steps that are possible on them."""

from __future__ import annotations

from hypothesis import strategies as st

from deskside.foundation.changes.model import Step

from .change_trees import expected, step

PATHS = ["a", "b", "tws.xml", "d/e", "d/f", "g/h/i", "long " + "n" * 200]


@st.composite
def trees_and_steps(draw: st.DrawFn) -> tuple[dict[str, bytes], list[Step]]:
    """Some files, and steps that are possible on them."""
    content = st.binary(max_size=40)
    files = draw(st.dictionaries(st.sampled_from(PATHS), content, max_size=5))
    steps: list[Step] = []
    for _ in range(draw(st.integers(0, 6))):
        now = expected(files, steps)
        free = [path for path in PATHS if path not in now]
        steps.append(draw(_possible(sorted(now), free, content)))
    return files, steps


def _possible(
    there: list[str], free: list[str], content: st.SearchStrategy[bytes]
) -> st.SearchStrategy[Step]:
    kinds = []
    if free:
        kinds.append(st.builds(step, st.just("write"), st.sampled_from(free), content))
    if there:
        kinds.append(st.builds(step, st.just("replace"), st.sampled_from(there), content))
        kinds.append(st.builds(step, st.just("remove"), st.sampled_from(there)))
    if there and free:
        target = st.sampled_from(free)
        kinds.append(st.builds(step, st.just("rename"), st.sampled_from(there), st.none(), target))
    return st.one_of(kinds)
