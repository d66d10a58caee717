"""From observations to a report: a finding per host, the root cause named, nothing overclaimed.

Pure: the same observations always come to the same report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from deskside.foundation.findings import Finding, Status, Verdict, verdict
from deskside.foundation.text import _
from deskside.network import agreeing, silence, throughput
from deskside.network.causes import (
    AT_FAR_END,
    BY_RESPONDER,
    DECIDING_TESTS,
    EXPLAINS,
    NOT_TESTED,
    OUR_SIDE,
    ROOTS,
)
from deskside.network.host_findings import UNHEARD, Judged, judge_host
from deskside.network.judging import VOID_LAG
from deskside.network.line_findings import is_direct_way_untried, line_findings
from deskside.network.line_observations import DEADLINE, STOPPED, RunSeen, ScriptSeen
from deskside.network.model import Host
from deskside.network.observations import Shake, plain

LOSSY = "too many packets are lost to tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of a network test, in the shape of `network test --json`.

    Attributes:
        our_side: whether the root cause lies in this computer, or kept it from judging.
        deciding_tests: what would decide between the causes that look the same from here.
        not_tested: what nothing is claimed about, and why.
        hosts: the rows that were to be tested, in the order of `targets`.
        seconds: how long it took.
        stopped: whether the person ended it before it was through.
    """

    verdict: Verdict
    root_cause: str | None
    undecided_between: tuple[str, ...]
    our_side: bool = False
    deciding_tests: tuple[str, ...] = ()
    findings: tuple[Finding, ...]
    targets: tuple[dict[str, Any], ...] = field(default=())
    not_tested: tuple[dict[str, str], ...] = ()
    proxy_scripts: tuple[ScriptSeen, ...] = ()
    hosts: tuple[Host, ...] = ()
    seconds: float = 0.0
    stopped: bool = False

    def as_json(self) -> dict[str, Any]:
        """The one JSON document of `network test`."""
        return {
            "verdict": self.verdict.value,
            "root_cause": self.root_cause,
            "undecided_between": list(self.undecided_between),
            "deciding_tests": list(self.deciding_tests),
            "our_side": self.our_side,
            "targets": list(self.targets),
            "findings": [finding.as_json() for finding in self.findings],
            "not_tested": list(self.not_tested),
            "proxy_scripts": [_script(one) for one in self.proxy_scripts],
        }


def diagnose(run: RunSeen) -> Report:
    """Judge a run: a finding per host, then those about this computer and its network."""
    judged = agreeing.with_each_other(run, [judge_host(seen, run) for seen in run.hosts])
    judged = silence.without_it(run, judged)
    about_machine = line_findings(run, judged)
    findings = [
        *about_machine,
        *(finding for one in judged for finding in (one.finding, *one.others)),
    ]
    open_to = _open_questions(judged)
    root = _root(findings, open_to)
    result = verdict(findings)
    undecided = _undecided(root, judged, run) if result is not Verdict.SUCCESS else ()
    return Report(
        verdict=result,
        root_cause=root,
        undecided_between=undecided,
        our_side=root in OUR_SIDE or _kept_from_judging(run, judged, root),
        deciding_tests=_deciding(undecided, root, judged),
        findings=tuple(_explain(findings, root, open_to)),
        targets=tuple(_target(one) for one in judged),
        not_tested=tuple(_not_tested(run, judged)),
        proxy_scripts=tuple(run.line.scripts),
        hosts=tuple(one.seen.host for one in judged),
        seconds=run.seconds,
        stopped=run.stopped,
    )


def _kept_from_judging(run: RunSeen, judged: list[Judged], root: str | None) -> bool:
    """Whether this computer, too busy, is all that there is to blame."""
    unjudged = any(one.finding.code == NOT_TESTED for one in judged)
    return root is None and unjudged and run.lag > VOID_LAG


def _deciding(
    undecided: tuple[str, ...], root: str | None, judged: list[Judged]
) -> tuple[str, ...]:
    """What would decide; where responders are concerned themselves, a test of one would not."""
    ours = any(one.seen.host.responder for one in judged if one.finding.code == root)
    told = (DECIDING_TESTS.get(code) for code in undecided)
    tests = (AT_FAR_END if text == BY_RESPONDER and ours else text for text in told)
    return tuple(_(text) for text in dict.fromkeys(tests) if text)


def _not_tested(run: RunSeen, judged: list[Judged]) -> list[dict[str, str]]:
    """What nothing is claimed about, and why."""
    ended = STOPPED if run.stopped else DEADLINE
    missing = {one.host.id: ended for one in run.hosts if not one.finished}
    missing |= run.line.untested
    if not any(port.echo for one in run.hosts for port in one.ports):
        missing["responder"] = "no responder of the desk is among the hosts"
    if not run.line.idle:
        missing.setdefault("idle", "only with --deep, against a responder")
    if not run.line.held:
        missing.setdefault("limits", "only with --deep, against a responder")
    if run.line.rates and throughput.loss_at_most(run, judged) > throughput.TELLING_LOSS:
        missing.setdefault("rate", LOSSY)
    if silence.is_worthless(run, judged):
        missing |= {"segments": LOSSY, "IPv6": LOSSY}
    return [{"what": what, "why": why} for what, why in missing.items()]


def _open_questions(judged: list[Judged]) -> dict[int, set[str]]:
    """By finding: the causes that it leaves open, and that are proved of another host."""
    proved = {one.finding.code for one in judged if not one.undecided}
    return {id(one.finding): proved.intersection(one.undecided) for one in judged}


def _root(findings: list[Finding], open_to: Mapping[int, set[str]]) -> str | None:
    """The cause that accounts for most: machine-wide ones first, then the most frequent."""
    problems = [one for one in findings if one.is_problem and one.code in ROOTS]
    if not problems:
        # Nothing to act on; what is peculiar about the whole network is named all the same.
        return next((one.code for one in findings if one.code == "ping-blocked"), None)
    failures = [one for one in problems if one.status is Status.FAILURE] or problems
    counts = Counter(one.code for one in failures)
    # No failures of their own, and yet they make certificates and look-ups fail.
    candidates = {*counts, *(one.code for one in problems if one.code in ("clock-skew", "loss"))}

    def accounts_for(code: str) -> tuple[int, bool, int]:
        explained = sum(
            _accounts_for(code, one) or (one.code != code and code in open_to.get(id(one), ()))
            for one in failures
        )
        return counts[code] + explained, explained > 0, -ROOTS.index(code)

    return "no-network" if "no-network" in counts else max(candidates, key=accounts_for)


def _accounts_for(root: str, finding: Finding) -> bool:
    if root == "clock-skew" and finding.evidence.get("seen") != Shake.EXPIRED.value:
        return False
    if (root, finding.code) == ("loss", "dns-blocked"):
        return finding.evidence.get("lookup") in UNHEARD
    return finding.code in EXPLAINS.get(root, ())


def _undecided(root: str | None, judged: list[Judged], run: RunSeen) -> tuple[str, ...]:
    """Codes that would look the same, where every host with the root cause leaves them open."""
    if root == "socks-only" and is_direct_way_untried(run.line, judged):
        return ("socks-only", "dns-blocked")
    of_root = [one.undecided for one in judged if one.finding.code == root]
    if not of_root or not all(of_root):
        return ()
    common = set(of_root[0]).intersection(*of_root[1:])
    return tuple(code for code in of_root[0] if code in common) if len(common) > 1 else ()


def _explain(
    findings: list[Finding], root: str | None, open_to: Mapping[int, set[str]]
) -> list[Finding]:
    """Root cause first; the others that it accounts for say so."""
    if root is None:
        return findings

    def follows(one: Finding) -> bool:
        alike = one.code == root or root in open_to.get(id(one), ())
        return alike or _accounts_for(root, one)

    order = sorted(findings, key=lambda one: (one.code != root, not one.is_problem))
    return [
        replace(one, explained_by=root) if position and follows(one) else one
        for position, one in enumerate(order)
    ]


def _script(seen: ScriptSeen) -> dict[str, Any]:
    given = {answer: list(ends) for answer, ends in seen.given.items()}
    return {
        "address": seen.address,
        "configured_in": seen.source,
        "problem": seen.problem,
        "given": given,
    }


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
