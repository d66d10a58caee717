"""What a check saw: one shape for every tool.

`findings_terminal` shows it in a terminal, the `finding` macro of the web shell on a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Evidence = Mapping[str, Any]


class Status(StrEnum):
    """How a finding weighs."""

    OK = "ok"
    NOTICE = "notice"
    WARNING = "warning"
    FAILURE = "failure"
    NOT_APPLICABLE = "not-applicable"
    UNKNOWN = "unknown"
    CRASHED = "crashed"


class Verdict(StrEnum):
    """What all findings come to."""

    SUCCESS = "success"
    DEGRADED = "degraded"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check saw.

    Attributes:
        code: stable kebab-case name of what was found.
        status: how it weighs.
        subject: what it is about: a host, a file, a device.
        title: what was found, in a few words; translated.
        evidence: what was seen, by name, with numbers; JSON values only.
        cause: why it is so; translated.
        remedy: what to do next; translated.
        article: number of the article that explains it, perhaps with an anchor.
        fixes: ids of the fixes that apply.
        explained_by: code of the finding that is its root cause.
    """

    code: str
    status: Status
    subject: str
    title: str
    evidence: Evidence = field(default_factory=dict)
    cause: str = ""
    remedy: str = ""
    article: str | None = None
    fixes: tuple[str, ...] = ()
    explained_by: str | None = None

    @property
    def is_problem(self) -> bool:
        """Whether a person should act on it. A check that did not run is never green."""
        return self.status in PROBLEMS

    def as_json(self) -> dict[str, Any]:
        """The finding as the `--json` of every command prints it."""
        return {
            "code": self.code,
            "status": self.status.value,
            "subject": self.subject,
            "title": self.title,
            "evidence": dict(self.evidence),
            "cause": self.cause,
            "remedy": self.remedy,
            "article": self.article,
            "fixes": list(self.fixes),
            "explained_by": self.explained_by,
        }


PROBLEMS = frozenset({Status.WARNING, Status.FAILURE, Status.UNKNOWN, Status.CRASHED})


def verdict(findings: Iterable[Finding]) -> Verdict:
    """What the findings come to: any failure fails, any lesser problem degrades."""
    statuses = {finding.status for finding in findings}
    if statuses & {Status.FAILURE, Status.CRASHED}:
        return Verdict.FAILURE
    if statuses & {Status.WARNING, Status.UNKNOWN}:
        return Verdict.DEGRADED
    return Verdict.SUCCESS


def report(findings: Iterable[Finding]) -> dict[str, Any]:
    """The JSON document of a tool that prints findings."""
    listed = list(findings)
    return {"verdict": verdict(listed).value, "findings": [f.as_json() for f in listed]}
