"""How far a test has come, for whoever waits for it. Plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A moment of a test.

    Attributes:
        done, of: hosts that are finished, of how many.
        doing: the hosts that are being probed; empty once this computer and its line are.
        left: seconds to the deadline.
    """

    done: int
    of: int
    doing: tuple[str, ...]
    left: float


Progress = Callable[[Step], None]
"""Told several times a second, within the test's own loop: it must not block."""
