"""What a push, a pull or a conflict says to a person. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskside.foundation.text import _, ngettext
from deskside.workspace.sync.model import Conflict, Fetched, Pushed, Why

if TYPE_CHECKING:
    from deskside.workspace.document.merge import Conflict as OpenQuestion

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def pushed_words(pushed: Pushed) -> str:
    """What a push came to."""
    if pushed.queued:
        return _(
            "{reason}\nSaved here as {id}; it is sent by the next push or pull, or by watch."
        ).format(reason=pushed.reason, id=pushed.snapshot.id)
    if pushed.merged and pushed.changed:
        return _(
            "Merged with what others had sent, and sent to the portal. The settings here are as "
            "they were. To have the merged ones: deskside settings pull"
        )
    if pushed.behind:
        return _(
            "The portal has yours already, and changes from others that are not here. "
            "To have them: deskside settings pull"
        )
    if pushed.reason:
        return _("{reason}\nNothing has changed here since the last push.").format(
            reason=pushed.reason
        )
    return _("Sent to the portal.") if pushed.changed else _("The portal has them already.")


def conflict_words(conflict: Conflict) -> str:
    """What stands against each other, that nothing is lost, and how to choose."""
    shown = [_WHY[conflict.why](), _held(conflict)]
    shown += [question_words(question) for question in conflict.questions]
    return "\n".join([*shown, _how_to_choose(conflict)])


def question_words(question: OpenQuestion) -> str:
    """One thing that both sides changed."""
    lines = [
        f"{question.id}  {' › '.join(filter(None, [*question.path, question.label]))}",
        "    " + _("before: {value}").format(value=_shown(question.base)),
        "    " + _("here:   {value}").format(value=_shown(question.mine)),
        "    " + _("portal: {value}").format(value=_shown(question.theirs)),
    ]
    return "\n".join(lines)


def degraded_words(fetched: Fetched) -> str:
    """Why the portal's latest could not be had, and what is used instead."""
    assert fetched.problem
    return _("Downloading the settings failed: {reason}\nUsing {copy} ({age} old).").format(
        reason=fetched.problem.message, copy=fetched.words, age=age_words(fetched.age_seconds)
    )


def age_words(seconds: int) -> str:
    """How long ago, in the largest unit that is whole: `3 hours`."""
    if seconds >= 2 * _DAY:
        return ngettext("{count} day", "{count} days", seconds // _DAY).format(
            count=seconds // _DAY
        )
    if seconds >= 2 * _HOUR:
        return ngettext("{count} hour", "{count} hours", seconds // _HOUR).format(
            count=seconds // _HOUR
        )
    minutes = seconds // _MINUTE
    return ngettext("{count} minute", "{count} minutes", minutes).format(count=minutes)


def _shown(value: str | None) -> str:
    return _("nothing") if value is None else value


def _held(conflict: Conflict) -> str:
    return _(
        "Nothing was overwritten; both are kept. This computer's history holds {here} snapshots "
        "(yours {mine}, the portal's {theirs}), the portal {there}: deskside settings history"
    ).format(
        here=conflict.held_here,
        mine=conflict.mine.id,
        theirs=conflict.theirs.id,
        there=conflict.held_there,
    )


def _how_to_choose(conflict: Conflict) -> str:
    if conflict.why is not Why.ELEMENTS:
        return _(
            "Choose:\n"
            "  deskside settings diff {mine} {theirs}    look at the difference\n"
            "  deskside settings pull               take the portal's\n"
            "  deskside settings push --keep-mine   put this computer's on top"
        ).format(mine=conflict.mine.id, theirs=conflict.theirs.id)
    return _(
        "Choose for each, or for all at once; everything else is merged:\n"
        "  deskside settings push --mine ID --theirs ID …\n"
        "  deskside settings push --all-mine\n"
        "  deskside settings push --all-theirs"
    )


_WHY = {
    Why.ELEMENTS: lambda: _("Here and on another computer the same was changed differently:"),
    Why.NO_ANCESTOR: lambda: _(
        "The portal holds settings that have nothing in common with those here as far as is "
        "known: this computer is new to it, or was set up anew."
    ),
    Why.OPAQUE: lambda: _(
        "The portal holds other settings. The trading program has sealed them: nobody else can "
        "merge what is inside."
    ),
    Why.UNREADABLE: lambda: _("The portal holds other settings, in a form that cannot be merged."),
    Why.UNSEALED: lambda: _(
        "The portal holds other settings that are not encrypted end to end, though yours should "
        "be. They are not merged: somebody else may have put them there."
    ),
}
