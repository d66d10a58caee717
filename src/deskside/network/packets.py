"""Packets lost and packets late: the findings `loss`, `latency` and `jitter`. Pure.

What was lost on the way is sent again after a timer and arrives late, but it is not the line
that was slow: such a trip tells of loss, and of nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import comb
from statistics import median

from deskside.foundation.findings import Finding, Status
from deskside.foundation.text import _, mark
from deskside.network.host_findings import Judged, connected, finding_of
from deskside.network.line_observations import PingSeen, RunSeen, SeriesSeen

LOST_AT_LEAST, LOST_SHARE = 3, 0.04

UNLIKELY = 0.001
"""Chance that packets lost at random are all first ones of connections (Fisher's exact test), below
which they were not lost at random."""

_SPARED = (
    mark("Several connections at once are too many"),
    mark(
        "Attempts to connect got no answer while no other packet was lost: something on the way "
        "limits how many connections there may be."
    ),
)
"""Title and cause of a limit that shows by what it spares."""

UNSTEADY = 8.0
"""Milliseconds by which round trips deviate from their median (median) from which the delay is
unsteady."""

OWN_SHARE = 3.0
"""How many times this computer's own delay the deviation must be, to be the network's."""

SLOW_RESPONDER = 200.0
"""Milliseconds of round trip from which the desk's own far end counts as slow."""

SENT_AGAIN = 180.0
"""Milliseconds beyond the quickest from which a trip may hold a packet that was sent again: no
system waits less than 200 for that as it comes (RFC 6298 asks for a second), less some slack."""

FEWEST_QUESTIONS, FEWEST_ECHOES = 5, 8
"""Round trips from which a delay is judged, of questions and of echo requests."""


def findings(run: RunSeen, judged: Sequence[Judged]) -> Iterable[Finding]:
    """All three."""
    lost, sent = counted(run, judged)
    if lost >= LOST_AT_LEAST and lost >= sent * LOST_SHARE:
        spared = _only_connecting(run, judged)
        evidence = {"unanswered": lost, "attempts": sent} | spared
        found = finding_of(
            "connection-limited" if spared else "loss", Status.WARNING, "network", evidence
        )
        yield replace(found, title=_(_SPARED[0]), cause=_(_SPARED[1])) if spared else found
    again = any(one.resent for one in run.line.series)
    yield from _delays(run, losing=lost > 0 or again)


def counted(run: RunSeen, judged: Sequence[Judged]) -> tuple[int, int]:
    """Packets lost, of how many."""
    both = _connecting(run, judged), _others(run)
    return sum(lost for lost, _sent in both), sum(sent for _lost, sent in both)


def _connecting(run: RunSeen, judged: Sequence[Judged]) -> tuple[int, int]:
    connects = [port.connect for one in judged for port in one.seen.ports if connected(port)]
    lost = sum(one.unanswered for one in connects) + sum(one.late for one in run.line.series)
    sent = sum(one.attempts for one in connects)
    return lost, sent + sum(one.connections for one in run.line.series)


def _others(run: RunSeen) -> tuple[int, int]:
    """Echo requests and questions."""
    answered = [one for one in run.line.pings if one.round_trips]
    lost = sum(one.sent - len(one.round_trips) for one in answered)
    lost += sum(one.lost for one in run.line.series)
    return lost, sum(one.sent for one in answered) + sum(one.questions for one in run.line.series)


def _only_connecting(run: RunSeen, judged: Sequence[Judged]) -> dict[str, int]:
    """Evidence that only new connections go unanswered: were it loss, it would hardly have
    spared all other packets. None where that is not so."""
    (unanswered, attempts), (lost, others) = _connecting(run, judged), _others(run)
    if lost or any(map(_sent_again, run.line.series)):
        return {}
    by_chance = comb(attempts, unanswered) / comb(attempts + others, unanswered)
    return {"other_packets_answered": others} if by_chance < UNLIKELY else {}


def _sent_again(series: SeriesSeen) -> bool:
    """Whether questions were, as the system tells, or as they took so long."""
    trips = series.round_trips
    return series.resent > 0 or (bool(trips) and max(trips) >= min(trips) + SENT_AGAIN)


@dataclass(frozen=True, slots=True)
class _Trips:
    """Round trips of one kind to one host; `bound` is the deviation that makes them unsteady."""

    trips: Sequence[float]
    bound: float

    @property
    def share(self) -> float:
        """How unsteady they are, as a share of the bound."""
        return _deviation(self.trips) / self.bound


def _delays(run: RunSeen, *, losing: bool) -> Iterable[Finding]:
    """The responders' round trips, of questions and of echo requests: the line is as quick as
    the quicker of them, and as unsteady as the less steady."""
    line = run.line
    again = _measured(line.pings_again, line.series_again, losing=losing)
    for host, several in _measured(line.pings, line.series, losing=losing).items():
        quickest = min(min(one.trips) for one in several)
        worst = max(several, key=lambda one: one.share)
        evidence = {
            "probes": len(worst.trips),
            "milliseconds": round(median(worst.trips), 1),
            "quickest": round(quickest, 1),
            "jitter_milliseconds": round(_deviation(worst.trips), 1),
        }
        if quickest >= SLOW_RESPONDER:
            yield finding_of("latency", Status.WARNING, host, evidence)
        later = max((one.share for one in again.get(host, ())), default=worst.share)
        if min(worst.share, later) >= 1:
            yield finding_of("jitter", Status.WARNING, host, evidence)


def is_unsteady(pings: Sequence[PingSeen], series: Sequence[SeriesSeen]) -> bool:
    """Whether the delay to any responder changes so much that it is measured once more."""
    found = _measured(pings, series, losing=False)
    return any(one.share >= 1 for several in found.values() for one in several)


def _measured(
    pings: Sequence[PingSeen], series: Sequence[SeriesSeen], *, losing: bool
) -> dict[str, list[_Trips]]:
    """By host. Beside echo requests, which are more, questions must be twice as unsteady."""
    responders = {one.host for one in series}
    found: dict[str, list[_Trips]] = defaultdict(list)
    for echoes in pings:
        if echoes.host in responders and len(echoes.round_trips) >= FEWEST_ECHOES:
            found[echoes.host].append(_Trips(echoes.round_trips, _bound(UNSTEADY, echoes.lag)))
    for asked in series:
        trips = _undisturbed(asked, losing=losing)
        if len(trips) >= FEWEST_QUESTIONS:
            least = 2 * UNSTEADY if found[asked.host] else UNSTEADY
            found[asked.host].append(_Trips(trips, _bound(least, asked.lag)))
    return {host: several for host, several in found.items() if several}


def _bound(milliseconds: float, lag: float) -> float:
    return max(milliseconds, lag * 1000 * OWN_SHARE)


def _deviation(trips: Sequence[float]) -> float:
    """The median by which trips deviate from their median."""
    middle = median(trips)
    return median(abs(trip - middle) for trip in trips)


def _undisturbed(series: SeriesSeen, *, losing: bool) -> list[float]:
    """The trips that say how slow the line is: those that no timer can have lengthened.

    Where packets get lost, all questions may have been; a connection then tells how quick the
    line can be. Elsewhere something on the way may have accepted it for the far end.
    """
    known = list(series.round_trips)
    if losing and series.quickest_connect:
        known.append(series.quickest_connect)
    return [trip for trip in series.round_trips if trip < min(known) + SENT_AGAIN]
