"""Findings as a terminal shows them; `findings_grouped` says what stands together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from deskside.foundation.evidence import in_words
from deskside.foundation.findings import Finding, Status, Verdict
from deskside.foundation.findings_grouped import Block, grouped, has_more, some
from deskside.foundation.text import _, mark
from deskside.foundation.wrapping import UNBROKEN, wrapped

LONGEST_ITEM = 42

_MARKS: dict[Status, tuple[str, str]] = {
    Status.OK: ("✓", "green"),
    Status.NOTICE: ("•", "cyan"),
    Status.WARNING: ("!", "yellow"),
    Status.FAILURE: ("✗", "red"),
    Status.NOT_APPLICABLE: ("–", "bright_black"),
    Status.UNKNOWN: ("?", "yellow"),
    Status.CRASHED: ("✗", "red"),
}
_VERDICTS: dict[Verdict, tuple[str, str]] = {
    Verdict.SUCCESS: (mark("Success"), "green"),
    Verdict.DEGRADED: (mark("Degraded"), "yellow"),
    Verdict.FAILURE: (mark("Failure"), "red"),
}


def render_report(findings: Iterable[Finding], result: Verdict, *remarks: str) -> str:
    """The findings, and below them remarks and the verdict."""
    below = "\n".join([*remarks, render_verdict(result)])
    return "\n\n".join(filter(None, [render_terminal(findings), below]))


def render_terminal(findings: Iterable[Finding]) -> str:
    """The findings: what was seen, and under a problem why it is so and what to do."""
    return "\n".join(
        line for block, explained in grouped(findings) for line in _lines(block, explained)
    )


def render_verdict(result: Verdict) -> str:
    """The verdict as the last line of a report in a terminal."""
    word, colour = _VERDICTS[result]
    return click.style(_(word), fg=colour, bold=True)


def _lines(block: Block, explained: Sequence[Block]) -> list[str]:
    first, status = block.first, block.status
    sign, colour = _MARKS[status]
    title, who = block.parts
    lines = wrapped(title, "  ")
    lines[0] = click.style(sign, fg=colour, bold=True) + lines[0][1:]
    lines += wrapped(", ".join(map(_whole, some(who))), "    ") if who else []
    if seen := in_words(block.evidence, short=True):
        row = " · ".join(map(_whole, seen))
        lines += [click.style(line, dim=True) for line in wrapped(row, "    ")]
    if not has_more(first):
        return lines
    for label, value in (
        (_("Why:"), first.cause),
        (_("Do:"), first.remedy),
        (_("Read:"), f"KB{first.article}" if first.article else ""),
        (_("Fix:"), ", ".join(first.fixes)),
        *((_("Explains:"), _folded(one)) for one in explained),
    ):
        lines += wrapped(value, "      ", f"    {label} ") if value else []
    return lines


def _folded(block: Block) -> str:
    title, who = block.parts
    return f"{title}: {', '.join(map(_whole, who))}" if who else title


def _whole(item: str) -> str:
    """An item of a list, kept on one line unless it is long."""
    return item.replace(" ", UNBROKEN) if len(item) <= LONGEST_ITEM else item
