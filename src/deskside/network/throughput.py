"""Whether traffic is held back: the finding `rate-limited`. Pure.

The rule is one in bytes a second. A line may be slower than that for two other reasons, and only
where these allow it is shaping named: a connection sends no more than its window in a round trip,
and slows down where packets get lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, sqrt
from statistics import median

from deskside.foundation.findings import Finding, Status
from deskside.network import packets
from deskside.network.host_findings import Judged, finding_of
from deskside.network.line_observations import RunSeen, SeriesSeen

SLOW_RATE = 90_000.0
"""Bytes a second each way below which a line is held back: half as much again as 512 kbit/s
carries (62,000 without headers), and three quarters of what 1 Mbit/s does (119,000)."""

SEGMENT, FIRST_WINDOW = 1_460, 14_600
"""Bytes of a packet, and those that a connection sends before any acknowledgement (RFC 6928)."""

ALONE = 1 / 2
"""Share of that which one connection by itself must not reach, as it is slow for many a reason: it
shows limits that each connection has for itself."""

WINDOW_SHARE, LOSS_SHARE = 1 / 2, 1 / 3
"""How much of what TCP makes possible must be missing, as both are estimates."""

TELLING_LOSS = 0.25
"""Share of packets lost from which no rate tells anything: there are only accidents left."""

LEAST_TIMER = 0.2
"""Seconds beyond the round trip after which the quickest systems send again."""


def findings(run: RunSeen, judged: Sequence[Judged]) -> Iterable[Finding]:
    """One for each port that is held back, by the measurement that shows it most clearly."""
    loss = loss_at_most(run, judged)
    by_host = {one.host: one for one in run.line.series}
    told: set[tuple[str, int]] = set()
    for rate in sorted(run.line.rates, key=lambda one: one.late):
        trip = _round_trip(by_host.get(rate.host))
        if rate.late >= bound(rate.connections, trip, loss):
            continue
        if (rate.host, rate.port) in told:
            continue
        told.add((rate.host, rate.port))
        evidence = {
            "bytes": rate.transferred,
            "seconds": round(rate.seconds, 1),
            "bytes_a_second": round(rate.late),
            "connections": rate.connections,
        }
        yield finding_of("rate-limited", Status.WARNING, f"{rate.host}:{rate.port}", evidence)


def bound(connections: int, round_trip: float, loss: float) -> float:
    """Bytes a second each way below which so many connections must be held back; one
    alone tells nothing where packets get lost.

    Args:
        round_trip: in seconds, with nothing large on the way.
        loss: share of packets that get lost of themselves.
    """
    if loss > (TELLING_LOSS if connections > 1 else 0.0):
        return 0.0
    window = FIRST_WINDOW / round_trip * WINDOW_SHARE if round_trip else inf
    possible = connections * min(window, _despite(loss, round_trip) * LOSS_SHARE)
    return min(SLOW_RATE if connections > 1 else SLOW_RATE * ALONE, possible)


def _despite(loss: float, round_trip: float) -> float:
    """Bytes a second that a connection carries at such a loss (RFC 5348 section 3.1)."""
    if not loss:
        return inf
    timer = (round_trip + LEAST_TIMER) * 3 * sqrt(3 * loss / 8) * loss * (1 + 32 * loss**2)
    seconds = round_trip * sqrt(2 * loss / 3) + timer  # for a segment
    return SEGMENT / seconds if seconds else inf


def loss_at_most(run: RunSeen, judged: Sequence[Judged]) -> float:
    """The share of packets lost, as high as few packets leave it open (two deviations)."""
    lost, sent = packets.counted(run, judged)
    return min((lost + 2 * sqrt(lost) + 1) / sent, 1.0) if lost else 0.0


def _round_trip(series: SeriesSeen | None) -> float:
    """Seconds; the usual one, as a window passes in no less on an unsteady line."""
    return median(series.round_trips) / 1000 if series and series.round_trips else 0.0
