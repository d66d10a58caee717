"""A plan and a change as a terminal shows them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import click

from deskside.foundation.changes.model import (
    ABSENT,
    FOLDER,
    POINTER,
    Change,
    FileState,
    Kind,
    Plan,
    State,
    Step,
    Transition,
    Verb,
    digest,
)
from deskside.foundation.changes.pointers import leads_to
from deskside.foundation.changes.pruning import Pruning
from deskside.foundation.text import _, mark, ngettext
from deskside.foundation.units import size, when

_VERBS: dict[Verb, tuple[str, str]] = {
    Verb.WRITE: (mark("write"), "green"),
    Verb.REPLACE: (mark("replace"), "yellow"),
    Verb.RENAME: (mark("rename"), "yellow"),
    Verb.REMOVE: (mark("remove"), "red"),
    Verb.MAKE_FOLDER: (mark("make folder"), "green"),
    Verb.SWITCH: (mark("switch"), "yellow"),
}

_STATES: dict[State, str] = {
    State.APPLYING: mark("under way"),
    State.APPLIED: mark("applied"),
    State.ROLLED_BACK: mark("taken back: it failed"),
    State.UNDOING: mark("being undone"),
    State.UNDONE: mark("undone"),
}


def verb_word(verb: Verb) -> str:
    """What a step does, in a word."""
    return _(_VERBS[verb][0])


def render_plan(plan: Plan) -> str:
    """What a plan would do: its title, its folder, and a line or two for each step."""
    lines = [click.style(plan.title, bold=True), _("In {root}:").format(root=plan.root)]
    for step in plan.steps:
        lines += _step_lines(plan, step)
    lines += [f"{click.style('!', fg='yellow')} {remark}" for remark in plan.remarks]
    return "\n".join(lines)


def render_look(plan: Plan) -> str:
    """What a plan would do, where nobody wants it done."""
    return f"{render_plan(plan)}\n{_('Nothing was changed.')}"


def render_change(change: Change) -> str:
    """One change: when, what, and where each path stood before and after."""
    lines = [
        click.style(f"{change.id}  {change.title}", bold=True),
        f"{when(change.created)}  {_(_STATES[change.state])}  {change.root}",
    ]
    lines += [_transition_line(transition) for transition in change.transitions]
    if change.left_alone:
        names = ", ".join(str(path) for path in change.left_alone)
        lines.append(
            _("Left alone, since something else had changed it: {paths}").format(paths=names)
        )
    if change.pruned:
        lines.append(_("What it took away is no longer kept, so it cannot be undone."))
    return "\n".join(lines)


def state_word(state: State) -> str:
    """Where a change stands, in words."""
    return _(_STATES[state])


def render_pruning(pruning: Pruning, *, dry_run: bool) -> str:
    """What is cleared from the journal, and which changes cannot be undone any more."""
    if not pruning.changes and not pruning.blobs:
        return _("There is nothing to clear.")
    lines, count = [], len(pruning.blobs)
    if pruning.undoable and dry_run:
        lines.append(_("These changes could no longer be undone:"))
    elif pruning.undoable:
        lines.append(_("These changes can no longer be undone:"))
    lines += [f"  {c.id}  {when(c.created)}  {c.title}" for c in pruning.undoable]
    if dry_run:
        words = ngettext("Would clear {count} content", "Would clear {count} contents", count)
    else:
        words = ngettext("Cleared {count} content", "Cleared {count} contents", count)
    return "\n".join([*lines, f"{words.format(count=count)}, {size(pruning.size)}."])


def _step_lines(plan: Plan, step: Step) -> list[str]:
    word, colour = _VERBS[step.verb]
    line = f"  {click.style(_(word), fg=colour)}  {step.path}"
    old = plan.inputs.get(step.path, ABSENT)
    if step.target is not None:
        line += f" → {step.target}"
    if step.verb is Verb.SWITCH and (now := _pointed(step.path, old)):
        line += "  " + _("(now {target})").format(target=now)
    if step.content is not None:
        new = size(len(step.content))
        line += f"  ({_short(old)} → {_short(digest(step.content))}, {new})"
    return [line, f"      {step.why}"] if step.why else [line]


def _transition_line(transition: Transition) -> str:
    line = f"  {transition.path}  {_seen(transition, transition.before)} → "
    line += _seen(transition, transition.after)
    if transition.source is not None:
        line += "  " + _("(was {path})").format(path=transition.source)
    return line


def _seen(transition: Transition, state: FileState | None) -> str:
    """What a path was or became, in few words."""
    if state is None:
        return _("nothing")
    if state.kind is Kind.FOLDER:
        return _("folder {digest}").format(digest=_short(state.digest))
    return _pointed(transition.path, state.digest) or _short(state.digest)


def _pointed(path: PurePosixPath, seen: str) -> str:
    """Where a pointer points to, from the root; empty for anything else."""
    text = seen.removeprefix(POINTER)
    return str(leads_to(path, text, Path(path))) if text != seen else ""


def _short(seen: str) -> str:
    return _("nothing") if seen == ABSENT else seen.removeprefix(FOLDER)[:12]
