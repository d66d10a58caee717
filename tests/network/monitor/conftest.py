"""Reports as the test gives them, a clock that a test moves, and a history in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deskside.foundation.clock import FrozenClock
from deskside.network.diagnosis import Report
from deskside.network.monitor.alerts import Undelivered
from deskside.network.monitor.history import History
from deskside.network.monitor.model import Measure, Outcome, Run, Standing, State
from deskside.network.monitor.monitoring import Monitor, Told
from deskside.network.monitor.policy import Policy
from deskside.network.observations import Reach
from deskside.network.responder import Responder
from deskside.network.service import NetworkService
from tests.network.observed import judged, port, seen

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
FINE = judged(seen(port(milliseconds=20.0), name="a.example"))
BLOCKED = judged(seen(port(Reach.SILENT, attempts=6), name="a.example"))
REFUSED = judged(seen(port(Reach.RESET), name="a.example"))
POOR = judged(seen(port(milliseconds=500.0), name="a.example"))
OURS = replace(BLOCKED, root_cause="no-network", our_side=True)

SUCCESS = Outcome(State.SUCCESS)
DEGRADED = Outcome(State.DEGRADED, "loss")
FAILURE = Outcome(State.FAILURE, "port-dropped")
VOID = Outcome(State.VOID, "no-network")


@dataclass
class Dice:
    """Chance that comes out as told."""

    share: float = 0.5

    def token_bytes(self, length: int) -> bytes:
        return b"\x07" * length

    def below(self, bound: int) -> int:
        return int(bound * self.share)


@dataclass
class Pigeon:
    """A way that notes what it carried, and fails as often as told."""

    failures: int = 0
    carried: list[dict[str, Any]] = field(default_factory=list)

    def deliver(self, document: Any) -> None:
        if self.failures:
            self.failures -= 1
            raise Undelivered("bad weather")
        self.carried.append(document)


@dataclass
class Bench:
    """A monitor over a history, whose tests and time are the test's own."""

    history: History
    clock: FrozenClock
    reports: list[Report | Exception] = field(default_factory=list)
    started: list[datetime] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    pigeon: Pigeon = field(default_factory=Pigeon)
    dice: Dice = field(default_factory=Dice)

    def monitor(self, **policy: Any) -> Monitor:
        return Monitor(
            self.test,
            self.history,
            Policy(**policy),
            ways={"pigeon": self.pigeon},
            tell=self.told.append,
            clock=self.clock,
            randomness=self.dice,
        )

    def test(self) -> Report:
        self.started.append(self.clock.now())
        self.clock.advance(timedelta(seconds=2))
        report = self.reports.pop(0) if len(self.reports) > 1 else self.reports[0]
        if isinstance(report, Exception):
            raise report
        return report

    def sleep(self, *, until: int) -> Callable[[float], bool]:
        """Passes the time at once; says stop after so many tests."""

        def wait(seconds: float) -> bool:
            self.clock.advance(timedelta(seconds=max(seconds, 0.001)))
            return len(self.started) >= until

        return wait


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "monitor.sqlite3"


@pytest.fixture
def bench(file: Path) -> Iterator[Bench]:
    with History.open(file) as history:
        yield Bench(history, FrozenClock(START), [FINE])


@pytest.fixture
def lab(responder: Responder, tmp_path: Path) -> str:
    desk = NetworkService(tmp_path / "portal", responder=responder, vendor_hosts=False)
    return str(desk.publish())


def measure(target: str = "a.example", **fields: Any) -> Measure:
    """A row that was reached."""
    figures = {"connect": 20.0, "attempts": 2, "lost": 0, "reached": True, "code": "reachable"}
    return Measure(target=target, host=target, **(figures | fields))


def run(minute: float = 0, outcome: Outcome = SUCCESS, *measures: Measure) -> Run:
    """A run so long after the start."""
    return Run(
        started=START + timedelta(minutes=minute),
        seconds=1.5,
        outcome=outcome,
        measures=measures or (measure(),),
    )


def keep(history: History, *runs: Run) -> None:
    for one in runs:
        history.record(one, Standing(), None, [])
