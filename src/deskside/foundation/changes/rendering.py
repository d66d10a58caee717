"""A plan and a change as a terminal shows them."""

from __future__ import annotations

import click

from deskside.foundation.changes.model import ABSENT, Change, Plan, State, Step, Verb, digest
from deskside.foundation.text import _, mark
from deskside.foundation.units import size, when

_VERBS: dict[Verb, tuple[str, str]] = {
    Verb.WRITE: (mark("write"), "green"),
    Verb.REPLACE: (mark("replace"), "yellow"),
    Verb.RENAME: (mark("rename"), "yellow"),
    Verb.REMOVE: (mark("remove"), "red"),
}

_STATES: dict[State, str] = {
    State.APPLYING: mark("under way"),
    State.APPLIED: mark("applied"),
    State.ROLLED_BACK: mark("taken back: it failed"),
    State.UNDOING: mark("being undone"),
    State.UNDONE: mark("undone"),
}


def render_plan(plan: Plan) -> str:
    """What a plan would do: its title, its folder, and a line or two for each step."""
    lines = [click.style(plan.title, bold=True), _("In {root}:").format(root=plan.root)]
    for step in plan.steps:
        lines += _step_lines(plan, step)
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
    lines += [
        f"  {move['path']}  {_short(move['before'])} → {_short(move['after'])}"
        for move in change.details()["transitions"]
    ]
    if change.left_alone:
        names = ", ".join(str(path) for path in change.left_alone)
        lines.append(
            _("Left alone, since something else had changed it: {paths}").format(paths=names)
        )
    return "\n".join(lines)


def state_word(state: State) -> str:
    """Where a change stands, in words."""
    return _(_STATES[state])


def _step_lines(plan: Plan, step: Step) -> list[str]:
    word, colour = _VERBS[step.verb]
    line = f"  {click.style(_(word), fg=colour)}  {step.path}"
    if step.target is not None:
        line += f" → {step.target}"
    if step.content is not None:
        new = size(len(step.content))
        old = plan.inputs.get(step.path, ABSENT)
        line += f"  ({_short(old)} → {_short(digest(step.content))}, {new})"
    return [line, f"      {step.why}"] if step.why else [line]


def _short(seen: str) -> str:
    return _("nothing") if seen == ABSENT else seen[:12]
