"""Two versions of a settings file that grew from one, made one again.

    merge(base, mine, theirs)

What one side alone touched is taken from that side, down to single attributes and entries. Only
where both touched the same thing with different results is there a conflict, and a person
chooses. The result is `mine` with stretches of bytes put in from `theirs`; it is never written
anew, so it equals one of the sides byte for byte wherever that side alone touched it.

Not worth a question, and therefore never a conflict: noise (see `noise`), where `mine` wins; the
order of siblings; the layout and comments, of which those of `mine` stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _
from deskside.workspace.document.merge_model import Conflict, Merge, Side, Touched
from deskside.workspace.document.merge_walk import Walk
from deskside.workspace.document.splice import splice
from deskside.workspace.document.tree import parse

__all__ = ["Conflict", "Merge", "Side", "Touched", "merge"]

_NONE: Mapping[str, Side | str] = MappingProxyType({})


def merge(
    base: bytes, mine: bytes, theirs: bytes, choices: Mapping[str, Side | str] = _NONE
) -> Merge:
    """Merges two settings files by element.

    Args:
        base: what both grew from.
        choices: for conflicts, by their id, whose version to take.

    Raises:
        Refused: whatever `tree.parse` refuses, for any of the three.
        UsageProblem: `settings-choice-unknown`, a choice names no conflict of this merge or no
            side.
    """
    chosen = _sides(choices)
    walk = Walk(parse(base), parse(mine), parse(theirs), chosen)
    edits = walk.element(walk.base.root, walk.mine.root, walk.theirs.root)
    conflicts = tuple(walk.conflicts)
    _refuse_unknown(chosen, conflicts)
    content: bytes | None
    if any(conflict.chosen is None for conflict in conflicts):
        content = None
    elif mine == base:
        content = theirs
    elif theirs in (base, mine):
        content = mine
    else:
        content = splice(mine, edits)
    return Merge(content, conflicts, tuple(walk.taken))


def _sides(choices: Mapping[str, Side | str]) -> dict[str, Side]:
    try:
        return {number: Side(side) for number, side in choices.items()}
    except ValueError:
        raise UsageProblem(
            "settings-choice-unknown",
            _("A conflict can be settled by {sides} only.").format(sides=", ".join(Side)),
            hint=_("Name one of them for each conflict."),
        ) from None


def _refuse_unknown(choices: Mapping[str, Side], conflicts: tuple[Conflict, ...]) -> None:
    known = {conflict.id for conflict in conflicts}
    if unknown := sorted(set(choices) - known):
        raise UsageProblem(
            "settings-choice-unknown",
            _("There is no conflict {id} to choose for.").format(id=unknown[0][:40]),
            hint=_("Look at the conflicts again; one of the sides may have changed since."),
        )
