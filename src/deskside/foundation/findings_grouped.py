"""Findings arranged for people: what is the same is said once, the root cause first. Pure.

Findings with the same code, cause and remedy are one block that lists what they are about; those
that a root cause explains are folded into its block.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from deskside.foundation.findings import Finding, Status
from deskside.foundation.text import _
from deskside.foundation.units import number

LISTED, FEW = 60, 12
"""Subjects that are listed of findings alike; of more, a few are, and the rest counted."""

_SEVEREST = (
    Status.CRASHED,
    Status.FAILURE,
    Status.UNKNOWN,
    Status.WARNING,
    Status.NOTICE,
    Status.OK,
    Status.NOT_APPLICABLE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """Findings that say the same of different subjects."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The finding that speaks for all."""
        return self.findings[0]

    @property
    def status(self) -> Status:
        """The worst among them."""
        return min((one.status for one in self.findings), key=_SEVEREST.index)

    @property
    def explained_by(self) -> str | None:
        """The root cause of all of them, where it is another code."""
        roots = {one.explained_by for one in self.findings}
        root = roots.pop()
        return root if not roots and root != self.first.code and self.first.is_problem else None

    @property
    def evidence(self) -> dict[str, Any]:
        """What was seen of all of them alike."""
        return {
            name: value
            for name, value in self.first.evidence.items()
            if all(one.evidence.get(name) == value for one in self.findings)
        }

    @property
    def parts(self) -> tuple[str, list[str]]:
        """What is said, and of whom: from titles such as `host (id): no answer`."""
        if len(self.findings) == 1:
            return self.first.title, []
        split = [one.title.rpartition(": ") for one in self.findings]
        if len({said for _who, _colon, said in split}) > 1:
            return self.first.title, [one.title for one in self.findings[1:]]
        said = split[0][2]
        who = [
            who or one.subject
            for (who, _colon, _said), one in zip(split, self.findings, strict=True)
        ]
        return f"{said[:1].upper()}{said[1:]} ({number(len(who))})", who


def grouped(findings: Iterable[Finding]) -> list[tuple[Block, list[Block]]]:
    """Each block with those that it explains, root causes first."""
    blocks = _blocks(findings)
    codes = {block.first.code for block in blocks}
    standing: list[tuple[Block, list[Block]]] = [
        (block, []) for block in blocks if block.explained_by not in codes
    ]
    roots = {
        block.first.code: explained
        for block, explained in reversed(standing)
        if has_more(block.first)
    }
    for block in blocks:
        if block.explained_by in roots:
            roots[block.explained_by].append(block)
        elif block.explained_by in codes:  # by what is explained itself
            standing.append((block, []))
    return sorted(standing, key=lambda pair: not pair[1])


def has_more(one: Finding) -> bool:
    """Whether people are shown why it is so, and what to do."""
    return one.is_problem or one.status is Status.NOTICE


def some(who: Sequence[str]) -> list[str]:
    """A list; of a long one the first few, and how many more there are."""
    if len(who) <= LISTED:
        return list(who)
    return [*who[:FEW], _("and {count} more").format(count=number(len(who) - FEW))]


def _blocks(findings: Iterable[Finding]) -> list[Block]:
    """Findings gathered by what they say, in the order in which it is said first.

    What is fine stands by itself, unless there is too much of it to be read.
    """
    listed = list(findings)
    said = Counter(one.code for one in listed)
    gathered: dict[object, list[Finding]] = {}
    for position, one in enumerate(listed):
        alike = (one.code, one.cause, one.remedy, one.fixes)
        together = (has_more(one) and one.cause) or said[one.code] > LISTED
        gathered.setdefault(alike if together else position, []).append(one)
    return [Block(tuple(group)) for group in gathered.values()]
