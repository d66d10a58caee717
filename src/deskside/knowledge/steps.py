"""Steps of a procedure that know their check.

A numbered step names, at the end of its line, the check that tells whether it is done, and
perhaps the fix that does it:

    4. Say it politely. {check=sample.greeting unless=greeting-rude fix=sample.polite}

`unless` lists the findings of the check that are about this step; without it, any problem is. The
address of a step is the section that it stands in and its number there: `restore.4`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from deskside.foundation.findings import Finding, Status
from deskside.knowledge.model import Step

NAME = r"[a-z0-9]+(?:[-.][a-z0-9]+)*"
MARK = re.compile(
    rf"(?<![ ])[ ]*\{{check=(?P<check>{NAME})"
    rf"(?:[ ]unless=(?P<unless>{NAME}(?:,{NAME})*))?"
    rf"(?:[ ]fix=(?P<fix>{NAME}))?\}}[ ]*$"
)
ATTEMPT = re.compile(r"\{(?:check|unless|fix)=")
NUMBERED = re.compile(r"\s*[0-9]{1,9}[.)]\s")
NOT_SEEN = frozenset({Status.UNKNOWN, Status.CRASHED, Status.NOT_APPLICABLE})
"""What a check says that did not see what it was asked for."""


class StepState(StrEnum):
    """Whether a step is done on this computer."""

    DONE = "done"
    TO_DO = "to-do"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"
    UNCHECKED = "unchecked"


def relevant(step: Step, findings: Iterable[Finding]) -> list[Finding]:
    """The findings that are about a step; those of its check alone are expected."""
    return [
        finding
        for finding in findings
        if not step.unless or finding.code in step.unless or finding.status in NOT_SEEN
    ]


def state(step: Step, findings: Iterable[Finding]) -> StepState:
    """Whether a step is done, by all that its check found just now."""
    found = list(findings)
    about = relevant(step, found)
    statuses = {finding.status for finding in about}
    if any(_undone(step, finding) for finding in about):
        return StepState.TO_DO
    if statuses & {Status.UNKNOWN, Status.CRASHED}:
        return StepState.UNKNOWN
    if found and not about and all(finding.is_problem for finding in found):
        # Other problems kept the check from looking at what the step is about.
        return StepState.UNKNOWN
    # A check that has nothing to look at finds nothing; whether it looked, only a code can tell.
    nothing = not about and not step.unless
    if nothing or (statuses and statuses <= {Status.NOT_APPLICABLE}):
        return StepState.NOT_APPLICABLE
    return StepState.DONE


def _undone(step: Step, finding: Finding) -> bool:
    if finding.status in NOT_SEEN and finding.code not in step.unless:
        return False
    if step.unless:
        return finding.status is not Status.OK
    return finding.status in {Status.FAILURE, Status.WARNING}


def malformed(body: str, checks: Iterable[str], fixes: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The marks that cannot be understood: line of the body, counted from 0, and the mark.

    A mark may name only checks and fixes that the front matter names, too.
    """
    fence = ""
    for index, line in enumerate(body.split("\n")):
        fence = _fence(line, fence)
        begun = [] if fence else list(ATTEMPT.finditer(line))
        if not begun:
            continue
        matched = MARK.search(line)
        sound = matched and NUMBERED.match(line) and len(begun) == 1
        named = matched and matched["check"] in checks and matched["fix"] in (None, *fixes)
        if not (sound and named):
            yield index, line[begun[0].start() :]


def marks(body: str) -> list[str]:
    """The marks of steps as they are written, in order."""
    found, fence = [], ""
    for line in body.split("\n"):
        fence = _fence(line, fence)
        if not fence and (matched := MARK.search(line)):
            found.append(matched[0].strip())
    return found


def _fence(line: str, fence: str) -> str:
    """The fence that encloses what follows a line; empty outside of code."""
    opened = re.match(r"\s{0,3}(`{3,}|~{3,})", line)
    if not opened:
        return fence
    if not fence:
        return opened[1]
    return "" if opened[1].startswith(fence) else fence
