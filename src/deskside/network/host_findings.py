"""The findings about one host, from all that was seen of it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any

from deskside.foundation.findings import Finding, Status
from deskside.foundation.text import _
from deskside.network.causes import NOT_TESTED, REACHABLE, ROOTS, WORDS
from deskside.network.judging import UNPROVED, VOID_LAG, Judgement, judge
from deskside.network.line_observations import RunSeen
from deskside.network.model import Host
from deskside.network.observations import (
    Found,
    HostSeen,
    LookupSeen,
    PortSeen,
    Reach,
)

SLOW = 350.0
"""Milliseconds to connect from which a host counts as slow; half round the world takes 300."""

UNHEARD = (Found.FAILED, Found.SILENT)
"""Look-ups without an answer, which loss explains as well."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A host's main finding with the judgement behind it, and what else was noticed."""

    seen: HostSeen
    finding: Finding
    undecided: tuple[str, ...] = ()
    others: tuple[Finding, ...] = ()


def finding_of(code: str, status: Status, about: Host | str, evidence: dict[str, Any]) -> Finding:
    """The finding of a code about a row of the catalogue, or about something else by name."""
    words = WORDS[code]
    subject = about if isinstance(about, str) else about.host
    label = about if isinstance(about, str) else f"{about.host} ({about.id})"
    return Finding(
        code=code,
        status=status,
        subject=subject,
        title=_(words.title).format(host=label),
        evidence=evidence,
        cause=_(words.cause) if words.cause else "",
        remedy=_(words.remedy) if words.remedy else "",
        article=f"2816#{code}",
    )


def judge_host(seen: HostSeen, run: RunSeen) -> Judged:
    """What was seen of one host comes to this."""
    lookup, host = seen.lookup, seen.host
    if lookup is None:
        return Judged(seen, finding_of(NOT_TESTED, Status.UNKNOWN, host, _not_finished(seen, run)))
    if not lookup.ipv4 and not lookup.ipv6:
        evidence: dict[str, Any] = {
            "lookup": lookup.result.value,
            "milliseconds": round(lookup.milliseconds, 1),
        }
        answered = any(one.name == host.host and any(one.answers) for one in run.line.answers)
        if lookup.result in UNHEARD and answered:
            # The name server knows the name: what was lost is the answer, on the way.
            return Judged(seen, finding_of(NOT_TESTED, Status.UNKNOWN, host, evidence))
        if lookup.result is Found.SILENT and run.lag > VOID_LAG:
            return Judged(seen, finding_of(NOT_TESTED, Status.UNKNOWN, host, _busy(run)))
        return Judged(seen, finding_of("dns-blocked", weight(seen), host, evidence))
    main = 6 if not lookup.ipv4 or _by_ipv6_alone(seen, run) else 4
    judged = [(port, judge(seen.host, port)) for port in seen.ports if port.version == main]
    finding, undecided = _main_finding(seen, run, judged)
    others = (*_by_ipv6(seen, main, run.line.own_addresses), *_slow(seen, judged))
    if finding.is_problem and _false_address(lookup, (run.canary, *run.line.canaries)):
        evidence = {"addresses": [*lookup.ipv4, *lookup.ipv6]}
        return Judged(seen, finding_of("dns-hijacked", weight(seen), host, evidence))
    return Judged(seen, finding, undecided, others)


def _by_ipv6_alone(seen: HostSeen, run: RunSeen) -> bool:
    """Whether this computer has no way out by IPv4, and the host an IPv6 address: the other
    programs here then use that, too."""
    has_address = bool(seen.lookup and seen.lookup.ipv6)
    return has_address and not run.routes[4] and not any(by_ipv4_at_all(seen))


def by_ipv4_at_all(seen: HostSeen) -> list[bool]:
    """For each port tried by IPv4, whether there was a route to it."""
    return [one.connect.result is not Reach.UNROUTABLE for one in seen.ports if one.version == 4]


def _main_finding(
    seen: HostSeen, run: RunSeen, judged: list[tuple[PortSeen, Judgement]]
) -> tuple[Finding, tuple[str, ...]]:
    host = seen.host
    codes: dict[str, list[tuple[PortSeen, Judgement]]] = defaultdict(list)
    for port, judgement in judged:
        codes[judgement.code].append((port, judgement))
    proved = codes.get(REACHABLE, [])
    bad = [code for code in ROOTS if code in codes]
    if bad:
        of_code = codes[bad[0]]
        status = Status.WARNING if proved or _proved_at_all(seen) else weight(seen)
        evidence = _evidence(of_code) | ({"proved": _ports(proved)} if proved else {})
        return finding_of(bad[0], status, host, evidence), of_code[0][1].undecided
    unfinished = NOT_TESTED in codes or not seen.finished or not proved
    if not unfinished and _all_ports(seen, judged):
        accepted = {"accepted": _ports(codes[UNPROVED])} if UNPROVED in codes else {}
        return finding_of(REACHABLE, Status.OK, host, _evidence(proved) | accepted), ()
    if UNPROVED in codes and not proved and seen.finished:
        return _unproved(host, codes[UNPROVED]), ()
    evidence = _not_finished(seen, run) | ({"proved": _ports(proved)} if proved else {})
    return finding_of(NOT_TESTED, Status.UNKNOWN, host, evidence), ()


def _proved_at_all(seen: HostSeen) -> bool:
    return any(judge(seen.host, port).code == REACHABLE for port in seen.ports)


def _unproved(host: Host, accepted: list[tuple[PortSeen, Judgement]]) -> Finding:
    bare = finding_of(NOT_TESTED, Status.UNKNOWN, host, _evidence(accepted))
    return replace(
        bare,
        cause=_("Something accepts the connection, and a plain port cannot prove who it is."),
        remedy=_("Test a TLS port of this host, or a Deskside responder on the same port."),
    )


def _all_ports(seen: HostSeen, judged: list[tuple[PortSeen, Judgement]]) -> bool:
    return {port.port for port, _judgement in judged} == set(seen.host.ports)


def weight(seen: HostSeen) -> Status:
    """A far end that is not the primary one degrades; only a primary fails."""
    return Status.FAILURE if seen.host.role == "primary" else Status.WARNING


def _ports(judged: Iterable[tuple[PortSeen, Judgement]]) -> list[int]:
    return sorted(port.port for port, _judgement in judged)


def _evidence(judged: list[tuple[PortSeen, Judgement]]) -> dict[str, Any]:
    port, judgement = judged[0]
    evidence: dict[str, Any] = {
        "ports": _ports(judged),
        "seen": judgement.seen,
        "address": port.connect.address,
        "attempts": port.connect.attempts,
        "milliseconds": round(port.connect.milliseconds, 1),
    }
    if port.tls and port.tls.issuer and judgement.code != REACHABLE:
        evidence |= {"subject": port.tls.subject, "issuer": port.tls.issuer}
    if port.tls and port.tls.error:
        evidence["error"] = port.tls.error
    if port.echo and port.echo.opening:
        evidence["answer"] = port.echo.opening
    if port.echo and port.echo.seen_as:
        evidence["seen_as"] = port.echo.seen_as
    return evidence


def _not_finished(seen: HostSeen, run: RunSeen) -> dict[str, Any]:
    evidence: dict[str, Any] = {"tested": sorted({port.port for port in seen.ports})}
    if not seen.finished:
        evidence["stopped_after_seconds"] = round(run.seconds, 1)
    return evidence | (_busy(run) if run.lag > 0.25 else {})


def _busy(run: RunSeen) -> dict[str, Any]:
    return {"own_delay_seconds": round(run.lag, 2)}


def _by_ipv6(seen: HostSeen, main: int, own: frozenset[str]) -> list[Finding]:
    """IPv6 beside IPv4. A refusal is answered at once and costs nobody anything.

    A computer without an IPv6 address needs no route; one that has an address is led to try.
    """
    if main == 6:
        return []
    parsed = [ip_address(address) for address in own]
    has_address = any(
        one.version == 6 and not one.is_link_local and not one.is_loopback for one in parsed
    )
    no_route = ("ipv6-unroutable", Status.WARNING if has_address else Status.NOTICE)
    codes = {
        Reach.UNROUTABLE: no_route,
        Reach.PROHIBITED: no_route,
        Reach.SILENT: ("ipv6-black-hole", Status.WARNING),
    }
    by_ipv4 = {port.port for port in seen.ports if port.version == 4 and connected(port)}
    for port in seen.ports:
        judgement = judge(seen.host, port)
        if port.version == 6 and port.connect.result in codes and port.port in by_ipv4:
            if judgement.code == NOT_TESTED:
                continue
            code, status = codes[port.connect.result]
            return [finding_of(code, status, seen.host, _evidence([(port, judgement)]))]
    return []


def connected(port: PortSeen) -> bool:
    """Whether something accepted the connection."""
    return port.connect.result is Reach.CONNECTED


def _slow(seen: HostSeen, judged: list[tuple[PortSeen, Judgement]]) -> list[Finding]:
    """Slow even where all of this computer's own delay is taken off."""

    def at_least(pair: tuple[PortSeen, Judgement]) -> float:
        return pair[0].connect.milliseconds - pair[0].lag * 1000

    reached = [pair for pair in judged if connected(pair[0])]
    quickest = min(reached, key=at_least, default=None)
    if quickest is None or at_least(quickest) < SLOW:
        return []
    return [finding_of("latency", Status.WARNING, seen.host, _evidence([quickest]))]


def _false_address(lookup: LookupSeen, canaries: Iterable[LookupSeen | None]) -> bool:
    """Whether a public name leads to this computer, or where a name that does not exist leads.

    Many resolvers answer for `.invalid` themselves, as they should, whoever forges the rest.
    """
    if lookup.result is Found.LITERAL or lookup.name == "localhost":
        return False
    addresses = {*lookup.ipv4, *lookup.ipv6}
    if any(one and addresses <= {*one.ipv4, *one.ipv6} for one in canaries):
        return True
    parsed = [ip_address(address) for address in addresses]
    return all(address.is_loopback or address.is_unspecified for address in parsed)
