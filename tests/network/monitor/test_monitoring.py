"""The monitor itself: on time, once per change, and nothing lost."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import DesksideError, NotFound, OutOfSpace, Unavailable
from deskside.network.monitor.history import History
from deskside.network.monitor.model import State
from deskside.network.monitor.monitoring import only_one
from tests.network.observed import judged, port, seen

from .conftest import BLOCKED, FINE, OURS, REFUSED, START, Bench, Dice

MINUTE = timedelta(minutes=1)


@settings(max_examples=15)
@given(share=st.floats(0, 0.999), interval=st.integers(60, 7200))
def test_runs_keep_their_distance(
    tmp_path_factory: pytest.TempPathFactory, share: float, interval: int
) -> None:
    file = tmp_path_factory.mktemp("monitor") / "history.sqlite3"
    with History.open(file) as history:
        bench = Bench(history, FrozenClock(START), [FINE], dice=Dice(share))
        monitor = bench.monitor(interval=timedelta(seconds=interval))
        monitor.run(bench.sleep(until=4))
    assert bench.started[0] == START
    for one, other in pairwise(bench.started):
        apart = (other - one).total_seconds()
        assert interval <= apart <= interval * 1.1 + 1


def test_a_monitor_that_comes_back_waits_for_its_turn(bench: Bench) -> None:
    bench.monitor().run(bench.sleep(until=1))
    bench.monitor().run(bench.sleep(until=2))
    assert bench.started[1] - bench.started[0] >= timedelta(minutes=5)


def test_a_computer_that_slept_makes_up_for_nothing(bench: Bench) -> None:
    slept = []

    def wait(seconds: float) -> bool:
        bench.clock.advance(timedelta(seconds=seconds))
        if len(bench.started) == 2 and not slept:
            slept.append(bench.clock.now())
            bench.clock.advance(timedelta(hours=8))
        return len(bench.started) >= 4

    bench.monitor().run(wait)
    assert timedelta(hours=8) <= bench.started[2] - bench.started[1]
    assert bench.started[3] - bench.started[2] >= timedelta(minutes=5)


def test_one_lost_run_alarms_nobody(bench: Bench) -> None:
    bench.reports = [FINE, FINE, BLOCKED, FINE, BLOCKED, FINE]
    bench.monitor().run(bench.sleep(until=6))
    assert bench.pigeon.carried == []


def test_a_change_is_told_once_and_so_is_the_recovery(bench: Bench) -> None:
    bench.reports = [FINE, FINE, *[BLOCKED] * 5, *[REFUSED] * 4, *[FINE] * 3]
    bench.monitor().run(bench.sleep(until=14))
    assert [(one["type"], one["root_cause"]) for one in bench.pigeon.carried] == [
        ("connection.changed", "port-dropped"),
        ("connection.changed", "port-reset"),
        ("connection.recovered", None),
    ]
    first = bench.pigeon.carried[0]
    assert first["previous"] == {"state": "success", "root_cause": None}
    assert first["hosts"] == [{"id": "a.example", "host": "a.example", "code": "port-dropped"}]
    assert len(first["id"]) == 32


def test_our_side_is_no_failure_and_no_recovery(bench: Bench) -> None:
    bench.reports = [FINE, FINE, *[OURS] * 6, BLOCKED, OURS, BLOCKED, *[OURS] * 3]
    bench.monitor().run(bench.sleep(until=14))
    assert [one["state"] for one in bench.pigeon.carried] == ["failure"]
    assert bench.history.tallies()[State.VOID] == 10


def test_an_alert_that_fails_is_tried_again_until_it_arrives(bench: Bench) -> None:
    bench.reports = [BLOCKED]
    bench.pigeon.failures = 7
    bench.monitor().run(bench.sleep(until=60))
    (carried,) = bench.pigeon.carried
    assert carried["state"] == "failure"
    waits = [told for told in bench.told if told.way]
    assert [told.reason for told in waits] == ["bad weather"] * 7 + [""]
    assert bench.history.waiting() == 0


def test_an_alert_outlives_the_monitor(bench: Bench, file: Path) -> None:
    bench.reports = [BLOCKED]
    bench.pigeon.failures = 1
    bench.monitor(confirm=1).once()
    bench.monitor().deliver()
    assert bench.pigeon.carried == []
    with History.open(file) as again:
        bench.clock.advance(MINUTE)
        Bench(again, bench.clock, [FINE], pigeon=bench.pigeon).monitor().deliver()
    assert [one["state"] for one in bench.pigeon.carried] == ["failure"]


def test_a_test_that_cannot_be_made_is_told_and_not_kept(bench: Bench) -> None:
    gone = Unavailable("catalogue-unreachable", "The catalogue is gone.")
    bench.reports = [gone, FINE]
    bench.monitor().run(bench.sleep(until=2))
    assert bench.told[0].as_json()["error"]["code"] == "catalogue-unreachable"
    assert bench.history.count() == 1


def test_what_will_not_pass_ends_the_monitor(bench: Bench) -> None:
    bench.reports = [FINE, NotFound("unknown-host", "The catalogue has no such row.")]
    with pytest.raises(NotFound):
        bench.monitor().run(bench.sleep(until=9))
    assert len(bench.started) == 2


def test_a_full_disk_loses_the_run_and_not_the_monitor(bench: Bench) -> None:
    bench.monitor(confirm=1).once()
    connection = bench.history._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    bench.reports = [judged(*(seen(port(), name=f"{n}.example") for n in range(400)))]
    with pytest.raises(OutOfSpace):
        bench.monitor().once()
    assert bench.history.count() == 1
    bench.reports = [BLOCKED]
    assert bench.monitor(confirm=1).once().outcome.state is State.FAILURE
    assert bench.history.waiting() == 1


def test_old_runs_go(bench: Bench) -> None:
    bench.monitor(keep=timedelta(hours=1)).run(bench.sleep(until=40))
    assert 10 <= bench.history.count() <= 13


def test_one_history_has_one_monitor(file: Path) -> None:
    with only_one(file):
        with pytest.raises(DesksideError) as refused, only_one(file):
            pass
        assert refused.value.code == "monitor-running"
    with only_one(file):
        pass
