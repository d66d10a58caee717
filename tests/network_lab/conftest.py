"""The lab goes before the tests that run beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

AHEAD = -10


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the tests that wait for half a minute among the other modules' tests.

    In one place they would all be one worker's, and the last that anybody waits for.
    """
    waiting = [item for item in items if item.get_closest_marker("waits")]
    others = [item for item in items if item not in waiting]
    begins = [at for at in range(len(others)) if at == 0 or others[at].path != others[at - 1].path]
    if not begins:
        return
    share = len(others) / (len(waiting) + 1)
    for number, item in reversed(list(enumerate(waiting))):
        others.insert(min(begins, key=lambda at: abs(at - number * share)), item)
    items[:] = others


@pytest.fixture(autouse=True, scope="module")
def _before_others() -> Iterator[None]:
    """Nodes that wait for a processor delay packets: that would be a network of its own.

    What a test starts to keep the computer busy inherits the same, and stays its rival.
    """
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, usual + AHEAD)
    yield
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, usual)
