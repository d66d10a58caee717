"""A difference in a terminal: in colours, within its width, readable without either."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import click

from deskside.foundation import wrapping
from deskside.foundation.text import _, ngettext
from deskside.workspace.document.difference import Change, ChangeKind, Difference
from deskside.workspace.document.rendering import Group, Line, gathered, view
from deskside.workspace.document.words import SEPARATOR

wrapped = partial(wrapping.wrapped, breaking=True)
"""A value may be one word of many lines."""

_SIGNS: dict[ChangeKind, tuple[str, str]] = {
    ChangeKind.ADDED: ("+", "green"),
    ChangeKind.REMOVED: ("-", "red"),
    ChangeKind.CHANGED: ("~", "yellow"),
    ChangeKind.MOVED: ("↕", "cyan"),
}


def render_difference(found: Difference) -> str:
    """The difference: what bears on safety first and with its reason, then all else by place."""
    blocks = [render_safety(found.safety)] if found.safety else []
    blocks += ["\n".join(_group(group)) for group in view(found).groups]
    blocks.append("\n".join(wrapped(summary(found), "")))
    return "\n\n".join(blocks)


def render_safety(changes: Sequence[Change]) -> str:
    """The changes that bear on safety, each that takes protection away with its reason."""
    title = ngettext(
        "Look at this first: {count} change bears on safety",
        "Look at this first: {count} changes bear on safety",
        len(changes),
    ).format(count=len(changes))
    lines = [click.style(line, fg="red", bold=True) for line in wrapped(title, "")]
    return "\n".join([*lines, *(line for group in gathered(changes) for line in _group(group))])


def summary(found: Difference) -> str:
    """How many there are, and how many were left out."""
    count = len(found.changes)
    words = (
        ngettext("{count} difference.", "{count} differences.", count).format(count=count)
        if count
        else _("No difference.")
    )
    if not found.hidden:
        return words
    more = ngettext(
        "{count} more is only order or noise; --all shows it.",
        "{count} more are only order or noise; --all shows them.",
        found.hidden,
    ).format(count=found.hidden)
    return f"{words} {more}"


def _group(group: Group) -> list[str]:
    title = SEPARATOR.join(group.path)
    lines = [click.style(line, bold=True) for line in wrapped(title, "")] if title else []
    return [*lines, *(line for one in group.lines for line in _line(one))]


def _line(line: Line) -> Iterator[str]:
    sign, colour = _SIGNS[line.kind]
    first, *more = wrapped(_words(line), "    ", "  ")
    yield f"{click.style(sign, fg=colour, bold=True)} {first.strip()}"
    yield from more
    if line.loosens:
        yield from wrapped(line.why, "    ", "  ! ")


def _words(line: Line) -> str:
    said = [f"{line.label}:" if line.label and _values(line) else line.label, _values(line)]
    if line.times > 1:
        said.append(_("({count} times)").format(count=line.times))
    return " ".join(filter(None, said)) or _("moved")


def _values(line: Line) -> str:
    if line.kind is ChangeKind.CHANGED:
        return f"{line.old} → {line.new}"
    return line.old or line.new
