"""What the monitor saw, in the text format of Prometheus (version 0.0.4). Pure.

Names of blackbox_exporter where they mean the same. A void run says nothing of the line, so it
shows no `probe_*` at all, and a row of which nothing is claimed no `probe_success`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from deskside.network.monitor.model import Measure, Run, Standing, State

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]
Sample = tuple[Labels, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What metrics are made from.

    Attributes:
        last: the latest run; None before the first.
        tallies: how many runs there ever were.
        waiting: alerts that were not delivered yet.
    """

    last: Run | None
    standing: Standing
    tallies: Mapping[State, int]
    waiting: int


_ROWS: tuple[tuple[str, str, Callable[[Measure], float | None]], ...] = (
    ("probe_success", "Whether the far end proved itself", lambda one: _truth(one.reached)),
    (
        "probe_duration_seconds",
        "How long the row took, to its slowest port",
        lambda one: _seconds(one.total),
    ),
    (
        "probe_dns_lookup_time_seconds",
        "How long the name look-up took",
        lambda one: _seconds(one.lookup),
    ),
    (
        "probe_ssl_earliest_cert_expiry",
        "When the first certificate that was shown runs out, in Unix time",
        lambda one: one.expires.timestamp() if one.expires else None,
    ),
    (
        "deskside_probe_connect_seconds",
        "How long the quickest port took to connect",
        lambda one: _seconds(one.connect),
    ),
    (
        "deskside_probe_tls_seconds",
        "How long the quickest TLS handshake took",
        lambda one: _seconds(one.handshake),
    ),
    (
        "deskside_probe_attempts",
        "Connections begun in the latest run",
        lambda one: float(one.attempts),
    ),
    (
        "deskside_probe_unanswered",
        "Connections of the latest run that stayed without an answer",
        lambda one: float(one.lost),
    ),
)


def exposition(figures: Figures) -> str:
    """All metrics as one text."""
    return "".join([*_of_rows(figures.last), *_of_the_monitor(figures)])


def _of_rows(last: Run | None) -> Iterable[str]:
    measures = last.measures if last and last.outcome.state is not State.VOID else ()
    for name, about, figure in _ROWS:
        rows = [({"target": one.target, "host": one.host}, figure(one)) for one in measures]
        yield _family(name, "gauge", about, rows)


def _of_the_monitor(figures: Figures) -> Iterable[str]:
    last, confirmed = figures.last, figures.standing.confirmed
    yield _family(
        "deskside_monitor_state",
        "gauge",
        "What the latest run came to",
        _one_of(last.outcome.state if last else None),
    )
    yield _family(
        "deskside_monitor_confirmed_state",
        "gauge",
        "What holds, confirmed by as many runs as are asked for",
        _one_of(confirmed.state if confirmed else None),
    )
    root = last.outcome.root_cause if last else None
    yield _family(
        "deskside_monitor_root_cause_info",
        "gauge",
        "The root cause of the latest run",
        [({"root_cause": root}, 1.0)] if root else [],
    )
    yield _family(
        "deskside_monitor_last_run_timestamp_seconds",
        "gauge",
        "When the latest run began, in Unix time",
        [({}, last.started.timestamp() if last else None)],
    )
    yield _family(
        "deskside_monitor_runs_total",
        "counter",
        "Runs since the history began",
        [({"state": state.value}, float(count)) for state, count in figures.tallies.items()],
    )
    yield _family(
        "deskside_monitor_alerts_waiting",
        "gauge",
        "Alerts that were not delivered yet",
        [({}, float(figures.waiting))],
    )


def _family(name: str, kind: str, about: str, samples: Iterable[Sample]) -> str:
    """A metric with those of its samples that have a value; nothing where none has."""
    lines = [
        f"{name}{_labels(labels)} {value!r}\n" for labels, value in samples if value is not None
    ]
    if not lines:
        return ""
    return "".join([f"# HELP {name} {about}\n# TYPE {name} {kind}\n", *lines])


def _labels(labels: Labels) -> str:
    written = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{written}}}" if written else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _one_of(state: State | None) -> list[Sample]:
    return [({"state": one.value}, float(one is state)) for one in State] if state else []


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _truth(value: bool | None) -> float | None:
    return None if value is None else float(value)
