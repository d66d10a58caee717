"""Every disk state that a crash may leave, and every system call that may fail.

A round is one scenario, by its seed: rounds that follow one another go through them all.
"""

from __future__ import annotations

from pathlib import Path

from tests.crash_states.disk import Order
from tests.crash_states.exploring import Findings
from tests.crash_states.running import found
from tests.crash_states.work.everything import NAMES

SCENARIOS = len(NAMES)
ROUNDS = SCENARIOS * len(Order)
EFFORT = {"push": (4, 1)}
"""States at each point that are enumerated, and drawn; with a portal, each look takes longer."""

MUCH = (128, 32)


def batch(seed: int, rounds: int, folder: Path) -> dict[str, int]:
    """Look at the states of some scenarios; raise if one of them lost something."""
    total = {"states of the disk": 0, "crashes": 0, "lost or mixed": 0}
    for number in range(seed, seed + rounds):
        name, order = NAMES[number % SCENARIOS], list(Order)[number // SCENARIOS % len(Order)]
        every, draws = EFFORT.get(name, MUCH)
        options = ("--seed", number, "--every", every, "--draws", draws, "--order", order.value)
        findings = _whole(found("crashes", name, *options), name, options)
        total["states of the disk"] += findings.states
        total["crashes"] += findings.crashes
    return total


def failing(seed: int, rounds: int, folder: Path) -> dict[str, int]:
    """Let every system call of some scenarios fail in turn; raise if something was lost."""
    total = {"faults": 0, "refused in words": 0, "killed": 0, "done all the same": 0, "lost": 0}
    words = {"refused in words": "refused", "killed": "killed", "done all the same": "done"}
    for number in range(seed, seed + rounds):
        name = NAMES[number % SCENARIOS]
        findings = _whole(found("faults", name), name, ())
        total["faults"] += findings.crashes
        for figure, end in words.items():
            total[figure] += findings.ends.get(end, 0)
    return total


def _whole(findings: Findings, name: str, options: tuple[object, ...]) -> Findings:
    if findings.wrong:
        raise AssertionError(f"{name} {options}: {findings.wrong}")
    return findings
