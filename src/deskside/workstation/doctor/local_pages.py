"""The doctor in the browser: every check of this computer, a fix with its plan, and undo.

`?only=PART` leaves out the checks of other parts, as `deskside doctor --only` does; for eSignal
that is the whole repair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

import anyio.to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from deskside.foundation import registry
from deskside.foundation.changes.commands import engine
from deskside.foundation.changes.model import Plan, State
from deskside.foundation.changes.shown import apply_shown, plan_digest, steps
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.findings import Finding, Status, verdict
from deskside.foundation.registry import Situation
from deskside.foundation.text import _, mark
from deskside.web.service import AnyRequest, form, page, redirect
from deskside.workstation.doctor import bundle, running

T = TypeVar("T")
Choices = NamedDependency[dict[str, str]]

PARTS = {
    "": mark("Everything"),
    "doctor": mark("This computer and its trading programs"),
    "network": mark("Connection"),
    "workspace": mark("Workspace settings"),
    "api": mark("API components"),
    "esignal": mark("eSignal and TWS"),
}
"""What can be checked alone."""

URGENCY = (Status.FAILURE, Status.WARNING, Status.NOTICE)


def handlers() -> list[Any]:
    """All pages of the doctor."""
    return [overview, check, prepare, apply, verify, support]


@get("/doctor", sync_to_thread=False, include_in_schema=False)
def overview(request: AnyRequest) -> Response[str]:
    """What can be checked."""
    return _page(request, _part(request.query_params), findings=None)


@get("/doctor/check", sync_to_thread=True, include_in_schema=False)
def check(request: AnyRequest, local_options: Choices) -> Response[str]:
    """What the checks find now."""
    part = _part(request.query_params)
    return _page(request, part, findings=_examined(part, local_options))


@post("/doctor/plan", include_in_schema=False, status_code=200)
async def prepare(request: AnyRequest, local_options: Choices) -> Response[str]:
    """What a fix would do."""
    part, fields = _part(request.query_params), await form(request)

    def work() -> Response[str]:
        findings = _examined(part, local_options)
        fix = fields.get("fix", "")
        try:
            plan = _plan(fix, findings, local_options)
        except (Refused, NotFound) as refused:
            words = " ".join(filter(None, [refused.message, refused.hint]))
            return _page(request, part, findings=findings, refused=words)
        return _page(request, part, findings=findings, plan=plan, fix=fix)

    return await _in_thread(work)


@post("/doctor/apply", include_in_schema=False)
async def apply(request: AnyRequest, local_options: Choices) -> Response[str]:
    """Carry out a plan that was shown."""
    part, fields = _part(request.query_params), await form(request)

    def work() -> str:
        plan = _plan(fields.get("fix", ""), _examined(part, local_options), local_options)
        return apply_shown(engine(), plan, fields.get("digest", "")).id

    return redirect(f"/doctor/changes/{await _in_thread(work)}{_query(part)}")


@get("/doctor/changes/{change:str}", sync_to_thread=True, include_in_schema=False)
def verify(request: AnyRequest, local_options: Choices, change: FromPath[str]) -> Response[str]:
    """What the checks find after a change, which can be taken back here."""
    part, applied = _part(request.query_params), engine().show(change)
    return _page(request, part, findings=_examined(part, local_options), change=applied)


@get("/doctor/bundle", sync_to_thread=True, include_in_schema=False)
def support(request: AnyRequest, local_options: Choices) -> Response[bytes]:
    """What was found as a zip file for support, without personal data."""
    examined = running.examine(running.checks(), Situation(dict(local_options)))
    findings = [found for one in examined for found in one.findings]
    timings = {one.check: one.seconds for one in examined}
    return Response(
        bundle.zipped(bundle.contents(findings, timings)),
        media_type="application/zip",
        headers={"content-disposition": 'attachment; filename="deskside-support.zip"'},
    )


def _part(query: Mapping[str, Any]) -> str:
    named = str(query.get("only", ""))
    return named if named in PARTS else ""


def _query(part: str) -> str:
    return f"?{urlencode({'only': part})}" if part else ""


def _examined(part: str, options: Mapping[str, str]) -> list[Finding]:
    chosen = running.checks([part] if part else [])
    examined = running.examine(chosen, Situation(dict(options)))
    return [found for one in examined for found in one.findings]


def _plan(fix: str, findings: list[Finding], options: Mapping[str, str]) -> Plan:
    """The plan of a fix for the worst finding that offers it.

    Raises:
        NotFound: `fix-not-offered`: nothing offers it, or not any more.
        Refused: it cannot be mended from here.
    """
    urgent = [one for status in URGENCY for one in findings if one.status is status]
    found = next((one for one in urgent if fix in one.fixes), None)
    if found is None:
        raise NotFound(
            "fix-not-offered",
            _("The fix {fix} does not apply to what was found.").format(fix=fix),
            hint=_("Check again."),
        )
    return registry.fix(fix).plan(Situation(dict(options)), found)


def _page(
    request: AnyRequest,
    part: str,
    *,
    findings: list[Finding] | None,
    plan: Plan | None = None,
    fix: str = "",
    change: Any = None,
    refused: str = "",
) -> Response[str]:
    stage = "verify" if change else "plan" if plan else "check" if findings is not None else ""
    return page(
        request,
        "doctor/checkup.html",
        title=_(PARTS[part]) if part else _("Doctor"),
        part=part,
        query=_query(part),
        parts=[(name, _(label), f"/doctor{_query(name)}") for name, label in PARTS.items()],
        stage=stage,
        findings=findings,
        verdict=verdict(findings) if findings is not None else None,
        refused=refused,
        plan=plan,
        fix=fix,
        steps=steps(plan) if plan else [],
        digest=plan_digest(plan) if plan else "",
        change=change,
        can_undo=change is not None and change.state is State.APPLIED,
    )


async def _in_thread(work: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(partial(work))
