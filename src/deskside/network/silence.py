"""What silence is worth where many packets get lost: a cause is named only where loss alone would
hardly ever have looked the same. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deskside.foundation.findings import Finding, Status
from deskside.foundation.text import _
from deskside.network import packets
from deskside.network.causes import NOT_TESTED
from deskside.network.host_findings import Judged, connected, finding_of
from deskside.network.line_observations import RunSeen
from deskside.network.observations import PortSeen

HEAVY = 0.3
"""Share of round trips lost from which a conversation may well fall silent by itself."""

UNLIKELY = 0.01
"""Chance that loss alone swallows every attempt, below which it was something else."""

PATIENCE = 2.0
"""Seconds in which a connection's attempts are made; those of the last round trip come too late."""

_BY_SILENCE = ("port-dropped", "mtu-black-hole", "sni-reset", "ipv6-black-hole")


def is_worthless(run: RunSeen, judged: Sequence[Judged]) -> bool:
    """Whether so much is lost that large packets that vanish prove nothing either."""
    lost, sent = packets.counted(run, judged)
    return lost >= packets.LOST_AT_LEAST and lost >= sent * HEAVY


def without_it(run: RunSeen, judged: list[Judged]) -> list[Judged]:
    """The same, without causes for which silence is all that there is, and not enough."""
    if not is_worthless(run, judged):
        return judged
    lost, sent = packets.counted(run, judged)
    quickest = min(_trips(judged), default=0.0)

    def proves(one: Judged, finding: Finding) -> bool:
        if finding.code not in _BY_SILENCE or not _says_silent(finding):
            return True
        address, numbers = finding.evidence.get("address"), finding.evidence.get("ports", ())
        about = [
            port
            for port in one.seen.ports
            if port.port in numbers and port.connect.address == address
        ]
        trip = min(_trips([one]), default=quickest)
        return any(
            not connected(port) and _chance(port, lost / sent, trip) < UNLIKELY for port in about
        )

    def keep(one: Judged) -> Judged:
        others = tuple(other for other in one.others if proves(one, other))
        if proves(one, one.finding):
            return replace(one, others=others)
        evidence = {"ports": one.finding.evidence["ports"], "unanswered": lost, "attempts": sent}
        bare = finding_of(NOT_TESTED, Status.UNKNOWN, one.seen.host, evidence)
        told = replace(bare, cause=_("So many packets are lost that silence proves nothing."))
        return replace(one, finding=told, undecided=(), others=others)

    return [keep(one) for one in judged]


def _trips(judged: Sequence[Judged]) -> list[float]:
    """Seconds that each connection took."""
    reached = [port for one in judged for port in one.seen.ports if connected(port)]
    return [port.connect.milliseconds / 1000 for port in reached]


def _says_silent(finding: Finding) -> bool:
    return str(finding.evidence.get("seen", "")).startswith("silent")


def _chance(port: PortSeen, share: float, trip: float) -> float:
    """That loss alone swallowed every attempt that could have been answered in time."""
    in_time = port.connect.attempts * max(1 - trip / PATIENCE, 0.0)
    return float(share**in_time)
