"""Texts in lines of the terminal's width."""

from __future__ import annotations

import shutil
import sys
import textwrap

WIDEST, NARROWEST = 100, 24
"""Columns beyond which lines are hard to read, however wide the terminal is, and below which
they are none."""

UNBROKEN = "\N{NO-BREAK SPACE}"
"""A space at which no line ends; shown as any other."""


def wrapped(
    text: str, indent: str, first: str | None = None, *, breaking: bool = False
) -> list[str]:
    """The text in lines of the terminal's width; as it is where it goes to a file.

    Args:
        indent: what stands before each line.
        first: what stands before the first one, where that differs.
        breaking: whether a word that is longer than a line is broken; one that may be copied, as
            a path, is better left whole.
    """
    first = indent if first is None else first
    if not sys.stdout.isatty():
        return [first + text.replace(UNBROKEN, " ")]
    lines = textwrap.wrap(
        text,
        columns(),
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=breaking,
        break_on_hyphens=False,
    )
    return [line.replace(UNBROKEN, " ") for line in lines] or [first]


def columns() -> int:
    """The columns of a line."""
    return max(NARROWEST, min(shutil.get_terminal_size().columns, WIDEST))
