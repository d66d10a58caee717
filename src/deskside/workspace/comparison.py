"""A difference as the pages show it: not longer than anybody reads, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from deskside.foundation.errors import Refused
from deskside.workspace.document.difference import Difference
from deskside.workspace.document.rendering import Group, View, view

LONGEST = 300
"""Lines that are shown unless somebody asks for all."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a page shows of two versions.

    Attributes:
        view: None where they cannot be compared.
        cut: how many lines are left out, since there are so many.
        refused: why they cannot be compared.
    """

    view: View | None
    cut: int = 0
    refused: Refused | None = None


def comparison(compare: Callable[[], Difference], *, whole: bool = False) -> Comparison:
    """Compare, and say why where that is refused.

    Args:
        compare: makes the difference; may raise Refused.
        whole: every line, however many there are.
    """
    try:
        arranged = view(compare())
    except Refused as refused:
        return Comparison(None, refused=refused)
    if whole:
        return Comparison(arranged)
    groups, cut = _shortened(arranged.groups)
    return Comparison(replace(arranged, groups=groups), cut)


def _shortened(groups: tuple[Group, ...]) -> tuple[tuple[Group, ...], int]:
    kept: list[Group] = []
    left, cut = LONGEST, 0
    for group in groups:
        lines = group.lines[:left]
        cut += len(group.lines) - len(lines)
        left -= len(lines)
        if lines:
            kept.append(Group(group.path, lines))
    return tuple(kept), cut
