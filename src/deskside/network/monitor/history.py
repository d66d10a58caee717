"""The history: one SQLite file that survives `kill -9`, bounded in age and size.

A run, what it changed, and the alerts that follow are one transaction: nothing is told twice and
nothing is forgotten. Alerts wait in the same file until they are delivered.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deskside.network.monitor.file import for_reading, for_writing, in_our_words
from deskside.network.monitor.model import Change, Measure, Outcome, Run, Standing, State
from deskside.network.monitor.rules import Seen

_MEASURES = """
    SELECT target.id, target.host, code, reached, lookup, connect, handshake, total, attempts,
           lost, expires
    FROM measure JOIN target ON target.number = target WHERE run = ? ORDER BY target
"""
_SEEN = """
    SELECT run.started, run.state, target.id, target.host, code, reached, connect, attempts, lost
    FROM run JOIN measure ON measure.run = run.number JOIN target ON target.number = target
    WHERE run.started >= ? AND run.started < ? ORDER BY run.started, run.number, target
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An alert that was not delivered yet.

    Attributes:
        number: orders alerts as they came about.
        way: how it is to be delivered.
        document: what it says.
        attempts: how often that was tried.
    """

    number: int
    way: str
    document: dict[str, Any]
    attempts: int


class History:
    """The open file. One thread uses it at a time."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[History]:
        """For the monitor; see `for_writing`."""
        with for_writing(path) as connection:
            yield cls(path, connection)

    @classmethod
    @contextmanager
    def read(cls, path: Path) -> Iterator[History]:
        """For looking; see `for_reading`."""
        with for_reading(path) as connection:
            yield cls(path, connection)

    def record(
        self,
        run: Run,
        standing: Standing,
        change: Change | None,
        alerts: list[tuple[str, dict[str, Any]]],
    ) -> None:
        """Keep a run, what holds after it, the change that it confirmed, and who is to be told.

        Args:
            alerts: way and document of each.

        Raises:
            OutOfSpace: the disk is full; nothing of the run is kept.
        """
        moment = run.started.timestamp()
        with self._writing() as connection:
            number = connection.execute(
                "INSERT INTO run (started, seconds, state, root_cause) VALUES (?, ?, ?, ?)",
                (moment, run.seconds, run.outcome.state.value, run.outcome.root_cause),
            ).lastrowid
            for measure in run.measures:
                connection.execute(
                    "INSERT OR REPLACE INTO measure VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                    (number, self._target(measure), *_figures(measure)),
                )
            connection.execute(
                "INSERT INTO tally VALUES (?, 1) ON CONFLICT DO UPDATE SET runs = runs + 1",
                (run.outcome.state.value,),
            )
            connection.execute(
                "INSERT OR REPLACE INTO standing VALUES (1, ?)", (_written(standing),)
            )
            if change:
                self._add_change(change)
            connection.executemany(
                "INSERT INTO alert (way, document, created, attempts, due) VALUES (?, ?, ?, 0, ?)",
                [(way, json.dumps(told), moment, moment) for way, told in alerts],
            )

    def prune(self, now: datetime, keep: timedelta, megabytes: int) -> None:
        """Let go of what is older than `keep`, and of the oldest runs of a file that is too large.

        Alerts go too when they are as old: what nobody could be told for so long is no news.
        """
        oldest = (now - keep).timestamp()
        with self._writing() as connection:
            connection.execute("DELETE FROM run WHERE started < ?", (oldest,))
            connection.execute("DELETE FROM change WHERE at < ?", (oldest,))
            connection.execute("DELETE FROM alert WHERE created < ?", (oldest,))
        while self._size() > megabytes * 1_000_000 and self.count() > 1:
            with self._writing() as connection:
                connection.execute(
                    "DELETE FROM run WHERE number IN (SELECT number FROM run ORDER BY started "
                    "LIMIT max(1, (SELECT count(*) / 10 FROM run)))"
                )

    def standing(self) -> Standing:
        """What holds after the latest run."""
        row = self._connection.execute("SELECT document FROM standing").fetchone()
        return _standing(json.loads(row[0])) if row else Standing()

    def count(self) -> int:
        """How many runs are kept."""
        (runs,) = self._connection.execute("SELECT count(*) FROM run").fetchone()
        return int(runs)

    def tallies(self) -> dict[State, int]:
        """How many runs there ever were, kept or not, by what they came to."""
        rows = self._connection.execute("SELECT state, runs FROM tally")
        return dict.fromkeys(State, 0) | {State(state): runs for state, runs in rows}

    def last_started(self) -> datetime | None:
        """When the latest run began."""
        (started,) = self._connection.execute("SELECT max(started) FROM run").fetchone()
        return None if started is None else _moment(started)

    def last_run(self) -> Run | None:
        """The latest run with all its measures."""
        row = self._connection.execute(
            "SELECT number, started, seconds, state, root_cause FROM run "
            "ORDER BY started DESC, number DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return None
        number, started, seconds, state, root = row
        return Run(
            started=_moment(started),
            seconds=seconds,
            outcome=Outcome(State(state), root),
            measures=tuple(map(_measure, self._connection.execute(_MEASURES, (number,)))),
        )

    def runs(self, start: datetime, end: datetime) -> list[Run]:
        """The runs of a span, oldest first, without their measures."""
        rows = self._connection.execute(
            "SELECT started, seconds, state, root_cause FROM run "
            "WHERE started >= ? AND started < ? ORDER BY started, number",
            (start.timestamp(), end.timestamp()),
        )
        return [
            Run(started=_moment(started), seconds=seconds, outcome=Outcome(State(state), root))
            for started, seconds, state, root in rows
        ]

    def seen(self, start: datetime, end: datetime) -> Iterator[Seen]:
        """The measures of a span, oldest first."""
        span = start.timestamp(), end.timestamp()
        return map(Seen._make, self._connection.execute(_SEEN, span))

    def changes(self, start: datetime, end: datetime) -> list[Change]:
        """The confirmed changes of a span, latest first."""
        rows = self._connection.execute(
            "SELECT at, state, root_cause, previous_state, previous_root_cause FROM change "
            "WHERE at >= ? AND at < ? ORDER BY at DESC, number DESC",
            (start.timestamp(), end.timestamp()),
        )
        return [
            Change(
                at=_moment(at),
                now=Outcome(State(state), root),
                previous=Outcome(State(before), before_root) if before else None,
            )
            for at, state, root, before, before_root in rows
        ]

    def waiting(self) -> int:
        """How many alerts wait to be delivered."""
        (alerts,) = self._connection.execute("SELECT count(*) FROM alert").fetchone()
        return int(alerts)

    def due_alerts(self, now: datetime) -> list[Waiting]:
        """Of each way the alert that has waited longest, if it is due: order is kept."""
        rows = self._connection.execute(
            "SELECT number, way, document, attempts, due FROM alert WHERE number IN "
            "(SELECT min(number) FROM alert GROUP BY way) AND due <= ?",
            (now.timestamp(),),
        )
        return [
            Waiting(number, way, json.loads(told), attempts)
            for number, way, told, attempts, _due in rows
        ]

    def delivered(self, alert: Waiting) -> None:
        """The alert has arrived: it waits no longer."""
        with self._writing() as connection:
            connection.execute("DELETE FROM alert WHERE number = ?", (alert.number,))

    def put_off(self, alert: Waiting, until: datetime) -> None:
        """The alert could not be delivered: it is due again then."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE alert SET attempts = attempts + 1, due = ? WHERE number = ?",
                (until.timestamp(), alert.number),
            )

    def _add_change(self, change: Change) -> None:
        before = change.previous
        self._connection.execute(
            "INSERT INTO change (at, state, root_cause, previous_state, previous_root_cause) "
            "VALUES (?, ?, ?, ?, ?)",
            (
                change.at.timestamp(),
                change.now.state.value,
                change.now.root_cause,
                before.state.value if before else None,
                before.root_cause if before else None,
            ),
        )

    def _target(self, measure: Measure) -> int:
        named = (measure.target, measure.host)
        find = "SELECT number FROM target WHERE id = ? AND host = ?"
        row = self._connection.execute(find, named).fetchone()
        if row is None:
            self._connection.execute("INSERT INTO target (id, host) VALUES (?, ?)", named)
            row = self._connection.execute(find, named).fetchone()
        return int(row[0])

    def _size(self) -> int:
        """Bytes that are in use; freed ones are used again before the file grows."""
        values = [
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        ]
        return int((values[0] - values[1]) * values[2])

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with in_our_words(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


def _figures(measure: Measure) -> tuple[Any, ...]:
    return (
        measure.code,
        measure.reached,
        measure.lookup,
        measure.connect,
        measure.handshake,
        measure.total,
        measure.attempts,
        measure.lost,
        measure.expires.timestamp() if measure.expires else None,
    )


def _measure(row: tuple[Any, ...]) -> Measure:
    target, host, code, reached, lookup, connect, handshake, total, attempts, lost, expires = row
    return Measure(
        target=target,
        host=host,
        code=code,
        reached=None if reached is None else bool(reached),
        lookup=lookup,
        connect=connect,
        handshake=handshake,
        total=total,
        attempts=attempts,
        lost=lost,
        expires=None if expires is None else _moment(expires),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _written(standing: Standing) -> str:
    return json.dumps(
        {
            "confirmed": standing.confirmed.as_json() if standing.confirmed else None,
            "since": standing.since.isoformat() if standing.since else None,
            "recent": [one.as_json() for one in standing.recent],
        }
    )


def _standing(document: dict[str, Any]) -> Standing:
    def outcome(told: dict[str, Any]) -> Outcome:
        return Outcome(State(told["state"]), told["root_cause"])

    since = document["since"]
    return Standing(
        outcome(document["confirmed"]) if document["confirmed"] else None,
        datetime.fromisoformat(since) if since else None,
        tuple(map(outcome, document["recent"])),
    )
