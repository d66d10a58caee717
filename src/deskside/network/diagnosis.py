"""From observations to a report: a finding per host, the root cause named, nothing overclaimed.

Pure: the same observations always come to the same report.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

from deskside.foundation.findings import Finding, Status, Verdict, verdict
from deskside.network.causes import EXPLAINS, REACHABLE, ROOTS
from deskside.network.host_findings import Judged, connected, finding_of, judge_host
from deskside.network.observations import Echo, Found, HostSeen, RunSeen, Shake, plain

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


def diagnose(run: RunSeen) -> Report:
    """Judge a run: a finding per host, then those about this computer and its network."""
    judged = _agree_on_interception([judge_host(seen, run) for seen in run.hosts])
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


def _agree_on_interception(judged: list[Judged]) -> list[Judged]:
    """One unknown issuer on the certificates of several hosts is an interceptor's."""
    issuers = Counter(
        issuer for one in judged for issuer in {one.finding.evidence.get("issuer")} if issuer
    )
    hosts = {one.seen.host.host for one in judged}

    def agree(one: Judged) -> Judged:
        issuer = one.finding.evidence.get("issuer")
        untrusted = any(port.tls and port.tls.result is Shake.UNTRUSTED for port in one.seen.ports)
        if one.finding.code != "certificate-wrong" or not untrusted or len(hosts) < 2:
            return one
        if not issuer or issuers[issuer] < 2:
            return one
        evidence = dict(one.finding.evidence) | {"hosts_with_this_issuer": issuers[issuer]}
        status = one.finding.status
        intercepted = finding_of("tls-intercepted", status, one.seen.host, evidence)
        return replace(one, finding=intercepted, undecided=())

    return [agree(one) for one in judged]


def _machine(run: RunSeen, judged: list[Judged]) -> list[Finding]:
    """Findings about this computer and its line rather than about one host."""
    found = [*_no_network(run, judged), *_invented_names(run, judged)]
    connects = [port.connect for one in judged for port in one.seen.ports if connected(port)]
    lost, sent = sum(one.unanswered for one in connects), sum(one.attempts for one in connects)
    if lost >= LOST_AT_LEAST and lost >= sent * LOST_SHARE:
        evidence = {"unanswered": lost, "attempts": sent}
        found.append(finding_of("loss", Status.WARNING, "network", evidence))
    skews = [
        port.echo.skew_seconds
        for one in judged
        for port in one.seen.ports
        if port.echo and port.echo.result is Echo.GENUINE
    ]
    if skews and min(abs(skew) for skew in skews) > SKEW:
        evidence = {"seconds": min(skews, key=abs)}
        found.append(finding_of("clock-skew", Status.WARNING, "clock", evidence))
    return found


def _no_network(run: RunSeen, judged: list[Judged]) -> list[Finding]:
    if any(run.routes.values()) or not any(one.finding.is_problem for one in judged):
        return []
    outside = [one for one in judged if not _on_this_computer(one.seen)]
    if not outside or any(one.finding.code == REACHABLE for one in outside):
        return []
    evidence = {"routes": 0, "hosts": len(outside)}
    return [finding_of("no-network", Status.FAILURE, "network", evidence)]


def _on_this_computer(seen: HostSeen) -> bool:
    lookup = seen.lookup
    addresses = [*lookup.ipv4, *lookup.ipv6] if lookup else []
    return bool(addresses) and all(ip_address(address).is_loopback for address in addresses)


def _invented_names(run: RunSeen, judged: list[Judged]) -> list[Finding]:
    """The resolver invents answers, though no host of the run was led astray."""
    if not run.canary or run.canary.result is not Found.FOUND:
        return []
    if any(one.finding.code == "dns-hijacked" for one in judged):
        return []
    evidence = {"name": run.canary.name, "addresses": [*run.canary.ipv4, *run.canary.ipv6]}
    return [finding_of("dns-hijacked", Status.WARNING, "resolver", evidence)]


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


def _undecided(root: str | None, judged: list[Judged]) -> tuple[str, ...]:
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


def _target(one: Judged) -> dict[str, Any]:
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
