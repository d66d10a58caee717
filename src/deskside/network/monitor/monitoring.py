"""The monitor: tests on schedule, records, and has people alerted.

due ──▶ test ──▶ record run, change and alerts as one ──▶ deliver what waits ──▶ sleep ──▶ due
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deskside.foundation.clock import Clock, Randomness, SystemClock, SystemRandomness
from deskside.foundation.errors import DesksideError, OutOfSpace, Refused, Unavailable
from deskside.foundation.locking import held
from deskside.foundation.paths import private_folder
from deskside.foundation.text import _
from deskside.network.diagnosis import Report
from deskside.network.monitor.alerts import Undelivered, Way, document_of
from deskside.network.monitor.history import History, Waiting
from deskside.network.monitor.model import Change, Run
from deskside.network.monitor.policy import Policy
from deskside.network.monitor.rules import (
    advance,
    first_start,
    in_reach,
    is_told,
    measures_of,
    next_start,
    outcome_of,
    retry_at,
)

LONGEST_SLEEP = 30.0
"""Seconds after which the clock is looked at again: computers are suspended and woken up."""

_CHANCES = 1_000_000

Wait = Callable[[float], bool]
"""Waits for so many seconds, or until told to stop; whether it was told."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something to tell whoever watches: a run, an alert that went out or did not, a problem."""

    run: Run | None = None
    change: Change | None = None
    way: str = ""
    reason: str = ""
    problem: DesksideError | None = None

    def as_json(self) -> dict[str, Any]:
        """One line of `network monitor --json`."""
        if self.problem:
            return {"event": "problem", "error": self.problem.as_json()}
        if self.run is None:
            return {"event": "alert", "way": self.way, "delivered": not self.reason} | (
                {"reason": self.reason} if self.reason else {}
            )
        change = self.change.as_json() if self.change else None
        return {"event": "run", **self.run.as_json(), "change": change}


class Monitor:
    """Tests again and again.

    Args:
        test: makes one test.
        history: open for writing, of the thread that calls.
        ways: how people are alerted, by name.
        tell: told of everything that happens.
    """

    def __init__(
        self,
        test: Callable[[], Report],
        history: History,
        policy: Policy,
        *,
        ways: Mapping[str, Way] | None = None,
        tell: Callable[[Told], None] = lambda _told: None,
        clock: Clock | None = None,
        randomness: Randomness | None = None,
    ) -> None:
        self._test = test
        self._history = history
        self._policy = policy
        self._ways = ways or {}
        self._tell = tell
        self._clock = clock or SystemClock()
        self._randomness = randomness or SystemRandomness()

    def run(self, wait: Wait) -> None:
        """Test on schedule until `wait` says to stop; a test under way is finished first.

        Raises:
            DesksideError: what will not pass by itself: a damaged history, no such row.
        """
        interval = self._policy.interval
        due = first_start(self._history.last_started(), self._clock.now(), interval)
        while True:
            now = self._clock.now()
            due = in_reach(due, now, interval)
            if now >= due:
                self._telling(self.once)
                due = next_start(now, interval, self._randomness.below(_CHANCES) / _CHANCES)
            self._telling(self.deliver)
            left = (due - self._clock.now()).total_seconds()
            if wait(min(max(left, 0.0), LONGEST_SLEEP)):
                return

    def _telling(self, work: Callable[[], object]) -> None:
        """Tell of what will pass and go on; what will not ends the monitor."""
        try:
            work()
        except (Unavailable, OutOfSpace) as problem:
            self._tell(Told(problem=problem))

    def once(self) -> Run:
        """Test now and record it.

        Raises:
            DesksideError: the test could not be made, or not be recorded; nothing is kept of it.
        """
        started = self._clock.now()
        report = self._test()
        run = Run(
            started=started,
            seconds=max((self._clock.now() - started).total_seconds(), 0.0),
            outcome=outcome_of(report),
            measures=measures_of(report),
        )
        change = self._record(run)
        self._history.prune(started, self._policy.keep, self._policy.megabytes)
        self._tell(Told(run=run, change=change))
        return run

    def _record(self, run: Run) -> Change | None:
        standing = self._history.standing()
        after, change = advance(standing, run.outcome, run.started, self._policy.confirm)
        alerts: list[tuple[str, dict[str, Any]]] = []
        if change and is_told(change):
            identifier = self._randomness.token_bytes(16).hex()
            document = document_of(change, run, identifier, platform.node())
            alerts = [(way, document) for way in self._ways]
        self._history.record(run, after, change, alerts)
        return change

    def deliver(self) -> None:
        """Try every alert that is due, once; what fails is put off and tried again."""
        tried: set[int] = set()
        while due := [
            alert
            for alert in self._history.due_alerts(self._clock.now())
            if alert.way in self._ways and alert.number not in tried
        ]:
            for alert in due:
                tried.add(alert.number)
                self._deliver(alert, self._ways[alert.way])

    def _deliver(self, alert: Waiting, way: Way) -> None:
        try:
            way.deliver(alert.document)
        except (Undelivered, DesksideError) as failed:
            reason = failed.reason if isinstance(failed, Undelivered) else failed.code
            self._history.put_off(alert, retry_at(self._clock.now(), alert.attempts))
            self._tell(Told(way=alert.way, reason=reason))
        else:
            self._history.delivered(alert)
            self._tell(Told(way=alert.way))


@contextmanager
def only_one(file: Path) -> Iterator[None]:
    """Hold a history, which belongs to one monitor at a time.

    Raises:
        Refused: another monitor runs on it.
    """

    def taken() -> Refused:
        return Refused(
            "monitor-running",
            _("A monitor is already running with this history ({file}).").format(file=file),
            hint=_("Stop it first, or name another file: --history"),
        )

    with held(private_folder(file.parent) / f"{file.name}.lock", taken):
        yield
