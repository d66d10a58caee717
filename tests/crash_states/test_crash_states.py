"""Whatever a crash leaves of our work holds all that was acknowledged; bad protocols are caught."""

from __future__ import annotations

import shutil

import pytest

from tests.crash_states.disk import Effort
from tests.crash_states.exploring import explore
from tests.crash_states.faults import sweep
from tests.crash_states.protocols import BAD, GOOD
from tests.crash_states.scenarios import Scenario
from tests.crash_states.work.everything import SCENARIOS

LITTLE = Effort(every=16, draws=3)
SAMPLE = 29
"""Of the faults, one in so many; `make prove` takes all."""


@pytest.fixture(autouse=True)
def strace() -> None:
    """The tests record system calls."""
    if not shutil.which("strace"):
        pytest.fail("strace is missing: run `make system-deps`.", pytrace=False)


@pytest.mark.parametrize("protocol", GOOD, ids=lambda each: each.name)
def test_good_protocols_lose_nothing(protocol: Scenario) -> None:
    found = explore(protocol, LITTLE, seed=1)
    assert found.states > 10
    assert found.wrong == {}


@pytest.mark.parametrize("protocol", BAD, ids=lambda each: each.name)
def test_bad_protocols_are_caught(protocol: Scenario) -> None:
    assert explore(protocol, LITTLE, seed=1).violations


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
def test_every_state_after_a_crash_holds_what_was_acknowledged(scenario: Scenario) -> None:
    found = explore(scenario, LITTLE, seed=2)
    assert found.states > 3
    assert found.wrong == {}


@pytest.mark.parametrize("name", ["saves", "restore"])
def test_a_refusal_of_the_system_loses_nothing(name: str) -> None:
    scenario = next(each for key, each in SCENARIOS.items() if key.startswith(name))
    found = sweep(scenario, every=SAMPLE)
    assert found.crashes
    assert found.wrong == {}
