"""The product: a sample of its crash states and of its faults. `make prove` tries them all."""

from __future__ import annotations

import pytest

from tests.crash_states.running import found
from tests.crash_states.work.everything import NAMES

STATES = {
    "first saves": (64, 30),
    "saves": (64, 60),
    "tidying": (16, 6),
    "import": (64, 16),
    "repair": (2, 0),
    "restore": (2, 0),
    "backups": (64, 60),
    "change of files": (4, 1),
    "change of folders": (4, 1),
    "push": (1, 0),
}
"""For each scenario, how much is enumerated and drawn at each point, so that all are quick."""

SAMPLE = {"push": 80, "restore": 40, "repair": 40, "change of files": 80, "change of folders": 120}
"""Only each so-manieth fault is tried; of the others, each fifteenth."""


@pytest.mark.parametrize("name", NAMES)
def test_no_crash_loses_what_was_acknowledged(name: str) -> None:
    every, draws = STATES[name]
    findings = found("crashes", name, "--every", every, "--draws", draws)
    assert findings.wrong == {}
    assert findings.marks
    assert findings.states > 20


@pytest.mark.parametrize("name", NAMES)
def test_no_failing_call_loses_anything(name: str) -> None:
    findings = found("faults", name, "--first", 3, "--every", SAMPLE.get(name, 15))
    assert findings.wrong == {}
    assert findings.ends["refused"] > 0
