"""The explorer itself: it must catch ways of saving that are known to be bad, and only those."""

from __future__ import annotations

import pytest

from tests.crash_states.disk import Order
from tests.crash_states.protocols import BAD, GOOD
from tests.crash_states.running import found
from tests.crash_states.scenarios import Scenario

LITTLE = ("--every", 4, "--draws", 1)

COMPLAINTS = {
    "overwrite": "torn",
    "no-fsync": "torn",
    "no-folder-fsync": "file is 0, not 1",
    "log-without-checksum": "torn",
    "sqlite-wal-normal": "file is 0, not 1",
    "sqlite-delete-off": "not a database",
}


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("protocol", GOOD, ids=lambda each: each.name)
def test_good_protocols_stand(protocol: Scenario, order: Order) -> None:
    findings = found("crashes", protocol.name, *LITTLE, "--order", order.value)
    assert findings.wrong == {}
    assert findings.states > 30


@pytest.mark.parametrize("protocol", BAD, ids=lambda each: each.name)
def test_bad_protocols_are_caught(protocol: Scenario) -> None:
    findings = found("crashes", protocol.name, *LITTLE)
    assert findings.violations > 10
    assert any(COMPLAINTS[protocol.name] in each for each in findings.wrong)


def test_refusals_half_way_are_caught() -> None:
    findings = found("faults", "overwrite")
    assert findings.ends["refused"] > 5
    assert any("torn" in each for each in findings.wrong)
    assert found("faults", "replace").wrong == {}
