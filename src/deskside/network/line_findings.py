"""The findings about this computer and its line, from all that was seen. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from deskside.foundation.findings import Finding, Status
from deskside.foundation.text import _
from deskside.network import name_findings, packets, silence, throughput
from deskside.network.causes import REACHABLE, SCRIPT_PROBLEMS
from deskside.network.host_findings import Judged, finding_of
from deskside.network.line_observations import (
    LineSeen,
    Passage,
    ProxySeen,
    RunSeen,
)
from deskside.network.observations import Echo, Reach, Shake

SKEW = 60
"""Seconds between the clocks from which one-time codes begin to fail."""

WEB, PLAIN_WEB = 443, 80
_PAGE = re.compile(r"HTTP/\d(\.\d)? 20\d\b")
_BARRED = ("port-dropped", "port-reset", "port-prohibited")
_PROGRAMS = ("java", "tws", "gateway", "jts", "docker", "rootlessport", "pasta", "wslrelay")
"""In names of programs that offer the API, or that pass it on out of a container."""


def line_findings(run: RunSeen, judged: Sequence[Judged]) -> list[Finding]:
    """All of them."""
    failing = [one for one in judged if one.finding.is_problem and one.finding.code != REACHABLE]
    return [
        *_no_network(run, judged),
        *name_findings.findings(run, judged),
        *_captive(run.line, judged, failing),
        *_proxies(run.line, judged, failing),
        *_scripts(run.line),
        *packets.findings(run, judged),
        *_egress(run.line, judged),
        *([] if silence.is_worthless(run, judged) else _segments(run, judged)),
        *_kept(run.line),
        *throughput.findings(run, judged),
        *_clock(judged),
        *_clashes(run.line),
        *_ping(run, judged),
    ]


def _no_network(run: RunSeen, judged: Sequence[Judged]) -> list[Finding]:
    cut_off = not any(run.routes[one] for one in _versions(judged)) or run.line.interfaces is False
    silent_router = run.line.gateway is False
    if not (cut_off or silent_router) or not any(one.finding.is_problem for one in judged):
        return []
    outside = [one for one in judged if not _on_this_computer(one)]
    reached = any(
        port.connect.result in (Reach.CONNECTED, Reach.RESET)
        for one in outside
        for port in one.seen.ports
    )
    if not outside or reached or any(one.finding.code == REACHABLE for one in outside):
        return []
    evidence = {"routes": sum(run.routes.values()), "hosts": len(outside)}
    return [finding_of("no-network", Status.FAILURE, "network", evidence)]


def _versions(judged: Sequence[Judged]) -> set[int]:
    """The IP versions of the hosts' addresses; both where none is known."""
    lookups = [one.seen.lookup for one in judged if one.seen.lookup]
    known = {4 for one in lookups if one.ipv4} | {6 for one in lookups if one.ipv6}
    return known or {4, 6}


def _on_this_computer(one: Judged) -> bool:
    lookup = one.seen.lookup
    addresses = [*lookup.ipv4, *lookup.ipv6] if lookup else []
    return bool(addresses) and all(ip_address(address).is_loopback for address in addresses)


def _captive(line: LineSeen, judged: Sequence[Judged], failing: Sequence[Judged]) -> list[Finding]:
    """A portal holds the web first: where a web port leads to its host, a redirect of port 80
    is somebody's advertisement or upgrade to TLS."""
    told = [one for one in line.absent if one.answer is Echo.REDIRECT]
    if all(one.port == PLAIN_WEB for one in told) and any(map(_proves_web, judged)):
        told = []
    if not told and failing and len(failing) == len(judged):
        # Pages for hosts that do not exist: a proxy would have said that it finds none.
        told = [one for one in line.absent if _PAGE.match(one.opening)]
    if not told and line.invented and line.invented.answer is Echo.REDIRECT:
        # A portal by false names; a provider's page for wrong names leaves true ones alone.
        lied_to = [one for one in failing if one.finding.code == "dns-hijacked"]
        told = [line.invented] if lied_to else []
    if not told or not failing:
        return []
    evidence = {"ports": [one.port for one in told], "answer": told[0].opening}
    return [finding_of("captive-portal", Status.FAILURE, "network", evidence)]


def _proves_web(one: Judged) -> bool:
    return any(
        port.port == WEB and port.tls and port.tls.result is Shake.TRUSTED
        for port in one.seen.ports
    )


def _proxies(
    line: LineSeen, judged: Sequence[Judged], failing: Sequence[Judged]
) -> Iterable[Finding]:
    barred = [one for one in failing if one.finding.code in (*_BARRED, "dns-blocked")]
    direct = any(one.finding.code == REACHABLE for one in judged)
    status = Status.WARNING if direct and not barred else Status.FAILURE
    for proxy in line.proxies:
        # Who is reached without it, once the address is known, lacks the name alone.
        code = _proxy_code(proxy, blocked=bool(barred) and proxy.direct is not Reach.CONNECTED)
        if code:
            subject = f"{proxy.host}:{proxy.port}"
            evidence: dict[str, Any] = {
                "kind": proxy.kind,
                "configured_in": proxy.source,
                "connect": proxy.reach.value,
                "ports": {str(port): told.value for port, told in proxy.passages.items()},
            }
            if proxy.far_address and proxy.direct:
                evidence["address"] = proxy.far_address
                evidence["without_it"] = proxy.direct.value
            if proxy.given_for:
                evidence["given_for"] = list(proxy.given_for)
            weight = Status.WARNING if code == "proxy-dead" else status
            yield finding_of(code, weight, subject, evidence)


def is_direct_way_untried(line: LineSeen, judged: Sequence[Judged]) -> bool:
    """Whether no host could be connected to, for want of an address: what a proxy opens, a
    direct way might, too."""
    tried = any(one.finding.code in _BARRED for one in judged)
    return not tried and all(one.direct is None for one in line.proxies)


def _scripts(line: LineSeen) -> Iterable[Finding]:
    """A script that cannot be used leaves programs without the proxy that it was to name."""
    for script in line.scripts:
        if script.problem in SCRIPT_PROBLEMS:
            evidence = {"configured_in": script.source, "problem": script.problem}
            if script.said:
                evidence["said"] = script.said
            found = finding_of("proxy-dead", Status.WARNING, script.address, evidence)
            yield replace(
                found,
                title=_("The proxy script {address} cannot be used").format(address=script.address),
                cause=_(SCRIPT_PROBLEMS[script.problem]),
                remedy=_(
                    "Ask the administrator to correct the script, or take it out of the proxy "
                    "settings."
                ),
            )


def _proxy_code(proxy: ProxySeen, *, blocked: bool) -> str | None:
    told = list(proxy.passages.values())
    mute = bool(told) and all(one in (Passage.STRANGE, Passage.SILENT) for one in told)
    if proxy.reach is not Reach.CONNECTED or mute:
        return "proxy-dead"
    if Passage.AUTHENTICATE in told:
        return "proxy-auth-required"
    if not blocked or proxy.kind == "http":
        return "http-proxy-only" if blocked else None
    if Passage.DENIED in [proxy.passages[port] for port in proxy.passages if port != WEB]:
        return "socks-port-denied"
    return "socks-only" if {Passage.PROVED, Passage.OPENED} & set(told) else None


def _egress(line: LineSeen, judged: Sequence[Judged]) -> list[Finding]:
    """Which of our addresses the responders saw. Our own means that nothing translates."""
    by_address: dict[str, list[str]] = defaultdict(list)
    for one in line.series:
        by_address[one.address] += one.seen_as
    for port in (port for one in judged for port in one.seen.ports):
        if port.echo and port.echo.result is Echo.GENUINE and port.echo.seen_as:
            by_address[port.connect.address].append(port.echo.seen_as)
    for address, seen_as in by_address.items():
        if len(set(seen_as)) > 1:
            evidence = {
                "address": address,
                "connections": len(seen_as),
                "seen_as": sorted(set(seen_as)),
            }
            return [finding_of("egress-per-connection", Status.WARNING, "network", evidence)]
    steady = {
        address: seen_as[0]
        for address, seen_as in by_address.items()
        if seen_as and seen_as[0] not in line.own_addresses
    }
    for version in (4, 6):
        seen = {a: s for a, s in steady.items() if ip_address(s).version == version}
        if len(set(seen.values())) > 1:
            evidence = {"seen_as": seen}
            return [finding_of("egress-per-destination", Status.WARNING, "network", evidence)]
    return []


def _segments(run: RunSeen, judged: Sequence[Judged]) -> Iterable[Finding]:
    lost, _sent = packets.counted(run, judged)
    for one in run.line.segments:
        subject = f"{one.host}:{one.port}"
        if one.small and not one.large:
            mtu = {"path_mtu": one.largest + 40} if one.largest else {}
            evidence = {"large": "vanished", "small": "arrived"} | mtu
            yield finding_of("mtu-black-hole", Status.FAILURE, subject, evidence)
        elif not one.large and lost < packets.LOST_AT_LEAST:
            yield _beginning_alone(subject, cut=one.cut)


def _beginning_alone(subject: str, *, cut: bool) -> Finding:
    """The first packets of a connection pass, and not those that follow."""
    code, what = ("port-reset", "cut") if cut else ("port-dropped", "vanished")
    evidence = {"large": what, "small": what}
    title = (
        _("{host}: connections are cut after a few packets")
        if cut
        else _("{host}: connections fall silent after a few packets")
    )
    return replace(
        finding_of(code, Status.FAILURE, subject, evidence),
        title=title.format(host=subject),
        cause=_("The first packets pass; something on the way stops those that follow."),
        remedy=_("Allow whole connections to this host and port, not their beginning."),
    )


def _kept(line: LineSeen) -> Iterable[Finding]:
    for idle in line.idle:
        if idle.dead is not None:
            code = "idle-dropped" if idle.ending is Echo.SILENT else "idle-reset"
            evidence = {
                "alive_after_seconds": round(idle.alive, 1),
                "dead_after_seconds": round(idle.dead, 1),
            }
            yield finding_of(code, Status.WARNING, f"{idle.host}:{idle.port}", evidence)
    for held in line.held:
        if 0 < held.worked < held.asked and held.after:
            evidence = {"asked": held.asked, "worked": held.worked}
            yield finding_of(
                "connection-limited", Status.WARNING, f"{held.host}:{held.port}", evidence
            )


def clock_off(judged: Sequence[Judged]) -> int | None:
    """Seconds by which this computer's clock is off; None where no responder told the time."""
    skews = [
        port.echo.skew_seconds
        for one in judged
        for port in one.seen.ports
        if port.echo and port.echo.result is Echo.GENUINE
    ]
    return min(skews, key=abs, default=None)


def _clock(judged: Sequence[Judged]) -> list[Finding]:
    off = clock_off(judged)
    if off is None or abs(off) <= SKEW:
        return []
    return [finding_of("clock-skew", Status.WARNING, "clock", {"seconds": off})]


def _clashes(line: LineSeen) -> Iterable[Finding]:
    for one in line.listeners:
        program = one.program.lower()
        if program and not any(word in program for word in _PROGRAMS):
            evidence = {"port": one.port, "program": one.program}
            yield finding_of("local-port-clash", Status.WARNING, str(one.port), evidence)


def _ping(run: RunSeen, judged: Sequence[Judged]) -> list[Finding]:
    """Nobody answers ping, though ports do or names are found. One silent host among others is
    its own affair; and without a way out by IPv4, by which it is sent, no request left."""
    line = run.line
    if not run.routes[4]:
        return []
    reached = {one.seen.host.host for one in judged if one.finding.code == REACHABLE}
    barred = {one.seen.host.host for one in judged if one.finding.code in _BARRED}
    asked = [one for one in line.pings if one.host in (reached or barred)]
    if not asked or any(one.round_trips for one in line.pings):
        return []
    evidence = {"hosts": len(asked), "requests": sum(one.sent for one in asked)}
    return [finding_of("ping-blocked", Status.NOTICE, "network", evidence)]
