"""When to run, what is a change, what figures mean: for all inputs."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from deskside.network.monitor.model import Change, Outcome, Standing, State
from deskside.network.monitor.rules import (
    JITTER,
    SHORTEST,
    Seen,
    advance,
    bands,
    first_start,
    in_reach,
    is_told,
    measures_of,
    next_start,
    outcome_of,
    periods_of,
    retry_at,
    targets_of,
)
from deskside.network.observations import Reach
from tests.network.observed import PUBLIC6, judged, port, seen

from .conftest import BLOCKED, FINE, OURS, POOR, REFUSED, START, VOID, measure

moments = st.integers(0, 20 * 365 * 86400).map(lambda seconds: START + timedelta(seconds=seconds))
intervals = st.timedeltas(timedelta(seconds=60), timedelta(days=2))
outcomes = st.builds(
    Outcome,
    st.sampled_from([State.SUCCESS, State.DEGRADED, State.FAILURE]),
    st.sampled_from([None, "port-dropped", "loss"]),
)
maybe_void = outcomes | st.just(VOID)


# When to run.


@given(moments, st.timedeltas(timedelta(), timedelta(days=2)), st.floats(0, 1))
def test_a_start_is_never_sooner_than_the_interval_nor_much_later(
    started: datetime, interval: timedelta, chance: float
) -> None:
    due = next_start(started, interval, chance)
    least = max(interval, SHORTEST)
    assert least <= due - started <= least * (1 + JITTER) + timedelta(microseconds=1)


@given(moments, st.none() | moments, intervals)
def test_a_monitor_that_is_started_again_and_again_does_not_test_more_often(
    now: datetime, last: datetime | None, interval: timedelta
) -> None:
    due = first_start(last, now, interval)
    assert now <= due <= now + interval
    assert last is None or last > now or due >= last + interval


@given(moments, moments, intervals)
def test_a_clock_that_is_put_back_stops_no_monitor(
    due: datetime, now: datetime, interval: timedelta
) -> None:
    mended = in_reach(due, now, interval)
    assert mended <= max(now, due)
    assert mended - now <= interval * (1 + JITTER)
    assert mended in (due, now + interval * (1 + JITTER))


@given(moments, st.integers(0, 1000))
def test_an_alert_is_tried_again_within_the_hour(now: datetime, failures: int) -> None:
    assert timedelta(minutes=1) <= retry_at(now, failures) - now <= timedelta(hours=1)
    assert retry_at(now, failures) <= retry_at(now, failures + 1)


# What is a change.


def changes(runs: list[Outcome], confirm: int) -> list[Change]:
    standing, found = Standing(), []
    for number, outcome in enumerate(runs):
        standing, change = advance(standing, outcome, START + timedelta(minutes=number), confirm)
        assert len(standing.recent) <= confirm
        if change:
            assert standing.confirmed == change.now
            assert standing.since == change.at
            found.append(change)
    return found


@given(st.lists(maybe_void, max_size=40), st.integers(1, 5))
def test_a_change_is_one_and_follows_from_the_last(runs: list[Outcome], confirm: int) -> None:
    found = changes(runs, confirm)
    assert all(change.previous == before.now for before, change in pairwise(found))
    assert all(change.now != change.previous for change in found)
    assert all(change.now.state is not State.VOID for change in found)


@given(st.lists(maybe_void, max_size=40), st.integers(1, 5))
def test_void_runs_count_neither_way(runs: list[Outcome], confirm: int) -> None:
    measured = [outcome for outcome in runs if outcome.state is not State.VOID]
    with_void = [(change.now, change.previous) for change in changes(runs, confirm)]
    assert with_void == [(change.now, change.previous) for change in changes(measured, confirm)]


@given(outcomes, outcomes, st.integers(2, 6))
def test_fewer_runs_than_it_takes_change_nothing(
    before: Outcome, other: Outcome, confirm: int
) -> None:
    runs = [before] * confirm + [other] * (confirm - 1) + [before] * 3
    assert len(changes(runs, confirm)) == 1


@given(outcomes, outcomes, st.integers(1, 6))
def test_as_many_as_it_takes_change_once(before: Outcome, after: Outcome, confirm: int) -> None:
    found = changes([before] * (confirm + 2) + [after] * (confirm + 7), confirm)
    assert [change.now for change in found] == [before, *([after] if after != before else [])]
    assert len(found) == 1 or found[1].at == START + timedelta(minutes=2 * confirm + 1)


@given(st.lists(outcomes.filter(lambda one: one.state is not State.SUCCESS), min_size=3))
def test_a_line_that_fails_in_turns_is_told_of(runs: list[Outcome]) -> None:
    found = changes([Outcome(State.SUCCESS)] * 2 + runs, 2)
    assert found[1].at == START + timedelta(minutes=3)


def test_only_a_good_beginning_is_not_told() -> None:
    (good,) = changes([Outcome(State.SUCCESS)], 1)
    (bad, better) = changes([Outcome(State.FAILURE), Outcome(State.SUCCESS)], 1)
    assert [is_told(change) for change in (good, bad, better)] == [False, True, True]
    assert [change.recovery for change in (bad, better)] == [False, True]


# What a report comes to.


def test_outcomes_of_reports() -> None:
    assert outcome_of(FINE) == Outcome(State.SUCCESS)
    assert outcome_of(BLOCKED) == Outcome(State.FAILURE, "port-dropped")
    assert outcome_of(REFUSED) == Outcome(State.FAILURE, "port-reset")
    assert outcome_of(POOR) == Outcome(State.DEGRADED, "latency")
    assert outcome_of(OURS) == Outcome(State.VOID, "no-network")


def test_measures_of_a_report() -> None:
    (fine,) = measures_of(FINE)
    assert (fine.reached, fine.connect, fine.attempts, fine.lost) == (True, 20.0, 1, 0)
    (blocked,) = measures_of(BLOCKED)
    assert (blocked.reached, blocked.connect, blocked.attempts, blocked.lost) == (False, None, 6, 6)
    (refused,) = measures_of(REFUSED)
    assert (refused.reached, refused.attempts, refused.lost) == (False, 1, 0)


def test_what_was_not_tested_is_no_loss() -> None:
    too_busy = judged(seen(port(Reach.SILENT, attempts=6, lag=3.0)))
    (busy,) = measures_of(too_busy)
    assert (busy.reached, busy.attempts, busy.lost) == (None, 0, 0)


def test_dead_ipv6_beside_ipv4_is_no_loss() -> None:
    report = judged(
        seen(port(attempts=2, unanswered=1), port(Reach.SILENT, version=6), ipv6=(PUBLIC6,))
    )
    (both,) = measures_of(report)
    assert (both.attempts, both.lost) == (2, 1)


# What figures mean.


@given(st.lists(st.floats(0, 10_000), min_size=1, max_size=200))
def test_bands_are_measured_values_in_order(values: list[float]) -> None:
    found = bands(values)
    assert found
    assert {found.low, found.median, found.high} <= set(values)
    assert found.low <= found.median <= found.high
    assert sum(value <= found.high for value in values) >= 0.9 * (len(values) - 1)
    assert sum(value >= found.low for value in values) >= 0.9 * (len(values) - 1)


def test_no_values_have_no_bands() -> None:
    assert bands([]) is None


def seen_at(moment: datetime, state: State, target: str = "a", **fields: Any) -> Seen:
    row = measure(target, **fields)
    named = (row.target, row.host, row.code, row.reached, row.connect, row.attempts, row.lost)
    return Seen(moment.timestamp(), state.value, *named)


@given(
    st.lists(
        st.tuples(st.integers(-10, 300), st.sampled_from(State), st.integers(0, 6)), max_size=60
    )
)
def test_each_run_is_in_the_period_that_it_began_in(
    runs: list[tuple[int, State, int]],
) -> None:
    each = timedelta(minutes=10)
    at = [START + timedelta(minutes=minute) for minute, _state, _lost in runs]
    periods = periods_of(
        [(moment, state) for moment, (_minute, state, _lost) in zip(at, runs, strict=True)],
        [
            seen_at(moment, state, attempts=6, lost=lost)
            for moment, (_minute, state, lost) in zip(at, runs, strict=True)
        ],
        start=START,
        each=each,
        count=24,
    )
    assert [period.start for period in periods[1:]] == [period.end for period in periods[:-1]]
    for period in periods:
        inside = [
            run for moment, run in zip(at, runs, strict=True) if period.start <= moment < period.end
        ]
        measured = [run for run in inside if run[1] is not State.VOID]
        assert sum(period.runs.values()) == len(inside)
        assert period.lost == sum(lost for _minute, _state, lost in measured)
        assert (period.latency is None) == (not measured)
        assert (period.loss is None) == (not measured)
        assert (period.worst is None) == (not inside)
        assert (period.worst is State.VOID) == (bool(inside) and not measured)


def test_figures_of_rows_leave_void_runs_out() -> None:
    (one, other) = targets_of(
        [
            seen_at(START, State.SUCCESS, "a", connect=10.0),
            seen_at(START, State.SUCCESS, "b", reached=None, connect=None),
            seen_at(START, State.VOID, "a", reached=False, lost=2, code="no-network"),
            seen_at(START, State.FAILURE, "a", reached=False, lost=2, code="port-dropped"),
        ]
    )
    assert (one.id, one.judged, one.reached, one.code) == ("a", 2, 1, "port-dropped")
    assert one.loss == 0.5
    assert (other.id, other.judged, other.reached, other.latency) == ("b", 0, 0, None)
