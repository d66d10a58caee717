"""A plan as a page shows it, and applying just that one.

The plan that a person was shown is named by its digest; it is made anew when they agree and
applied only if its digest is the same, so that exactly what was shown happens, or nothing.
"""

from __future__ import annotations

import hashlib
import json

from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.model import Change, Plan, Step
from deskside.foundation.changes.model import digest as content_digest
from deskside.foundation.changes.rendering import verb_word
from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.foundation.units import size


def plan_digest(plan: Plan) -> str:
    """SHA-256 over all that a plan does, whatever language it is described in."""
    shown = plan.as_json()
    steps = [{k: v for k, v in step.items() if k != "why"} for step in shown["steps"]]
    acts = {"tool": plan.tool, "root": shown["root"], "inputs": shown["inputs"], "steps": steps}
    return hashlib.sha256(json.dumps(acts, sort_keys=True).encode()).hexdigest()


def apply_shown(engine: Engine, plan: Plan, digest: str) -> Change:
    """Apply a plan if it is still the one that was shown.

    Raises:
        Refused: `plan-outdated`: it would no longer do the same; else as `Engine.apply`.
    """
    if plan_digest(plan) != digest:
        raise Refused(
            "plan-outdated",
            _("Something has changed since this plan was shown; nothing was done."),
            hint=_("Check again and read the new plan."),
        )
    return engine.apply(plan)


def steps(plan: Plan) -> list[dict[str, str]]:
    """Each step in words: what is done to which file, what it holds then, and why."""
    return [_step(plan, step) for step in plan.steps]


def _step(plan: Plan, step: Step) -> dict[str, str]:
    seen = [_("renamed to {name}").format(name=step.target)] if step.target else []
    if step.content is not None:
        seen.append(
            _("{size}, SHA-256 {before} → {after}").format(
                size=size(len(step.content)),
                before=plan.inputs[step.path][:12],
                after=content_digest(step.content)[:12],
            )
        )
    detail = " · ".join(filter(None, [step.why, *seen]))
    return {"verb": verb_word(step.verb), "path": str(step.path), "detail": detail}
