"""From observations to findings: one for each host, root cause named, nothing overclaimed. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

from deskside.foundation.findings import Finding, Status, Verdict, verdict
from deskside.foundation.text import _
from deskside.network.causes import EXPLAINS, NOT_TESTED, REACHABLE, ROOTS, WORDS
from deskside.network.judging import UNPROVED, Judgement, judge
from deskside.network.model import Host
from deskside.network.observations import (
    Echo,
    Found,
    HostSeen,
    LookupSeen,
    PortSeen,
    Reach,
    RunSeen,
    Shake,
    plain,
)

SLOW = 350.0
"""Milliseconds to connect from which a host counts as slow; half round the world takes 300."""

LOST_AT_LEAST, LOST_SHARE = 3, 0.05
SKEW = 60
"""Seconds between the clocks from which one-time codes begin to fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of a network test, in the shape of `network test --json`."""

    verdict: Verdict
    root_cause: str | None
    undecided_between: tuple[str, ...]
    findings: tuple[Finding, ...]
    targets: tuple[dict[str, Any], ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """The one JSON document of `network test`."""
        return {
            "verdict": self.verdict.value,
            "root_cause": self.root_cause,
            "undecided_between": list(self.undecided_between),
            "targets": list(self.targets),
            "findings": [finding.as_json() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class _Judged:
    """A host's main finding with the judgement behind it, and what else was noticed."""

    seen: HostSeen
    finding: Finding
    undecided: tuple[str, ...] = ()
    others: tuple[Finding, ...] = ()


def diagnose(run: RunSeen) -> Report:
    """Judge a run: a finding per host, then those about this computer and its network."""
    judged = _agree_on_interception([_host(seen, run) for seen in run.hosts])
    about_machine = _machine(run, judged)
    findings = [
        *about_machine,
        *(finding for one in judged for finding in (one.finding, *one.others)),
    ]
    root = _root(findings)
    result = verdict(findings)
    return Report(
        verdict=result,
        root_cause=root if result is not Verdict.SUCCESS else None,
        undecided_between=_undecided(root, judged) if result is not Verdict.SUCCESS else (),
        findings=tuple(_explain(findings, root)),
        targets=tuple(_target(one) for one in judged),
    )


def _finding(code: str, status: Status, about: Host | str, evidence: dict[str, Any]) -> Finding:
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


def _host(seen: HostSeen, run: RunSeen) -> _Judged:
    lookup, host = seen.lookup, seen.host
    if lookup is None:
        return _Judged(seen, _finding(NOT_TESTED, Status.UNKNOWN, host, _not_finished(seen, run)))
    if not lookup.ipv4 and not lookup.ipv6:
        evidence: dict[str, Any] = {
            "lookup": lookup.result.value,
            "milliseconds": round(lookup.milliseconds, 1),
        }
        return _Judged(seen, _finding("dns-blocked", _weight(seen), host, evidence))
    main = 4 if lookup.ipv4 else 6
    judged = [(port, judge(seen.host, port)) for port in seen.ports if port.version == main]
    finding, undecided = _main_finding(seen, run, judged)
    others = (*_by_ipv6(seen, main), *_slow(seen, judged))
    if finding.is_problem and _false_address(lookup, run.canary):
        evidence = {"addresses": [*lookup.ipv4, *lookup.ipv6]}
        return _Judged(seen, _finding("dns-hijacked", _weight(seen), host, evidence))
    return _Judged(seen, finding, undecided, others)


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
        status = Status.WARNING if proved else _weight(seen)
        evidence = _evidence(of_code) | ({"proved": _ports(proved)} if proved else {})
        return _finding(bad[0], status, host, evidence), of_code[0][1].undecided
    unfinished = NOT_TESTED in codes or not seen.finished or not proved
    if not unfinished and _all_ports(seen, judged):
        accepted = {"accepted": _ports(codes[UNPROVED])} if UNPROVED in codes else {}
        return _finding(REACHABLE, Status.OK, host, _evidence(proved) | accepted), ()
    if UNPROVED in codes and not proved and seen.finished:
        return _unproved(host, codes[UNPROVED]), ()
    evidence = _not_finished(seen, run) | ({"proved": _ports(proved)} if proved else {})
    return _finding(NOT_TESTED, Status.UNKNOWN, host, evidence), ()


def _unproved(host: Host, accepted: list[tuple[PortSeen, Judgement]]) -> Finding:
    bare = _finding(NOT_TESTED, Status.UNKNOWN, host, _evidence(accepted))
    return replace(
        bare,
        cause=_("Something accepts the connection, and a plain port cannot prove who it is."),
        remedy=_("Test a TLS port of this host, or a Deskside responder on the same port."),
    )


def _all_ports(seen: HostSeen, judged: list[tuple[PortSeen, Judgement]]) -> bool:
    return {port.port for port, _judgement in judged} == set(seen.host.ports)


def _weight(seen: HostSeen) -> Status:
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
    if run.lag > 0.25:
        evidence["own_delay_seconds"] = round(run.lag, 2)
    return evidence


def _by_ipv6(seen: HostSeen, main: int) -> list[Finding]:
    """IPv6 beside IPv4. A refusal is answered at once and costs nobody anything."""
    if main == 6:
        return []
    codes = {
        Reach.UNROUTABLE: ("ipv6-unroutable", Status.NOTICE),
        Reach.SILENT: ("ipv6-black-hole", Status.WARNING),
    }
    by_ipv4 = {port.port for port in seen.ports if port.version == 4 and _connected(port)}
    for port in seen.ports:
        judgement = judge(seen.host, port)
        if port.version == 6 and port.connect.result in codes and port.port in by_ipv4:
            if judgement.code == NOT_TESTED:
                continue
            code, status = codes[port.connect.result]
            return [_finding(code, status, seen.host, _evidence([(port, judgement)]))]
    return []


def _connected(port: PortSeen) -> bool:
    return port.connect.result is Reach.CONNECTED


def _slow(seen: HostSeen, judged: list[tuple[PortSeen, Judgement]]) -> list[Finding]:
    reached = [pair for pair in judged if _connected(pair[0]) and pair[0].lag == 0]
    if not reached:
        return []
    quickest = min(reached, key=lambda pair: pair[0].connect.milliseconds)
    if quickest[0].connect.milliseconds < SLOW:
        return []
    return [_finding("latency", Status.WARNING, seen.host, _evidence([quickest]))]


def _false_address(lookup: LookupSeen, canary: LookupSeen | None) -> bool:
    """Whether a public name leads to this computer, or where names that do not exist lead."""
    if lookup.result is Found.LITERAL or lookup.name == "localhost":
        return False
    addresses = {*lookup.ipv4, *lookup.ipv6}
    if canary and addresses <= {*canary.ipv4, *canary.ipv6}:
        return True
    parsed = [ip_address(address) for address in addresses]
    return all(address.is_loopback or address.is_unspecified for address in parsed)


def _agree_on_interception(judged: list[_Judged]) -> list[_Judged]:
    """One unknown issuer on the certificates of several hosts is an interceptor's."""
    issuers = Counter(
        issuer for one in judged for issuer in {one.finding.evidence.get("issuer")} if issuer
    )
    hosts = {one.seen.host.host for one in judged}

    def agree(one: _Judged) -> _Judged:
        issuer = one.finding.evidence.get("issuer")
        untrusted = any(port.tls and port.tls.result is Shake.UNTRUSTED for port in one.seen.ports)
        if one.finding.code != "certificate-wrong" or not untrusted or len(hosts) < 2:
            return one
        if not issuer or issuers[issuer] < 2:
            return one
        evidence = dict(one.finding.evidence) | {"hosts_with_this_issuer": issuers[issuer]}
        status = one.finding.status
        intercepted = _finding("tls-intercepted", status, one.seen.host, evidence)
        return replace(one, finding=intercepted, undecided=())

    return [agree(one) for one in judged]


def _machine(run: RunSeen, judged: list[_Judged]) -> list[Finding]:
    """Findings about this computer and its line rather than about one host."""
    found = [*_no_network(run, judged), *_invented_names(run, judged)]
    connects = [port.connect for one in judged for port in one.seen.ports if _connected(port)]
    lost, sent = sum(one.unanswered for one in connects), sum(one.attempts for one in connects)
    if lost >= LOST_AT_LEAST and lost >= sent * LOST_SHARE:
        evidence = {"unanswered": lost, "attempts": sent}
        found.append(_finding("loss", Status.WARNING, "network", evidence))
    skews = [
        port.echo.skew_seconds
        for one in judged
        for port in one.seen.ports
        if port.echo and port.echo.result is Echo.GENUINE
    ]
    if skews and min(abs(skew) for skew in skews) > SKEW:
        evidence = {"seconds": min(skews, key=abs)}
        found.append(_finding("clock-skew", Status.WARNING, "clock", evidence))
    return found


def _no_network(run: RunSeen, judged: list[_Judged]) -> list[Finding]:
    if any(run.routes.values()) or not any(one.finding.is_problem for one in judged):
        return []
    outside = [one for one in judged if not _on_this_computer(one.seen)]
    if not outside or any(one.finding.code == REACHABLE for one in outside):
        return []
    evidence = {"routes": 0, "hosts": len(outside)}
    return [_finding("no-network", Status.FAILURE, "network", evidence)]


def _on_this_computer(seen: HostSeen) -> bool:
    lookup = seen.lookup
    addresses = [*lookup.ipv4, *lookup.ipv6] if lookup else []
    return bool(addresses) and all(ip_address(address).is_loopback for address in addresses)


def _invented_names(run: RunSeen, judged: list[_Judged]) -> list[Finding]:
    """The resolver invents answers, though no host of the run was led astray."""
    if not run.canary or run.canary.result is not Found.FOUND:
        return []
    if any(one.finding.code == "dns-hijacked" for one in judged):
        return []
    evidence = {"name": run.canary.name, "addresses": [*run.canary.ipv4, *run.canary.ipv6]}
    return [_finding("dns-hijacked", Status.WARNING, "resolver", evidence)]


def _root(findings: list[Finding]) -> str | None:
    """The cause that accounts for most: machine-wide ones first, then the most frequent."""
    problems = [one for one in findings if one.is_problem and one.code in ROOTS]
    if not problems:
        return None
    failures = [one for one in problems if one.status is Status.FAILURE] or problems
    counts = Counter(one.code for one in failures)

    def weight(code: str) -> tuple[int, int]:
        explained = sum(1 for one in failures if one.code in EXPLAINS.get(code, ()))
        return counts[code] + explained, -ROOTS.index(code)

    return "no-network" if "no-network" in counts else max(counts, key=weight)


def _undecided(root: str | None, judged: list[_Judged]) -> tuple[str, ...]:
    """Codes that would look the same, where every host with the root cause leaves them open."""
    of_root = [one.undecided for one in judged if one.finding.code == root]
    if not of_root or not all(of_root):
        return ()
    common = set(of_root[0]).intersection(*of_root[1:])
    return tuple(code for code in of_root[0] if code in common) if len(common) > 1 else ()


def _explain(findings: list[Finding], root: str | None) -> list[Finding]:
    """Root cause first; the others that it accounts for say so."""
    if root is None:
        return findings
    order = sorted(findings, key=lambda one: (one.code != root, not one.is_problem))
    explained = EXPLAINS.get(root, frozenset()) | {root}
    return [
        replace(one, explained_by=root)
        if position and one.is_problem and one.code in explained
        else one
        for position, one in enumerate(order)
    ]


def _target(one: _Judged) -> dict[str, Any]:
    host, seen = one.seen.host, one.seen
    return {
        "id": host.id,
        "region": host.region,
        "product": host.product,
        "role": host.role,
        "host": host.host,
        "status": one.finding.status.value,
        "code": one.finding.code,
        "finished": seen.finished,
        "lookup": plain(seen.lookup) if seen.lookup else None,
        "ports": [port.as_json() for port in sorted(seen.ports, key=lambda p: (p.version, p.port))],
    }
