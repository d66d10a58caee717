"""Findings as a terminal shows them; `findings_grouped` says what stands together."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

import click

from deskside.foundation.evidence import in_words
from deskside.foundation.findings import Finding, Status, Verdict
from deskside.foundation.findings_grouped import Block, grouped, has_more, some
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
    lines = _wrapped(title, "  ")
    lines[0] = click.style(sign, fg=colour, bold=True) + lines[0][1:]
    lines += _wrapped(", ".join(map(_whole, some(who))), "    ") if who else []
    if seen := in_words(block.evidence, short=True):
        row = " · ".join(map(_whole, seen))
        lines += [click.style(line, dim=True) for line in _wrapped(row, "    ")]
    if not has_more(first):
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
