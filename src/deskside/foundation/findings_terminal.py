"""Findings as a terminal shows them: what is the same is said once, the root cause first.

Findings with the same code, cause and remedy are one block that lists what they are about;
those that a root cause explains are folded into its block.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from deskside.foundation.evidence import in_words
from deskside.foundation.findings import Finding, Status, Verdict
from deskside.foundation.text import _, mark

WIDEST = 100
"""Columns beyond which lines are hard to read, however wide the terminal is."""

LONGEST_ITEM = 42
_UNBROKEN = "\N{NO-BREAK SPACE}"

_MARKS: dict[Status, tuple[str, str]] = {
    Status.OK: ("✓", "green"),
    Status.NOTICE: ("•", "cyan"),
    Status.WARNING: ("!", "yellow"),
    Status.FAILURE: ("✗", "red"),
    Status.NOT_APPLICABLE: ("–", "bright_black"),
    Status.UNKNOWN: ("?", "yellow"),
    Status.CRASHED: ("✗", "red"),
}
_SEVEREST = (
    Status.CRASHED,
    Status.FAILURE,
    Status.UNKNOWN,
    Status.WARNING,
    Status.NOTICE,
    Status.OK,
    Status.NOT_APPLICABLE,
)
_VERDICTS: dict[Verdict, tuple[str, str]] = {
    Verdict.SUCCESS: (mark("Success"), "green"),
    Verdict.DEGRADED: (mark("Degraded"), "yellow"),
    Verdict.FAILURE: (mark("Failure"), "red"),
}


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
        return f"{said[:1].upper()}{said[1:]} ({len(who)})", who


def render_report(findings: Iterable[Finding], result: Verdict, *remarks: str) -> str:
    """The findings, and below them remarks and the verdict."""
    below = "\n".join([*remarks, render_verdict(result)])
    return "\n\n".join(filter(None, [render_terminal(findings), below]))


def render_terminal(findings: Iterable[Finding]) -> str:
    """The findings: what was seen, and under a problem why it is so and what to do."""
    arranged = _arranged(_blocks(findings))
    return "\n".join(line for block, explained in arranged for line in _lines(block, explained))


def render_verdict(result: Verdict) -> str:
    """The verdict as the last line of a report in a terminal."""
    word, colour = _VERDICTS[result]
    return click.style(_(word), fg=colour, bold=True)


def _blocks(findings: Iterable[Finding]) -> list[Block]:
    """Findings gathered by what they say, in the order in which it is said first."""
    gathered: dict[object, list[Finding]] = {}
    for position, one in enumerate(findings):
        alike = (one.code, one.cause, one.remedy, one.fixes)
        gathered.setdefault(alike if _has_more(one) and one.cause else position, []).append(one)
    return [Block(tuple(group)) for group in gathered.values()]


def _arranged(blocks: list[Block]) -> list[tuple[Block, list[Block]]]:
    """Each block with those that it explains, root causes first."""
    codes = {block.first.code for block in blocks}
    standing: list[tuple[Block, list[Block]]] = [
        (block, []) for block in blocks if block.explained_by not in codes
    ]
    roots = {
        block.first.code: explained
        for block, explained in reversed(standing)
        if _has_more(block.first)
    }
    for block in blocks:
        if block.explained_by in roots:
            roots[block.explained_by].append(block)
        elif block.explained_by in codes:  # by what is explained itself
            standing.append((block, []))
    return sorted(standing, key=lambda pair: not pair[1])


def _has_more(one: Finding) -> bool:
    """Whether it is shown why it is so, and what to do."""
    return one.is_problem or one.status is Status.NOTICE


def _lines(block: Block, explained: Sequence[Block]) -> list[str]:
    first, status = block.first, block.status
    sign, colour = _MARKS[status]
    title, who = block.parts
    lines = _wrapped(title, "  ")
    lines[0] = click.style(sign, fg=colour, bold=True) + lines[0][1:]
    lines += _wrapped(", ".join(map(_whole, who)), "    ") if who else []
    if seen := in_words(block.evidence, short=True):
        row = " · ".join(map(_whole, seen))
        lines += [click.style(line, dim=True) for line in _wrapped(row, "    ")]
    if not _has_more(first):
        return lines
    for label, value in (
        (_("Why:"), first.cause),
        (_("Do:"), first.remedy),
        (_("Read:"), f"KB{first.article}" if first.article else ""),
        (_("Fix:"), ", ".join(first.fixes)),
        *((_("Explains:"), _folded(one)) for one in explained),
    ):
        lines += _wrapped(value, "      ", f"    {label} ") if value else []
    return lines


def _folded(block: Block) -> str:
    title, who = block.parts
    return f"{title}: {', '.join(map(_whole, who))}" if who else title


def _whole(item: str) -> str:
    """An item of a list, kept on one line unless it is long."""
    return item.replace(" ", _UNBROKEN) if len(item) <= LONGEST_ITEM else item


def _wrapped(text: str, indent: str, first: str | None = None) -> list[str]:
    """The text in lines of the terminal's width; as it is where it goes to a file."""
    first = indent if first is None else first
    if not sys.stdout.isatty():
        return [first + text.replace(_UNBROKEN, " ")]
    width = max(40, min(shutil.get_terminal_size().columns, WIDEST))
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_UNBROKEN, " ") for line in lines] or [first]
