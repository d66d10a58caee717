"""Can two versions be put together, and what stays open. Pure.

Never without a common ancestor: what one side lacks could not be told from what it removed, and
an idle or new computer would overwrite a good one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from deskside.foundation.errors import Refused, UsageProblem
from deskside.foundation.text import _
from deskside.workspace.model import Kind
from deskside.workspace.rules import kind_of
from deskside.workspace.sync.model import Why

if TYPE_CHECKING:
    from deskside.workspace.document.merge import Conflict as OpenQuestion
    from deskside.workspace.document.merge import Merge, Side

SideName = Literal["mine", "theirs"]


@dataclass(frozen=True, slots=True)
class Wish:
    """How a person wants conflicts to end.

    Attributes:
        keep_mine: put this computer's settings on top, whatever the portal has.
        everywhere: the side to take wherever both changed the same; None to ask.
        chosen: the side to take by the id of a question.
    """

    keep_mine: bool = False
    everywhere: SideName | None = None
    chosen: Mapping[str, SideName] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Together:
    """What putting two versions together came to.

    Attributes:
        content: None while it must be asked.
        why: what stands in the way.
        questions: what is open.
    """

    content: bytes | None = field(repr=False)
    why: Why | None = None
    questions: tuple[OpenQuestion, ...] = ()


def together(ancestor: bytes | None, mine: bytes, theirs: bytes, wish: Wish) -> Together:
    """Put two versions together, as far as that needs no guessing.

    Args:
        ancestor: what both derive from; None where that is not certain.

    Raises:
        UsageProblem: `no-such-conflict`: a side was chosen for something that is no question.
    """
    if Kind.OPAQUE in (kind_of(mine), kind_of(theirs)):
        return Together(None, Why.OPAQUE)
    if ancestor is None:
        return Together(None, Why.NO_ANCESTOR)
    try:
        merged = _merged(ancestor, mine, theirs, wish)
    except Refused:
        return Together(None, Why.UNREADABLE)
    if merged.content is None:
        return Together(None, Why.ELEMENTS, merged.open)
    kind_of(merged.content)
    return Together(merged.content)


def _merged(ancestor: bytes, mine: bytes, theirs: bytes, wish: Wish) -> Merge:
    from deskside.workspace.document.merge import merge

    first = merge(ancestor, mine, theirs)
    questions = {question.id for question in first.conflicts}
    _refuse_unknown(wish, questions)
    choices = {
        question: _side(side)
        for question in questions
        if (side := wish.chosen.get(question) or wish.everywhere)
    }
    return merge(ancestor, mine, theirs, choices) if choices else first


def _refuse_unknown(wish: Wish, questions: set[str]) -> None:
    if unknown := sorted(set(wish.chosen) - questions):
        raise UsageProblem(
            "no-such-conflict",
            _("There is no conflict {id}; nothing was sent.").format(id=unknown[0]),
            hint=_("See what is open: deskside settings push"),
        )


def _side(name: SideName) -> Side:
    from deskside.workspace.document.merge import Side

    return Side(name)
