"""The lab goes before the tests that run beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

AHEAD = -10


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
