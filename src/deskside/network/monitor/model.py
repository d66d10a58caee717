"""Plain values of the monitor: what a run came to, and when that changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """What a run came to. A void one says nothing of the line: the fault was on our side."""

    SUCCESS = "success"
    DEGRADED = "degraded"
    FAILURE = "failure"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A state and the code of its root cause, where one was found."""

    state: State
    root_cause: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The outcome as commands and alerts show it."""
        return {"state": self.state.value, "root_cause": self.root_cause}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What one run saw of one row of the catalogue. Times in milliseconds; None is not measured.

    Attributes:
        target: id of the row.
        code: of its main finding.
        reached: whether the far end proved itself; None where nothing is claimed.
        lookup: of the name.
        connect: of the quickest port.
        handshake: of the quickest TLS handshake.
        total: look-up, connection, handshake and proof together, of the slowest port.
        attempts, lost: connections begun, and those of them that stayed without an answer.
        expires: when the first certificate that the far end showed runs out.
    """

    target: str
    host: str
    code: str
    reached: bool | None
    lookup: float | None = None
    connect: float | None = None
    handshake: float | None = None
    total: float | None = None
    attempts: int = 0
    lost: int = 0
    expires: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One test.

    Attributes:
        started: when it began, UTC.
        seconds: how long it took.
    """

    started: datetime
    seconds: float
    outcome: Outcome
    measures: tuple[Measure, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The run in a line: `network history` and the monitor itself."""
        return {
            "started": self.started.isoformat(),
            "seconds": round(self.seconds, 1),
            **self.outcome.as_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A confirmed change of outcome.

    Attributes:
        at: start of the run that confirmed it, UTC.
        previous: what held before; None at the very first.
    """

    at: datetime
    now: Outcome
    previous: Outcome | None = None

    @property
    def recovery(self) -> bool:
        """Whether all is well again."""
        return self.now.state is State.SUCCESS

    def as_json(self) -> dict[str, Any]:
        """The change as `network history` shows it."""
        previous = self.previous.as_json() if self.previous else None
        return {"at": self.at.isoformat(), **self.now.as_json(), "previous": previous}


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds at present, and what speaks against it.

    Attributes:
        confirmed: the outcome that holds; None before the first was confirmed.
        since: start of the run that confirmed it.
        recent: outcomes of the latest runs that measured, oldest first; no more than it takes.
    """

    confirmed: Outcome | None = None
    since: datetime | None = None
    recent: tuple[Outcome, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Bands:
    """Figures of many measurements, in milliseconds: nine of ten lie above `low`, below `high`."""

    low: float
    median: float
    high: float

    def as_json(self) -> dict[str, float]:
        """The figures by the names of `network history`."""
        return {
            "p10": round(self.low, 1),
            "median": round(self.median, 1),
            "p90": round(self.high, 1),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What was seen from `start` (included) to `end` (excluded).

    Attributes:
        runs: how many came to each state.
        latency: of connections; None where none was measured.
    """

    start: datetime
    end: datetime
    runs: dict[State, int]
    latency: Bands | None = None
    attempts: int = 0
    lost: int = 0

    @property
    def worst(self) -> State | None:
        """The worst state that was measured; void where there was no other, None without runs."""
        order = (State.FAILURE, State.DEGRADED, State.SUCCESS, State.VOID)
        return next((state for state in order if self.runs.get(state)), None)

    @property
    def loss(self) -> float | None:
        """Share of connections that stayed without an answer, 0 to 1; None where none was begun."""
        return self.lost / self.attempts if self.attempts else None

    def as_json(self) -> dict[str, Any]:
        """The period as `network history` shows it."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "state": self.worst.value if self.worst else None,
            "runs": {state.value: count for state, count in self.runs.items()},
            "latency": self.latency.as_json() if self.latency else None,
            "loss": None if self.loss is None else round(self.loss, 4),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What was seen of one row over a span of time.

    Attributes:
        judged: runs that claim something of it.
        reached: those in which its far end proved itself.
        code: of its main finding in the latest run.
    """

    id: str
    host: str
    judged: int
    reached: int
    code: str
    latency: Bands | None
    attempts: int
    lost: int

    @property
    def loss(self) -> float | None:
        """As of a period."""
        return self.lost / self.attempts if self.attempts else None

    def as_json(self) -> dict[str, Any]:
        """The row as `network history` shows it."""
        return {
            "id": self.id,
            "host": self.host,
            "judged": self.judged,
            "reached": self.reached,
            "code": self.code,
            "latency": self.latency.as_json() if self.latency else None,
            "loss": None if self.loss is None else round(self.loss, 4),
        }
