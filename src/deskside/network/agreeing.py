"""What the hosts of a run tell about each other: what one leaves open, another may decide. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from deskside.foundation.findings import Status
from deskside.network.causes import NOT_TESTED, REACHABLE
from deskside.network.host_findings import Judged, connected, finding_of, weight
from deskside.network.line_findings import clock_off
from deskside.network.line_observations import RunSeen
from deskside.network.observations import Shake


def with_each_other(run: RunSeen, judged: list[Judged]) -> list[Judged]:
    """The same, with what the others and the canaries decide."""
    return _by_the_clock(_by_canaries(run, _on_interception(judged)))


def _on_interception(judged: list[Judged]) -> list[Judged]:
    """One unknown issuer on the certificates of several hosts is an interceptor's, and so is,
    known or not, the issuer of those that a responder never had."""
    issuers = Counter(
        issuer for one in judged for issuer in {one.finding.evidence.get("issuer")} if issuer
    )
    hosts = {one.seen.host.host for one in judged}
    interceptors = {
        port.tls.issuer: one.seen.host.host
        for one in judged
        for port in one.seen.ports
        if one.seen.host.responder and port.tls and port.tls.desk_issued is False
    }

    def agree(one: Judged) -> Judged:
        for port in one.seen.ports:
            if one.finding.code == REACHABLE and port.tls and port.tls.issuer in interceptors:
                evidence = dict(one.finding.evidence) | {
                    "issuer": port.tls.issuer,
                    "issuer_also_at": interceptors[port.tls.issuer],
                }
                return _intercepted(one, Status.WARNING, evidence)
        issuer = one.finding.evidence.get("issuer")
        untrusted = any(port.tls and port.tls.result is Shake.UNTRUSTED for port in one.seen.ports)
        if one.finding.code != "certificate-wrong" or not untrusted or len(hosts) < 2:
            return one
        # What signs itself is one host's own, not an issuer that several share.
        if not issuer or issuers[issuer] < 2 or issuer == one.finding.evidence.get("subject"):
            return one
        evidence = dict(one.finding.evidence) | {"hosts_with_this_issuer": issuers[issuer]}
        return _intercepted(one, one.finding.status, evidence)

    return [agree(one) for one in judged]


def _intercepted(one: Judged, status: Status, evidence: dict[str, Any]) -> Judged:
    found = finding_of("tls-intercepted", status, one.seen.host, evidence)
    return replace(one, finding=found, undecided=())


def _by_canaries(run: RunSeen, judged: list[Judged]) -> list[Judged]:
    """Who accepts for hosts that do not exist accepts for those that do, too."""
    taken = {
        one.port: one
        for one in run.line.absent
        if len(one.accepted) > 1 and len(one.accepted) == len(one.tried)
    }

    def decide(one: Judged) -> Judged:
        ports = [port.port for port in one.seen.ports if connected(port) and port.port in taken]
        unproved = one.finding.code == NOT_TESTED and one.seen.finished
        open_question = "transparent-http-proxy" in one.undecided
        if not ports or not (unproved or open_question):
            return one
        canary = taken[ports[0]]
        evidence = {"ports": ports, "absent_hosts_that_accept": list(canary.accepted)}
        if canary.opening:
            evidence["answer"] = canary.opening
        status = one.finding.status
        if status is Status.UNKNOWN:
            status = weight(one.seen)
        found = finding_of("transparent-http-proxy", status, one.seen.host, evidence)
        return replace(one, finding=found, undecided=())

    return [decide(one) for one in judged]


def _by_the_clock(judged: list[Judged]) -> list[Judged]:
    """A responder has told the time: whether the clock is wrong is then no open question."""
    if clock_off(judged) is None:
        return judged
    return [
        replace(one, undecided=()) if one.undecided == ("certificate-wrong", "clock-skew") else one
        for one in judged
    ]
