"""What a history says of a span of time: one shape for the command, the pages and the picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from deskside.foundation.errors import NotFound
from deskside.foundation.text import _, mark
from deskside.network.monitor.history import History
from deskside.network.monitor.model import Change, Period, Run, Standing, State, Target
from deskside.network.monitor.rules import periods_of, targets_of


@dataclass(frozen=True, slots=True)
class Span:
    """A span that ends now, in periods of equal length."""

    name: str
    label: str
    each: timedelta
    count: int


SPANS = {
    span.name: span
    for span in (
        Span("day", mark("One day"), timedelta(minutes=30), 48),
        Span("week", mark("One week"), timedelta(hours=3), 56),
        Span("month", mark("30 days"), timedelta(hours=12), 60),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A span of a history.

    Attributes:
        file: where the history is.
        target: id of the row that the periods are of; None where of all.
        runs: by what they came to.
        changes: confirmed ones, latest first.
        targets: figures of each row.
        periods: figures from the beginning of the span to its end.
    """

    file: Path
    span: Span
    target: str | None
    standing: Standing
    last: Run | None
    runs: dict[State, int]
    changes: tuple[Change, ...]
    targets: tuple[Target, ...]
    periods: tuple[Period, ...]

    def as_json(self) -> dict[str, Any]:
        """The document of `network history --json`."""
        confirmed = self.standing.confirmed
        since = self.standing.since.isoformat() if self.standing.since else None
        return {
            "file": str(self.file),
            "span": self.span.name,
            "standing": {**confirmed.as_json(), "since": since} if confirmed else None,
            "last_run": self.last.as_json() if self.last else None,
            "runs": {state.value: count for state, count in self.runs.items()},
            "changes": [change.as_json() for change in self.changes],
            "hosts": [target.as_json() for target in self.targets],
            "periods": [period.as_json() for period in self.periods],
        }


def look(file: Path, span: Span, now: datetime, target: str | None = None) -> Overview:
    """A span of the history in a file.

    Raises:
        NotFound: there is no history, or it has no such row (`unknown-host`).
        Refused: the file cannot be used.
    """
    with History.read(file) as history:
        latest = history.last_started()
    return _summed(file, span, target, _next_boundary(now, span.each), latest)


@lru_cache(maxsize=100)
def _summed(
    file: Path, span: Span, target: str | None, end: datetime, latest: datetime | None
) -> Overview:
    """The figures, made anew only where there was another run: a month takes a second."""
    start = end - span.each * span.count
    with History.read(file) as history:
        runs, seen = history.runs(start, end), list(history.seen(start, end))
        standing, last = history.standing(), history.last_run()
        changes = tuple(history.changes(start, end))
    targets = tuple(targets_of(seen))
    if target is not None:
        if target not in {one.id for one in targets}:
            raise NotFound(
                "unknown-host",
                _("The history has no row {id} in this span.").format(id=target),
                hint=_("List them with: deskside network history"),
            )
        seen = [one for one in seen if one.target == target]
    periods = periods_of(
        [(run.started, run.outcome.state) for run in runs],
        seen,
        start=start,
        each=span.each,
        count=span.count,
    )
    return Overview(
        file=file,
        span=span,
        target=target,
        standing=standing,
        last=last,
        runs={
            state: count
            for state in State
            if (count := sum(run.outcome.state is state for run in runs))
        },
        changes=changes,
        targets=targets,
        periods=tuple(periods),
    )


def _next_boundary(now: datetime, each: timedelta) -> datetime:
    """The end of the period that `now` lies in; periods are counted from 1970."""
    beginning = datetime(1970, 1, 1, tzinfo=UTC)
    return beginning + each * ((now - beginning) // each + 1)
