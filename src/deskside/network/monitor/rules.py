"""When to run, what is a change, and what figures mean. Pure: time and chance are passed in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from deskside.foundation.findings import Status
from deskside.network.causes import NOT_TESTED
from deskside.network.diagnosis import Report
from deskside.network.monitor.model import (
    Bands,
    Change,
    Measure,
    Outcome,
    Period,
    Standing,
    State,
    Target,
)
from deskside.network.observations import Reach

SHORTEST = timedelta(seconds=60)
"""The least time between the starts of two runs: others' hosts are tested."""

JITTER = 0.1
"""The share of the interval by which a start may be put off, so that monitors do not beat
together."""

OVERDUE, SLACK = 3, timedelta(minutes=2)
"""Intervals, and time for a test and for waking up, after which a monitor counts as silent."""

RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60))
"""Waits after each failure to deliver an alert; the last one again and again."""


def first_start(last: datetime | None, now: datetime, interval: timedelta) -> datetime:
    """When to begin: at once, or an interval after the latest run of an earlier monitor.

    Args:
        last: start of that run; one in the future is a clock that was put back, and ignored.
    """
    if last is None or last > now:
        return now
    return max(now, last + interval)


def next_start(started: datetime, interval: timedelta, chance: float) -> datetime:
    """When to run again; never sooner than the interval.

    Args:
        started: when the last run began.
        chance: uniform from 0 to 1.
    """
    return started + max(interval, SHORTEST) * (1 + JITTER * chance)


def in_reach(due: datetime, now: datetime, interval: timedelta) -> datetime:
    """A start, put right where the clock was put back in the meantime."""
    furthest = max(interval, SHORTEST) * (1 + JITTER)
    return due if due - now <= furthest else now + furthest


def is_overdue(last: datetime, now: datetime, interval: timedelta) -> bool:
    """Whether a monitor that runs should have recorded something since."""
    return now - last > OVERDUE * max(interval, SHORTEST) * (1 + JITTER) + SLACK


def outcome_of(report: Report) -> Outcome:
    """What a report comes to; void where the fault is on our side."""
    if report.our_side:
        return Outcome(State.VOID, report.root_cause)
    return Outcome(State(report.verdict.value), report.root_cause)


def advance(
    standing: Standing, outcome: Outcome, at: datetime, confirm: int
) -> tuple[Standing, Change | None]:
    """What holds after one more run, and the change that it confirmed.

    A change takes `confirm` runs in a row that agree against what holds: that all is well, or
    that it is not; else on the state; else on the root cause. Void runs count neither way.
    """
    if outcome.state is State.VOID:
        return standing, None
    recent = (*standing.recent, outcome)[-confirm:]
    standing = replace(standing, recent=recent)
    if len(recent) < confirm or not _against(recent, standing.confirmed):
        return standing, None
    change = Change(at=at, now=outcome, previous=standing.confirmed)
    return replace(standing, confirmed=outcome, since=at), change


def _against(recent: Sequence[Outcome], confirmed: Outcome | None) -> bool:
    if confirmed is None:
        return len({one.state is State.SUCCESS for one in recent}) == 1
    well = confirmed.state is State.SUCCESS
    if all((one.state is State.SUCCESS) != well for one in recent):
        return True
    states = {one.state for one in recent}
    if len(states) == 1 and confirmed.state not in states:
        return True
    return len(set(recent)) == 1 and confirmed not in recent


def is_told(change: Change) -> bool:
    """Whether people are alerted: not where a monitor begins and finds all well."""
    return change.previous is not None or not change.recovery


def retry_at(now: datetime, failures: int) -> datetime:
    """When an alert is tried again that failed just now, and so many times before."""
    return now + RETRIES[min(failures, len(RETRIES) - 1)]


def measures_of(report: Report) -> tuple[Measure, ...]:
    """What a report says of each row."""
    return tuple(_measure(target) for target in report.targets)


def _measure(target: Mapping[str, Any]) -> Measure:
    lookup: Mapping[str, Any] = target["lookup"] or {}
    ports = [one for one in target["ports"] if one["ip"] == (4 if lookup.get("ipv4") else 6)]
    judged = target["code"] != NOT_TESTED and target["status"] != Status.UNKNOWN
    connected = [one for one in ports if one["connect"]["result"] == Reach.CONNECTED]
    tls = [one["tls"] for one in connected if "tls" in one]
    took = lookup.get("milliseconds")
    expiries = [datetime.fromisoformat(one["expires"]) for one in tls if one.get("expires")]
    attempts, lost = _losses(ports) if judged else (0, 0)
    return Measure(
        target=target["id"],
        host=target["host"],
        code=target["code"],
        reached=target["status"] in (Status.OK, Status.NOTICE) if judged else None,
        lookup=took,
        connect=_least(one["connect"]["milliseconds"] for one in connected),
        handshake=_least(one["milliseconds"] for one in tls),
        total=(took or 0.0) + max(map(_spent, ports)) if ports else took,
        attempts=attempts,
        lost=lost,
        expires=min(expiries, default=None),
    )


def _losses(ports: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """Attempts that could be answered, and those that were not."""
    attempts = lost = 0
    for port in ports:
        seen = port["connect"]
        if seen["result"] == Reach.CONNECTED:
            attempts, lost = attempts + seen["attempts"], lost + seen["unanswered"]
        elif seen["result"] == Reach.SILENT:
            attempts, lost = attempts + seen["attempts"], lost + seen["attempts"]
        elif seen["result"] == Reach.RESET:
            attempts += seen["attempts"]
    return attempts, lost


def _spent(port: Mapping[str, Any]) -> float:
    steps = [port[step] for step in ("connect", "tls", "echo") if step in port]
    return float(sum(step["milliseconds"] for step in steps))


def _least(values: Iterable[float]) -> float | None:
    return min(values, default=None)


class Seen(NamedTuple):
    """One measure with its run, as figures are made from it; a month has a million of them.

    Attributes:
        started: of the run, in Unix time.
        state: of the run.
    """

    started: float
    state: str
    target: str
    host: str
    code: str
    reached: int | None
    connect: float | None
    attempts: int
    lost: int


@dataclass(slots=True)
class _Sum:
    latencies: list[float] = field(default_factory=list)
    attempts: int = 0
    lost: int = 0

    def add(self, one: Seen) -> None:
        if one.connect is not None:
            self.latencies.append(one.connect)
        self.attempts += one.attempts
        self.lost += one.lost


def bands(values: Iterable[float]) -> Bands | None:
    """Tenth, fiftieth and ninetieth percentile, each a value that was measured (nearest rank)."""
    ordered = sorted(values)
    if not ordered:
        return None
    last = len(ordered) - 1
    return Bands(*(ordered[round(last * share)] for share in (0.1, 0.5, 0.9)))


def periods_of(
    runs: Iterable[tuple[datetime, State]],
    seen: Iterable[Seen],
    *,
    start: datetime,
    each: timedelta,
    count: int,
) -> list[Period]:
    """The figures of `count` periods of equal length from `start` on. Void runs give no figures."""
    states: list[Counter[State]] = [Counter() for _period in range(count)]
    sums = [_Sum() for _period in range(count)]
    for started, state in runs:
        if 0 <= (place := (started - start) // each) < count:
            states[place][state] += 1
    begin, length = start.timestamp(), each.total_seconds()
    for one in seen:
        place = int((one.started - begin) // length)
        if 0 <= place < count and one.state != State.VOID:
            sums[place].add(one)
    return [
        Period(
            start=start + each * place,
            end=start + each * (place + 1),
            runs=dict(states[place]),
            latency=bands(sums[place].latencies),
            attempts=sums[place].attempts,
            lost=sums[place].lost,
        )
        for place in range(count)
    ]


def targets_of(seen: Iterable[Seen]) -> list[Target]:
    """The figures of each row, in the order of their first appearance. Void runs give none."""
    sums: dict[tuple[str, str], _Sum] = {}
    judged: Counter[tuple[str, str]] = Counter()
    reached: Counter[tuple[str, str]] = Counter()
    codes: dict[tuple[str, str], str] = {}
    for one in seen:
        if one.state == State.VOID:
            continue
        row = one.target, one.host
        sums.setdefault(row, _Sum()).add(one)
        codes[row] = one.code
        judged[row] += one.reached is not None
        reached[row] += bool(one.reached)
    return [
        Target(
            id=row[0],
            host=row[1],
            judged=judged[row],
            reached=reached[row],
            code=codes[row],
            latency=bands(summed.latencies),
            attempts=summed.attempts,
            lost=summed.lost,
        )
        for row, summed in sums.items()
    ]
