"""Pages of the knowledge base.

The portal's pages are for reading: a server cannot touch the visitor's computer, so they show the
command that runs the article there. The local pages run it: check, plan, apply, verify, undo,
each a plain form, so that they work without scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import anyio.to_thread
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from markupsafe import Markup

from deskside.foundation.changes.model import State
from deskside.foundation.changes.shown import apply_shown, plan_digest, steps
from deskside.foundation.errors import Refused, UsageProblem
from deskside.foundation.text import LANGUAGES, _, mark
from deskside.knowledge import feeds, markdown, running
from deskside.knowledge.feed_pages import feed_pages
from deskside.knowledge.listing import foreign, row, site, speak, with_query
from deskside.knowledge.model import Article
from deskside.knowledge.search_pages import local_list
from deskside.knowledge.service import Library
from deskside.knowledge.steps import StepState, relevant
from deskside.web.service import AnyRequest, form, own_path, page, part, redirect

T = TypeVar("T")
Articles = NamedDependency[Library]
Name = FromPath[str]
Choices = NamedDependency[dict[str, str]]

OPTIONS: dict[str, tuple[str, str]] = {
    "root": (mark("TWS folder"), mark("Leave it empty for the usual place.")),
    "user": (mark("User name"), mark("Needed only where this computer knows several.")),
    "file": (mark("File of your own"), mark("Leave it empty to take the newest snapshot.")),
    "home": (mark("Home folder"), mark("Where IBJts is; leave it empty for your own.")),
    "venv": (mark("Python environment"), mark("The folder of the virtual environment.")),
    "port": (mark("Port of the API"), mark("Leave it empty for the one in the settings.")),
    "catalogue": (mark("Catalogue of hosts"), mark("A file; leave it empty for the usual one.")),
    "only": (mark("Only these hosts"), mark("Their ids with commas between; empty for all.")),
}
"""The choices that checks take: what a form calls each, and what it says about it."""


def portal_pages() -> list[Any]:
    """Reading; the list and its search are with what readers tell the desk."""
    return [article_page, *feed_pages()]


def local_pages() -> list[Any]:
    """Reading and searching, and running an article on this computer."""
    return [
        local_home,
        local_list,
        local_article_page,
        check_page,
        plan_page,
        apply_plan,
        change_page,
        undo_change,
    ]


@get("/", include_in_schema=False, sync_to_thread=False)
def local_home() -> Response[str]:
    """The first page on this computer: the articles."""
    return redirect("/kb")


@get("/kb/{number:str}", include_in_schema=False, sync_to_thread=True)
def article_page(request: AnyRequest, library: Articles, number: Name) -> Response[str]:
    """One article, with the command that runs it."""
    speak(request)
    return _article(request, library, library.article(number))


@get("/kb/{number:str}", include_in_schema=False, sync_to_thread=True)
def local_article_page(
    request: AnyRequest, library: Articles, local_options: Choices, number: Name
) -> Response[str]:
    """One article, ready to be run."""
    chosen = local_options | _known(request.query_params)
    return _article(request, library, library.article(number), _run(chosen))


@post("/kb/{number:str}/check", include_in_schema=False, status_code=200)
async def check_page(request: AnyRequest, library: Articles, number: Name) -> Response[str]:
    """Run the checks and show what they found."""
    fields = await _fields(request)
    article = library.article(number)
    options, step = _known(fields), fields.get("step", "")
    report = await _thread(_examine, article, options, step)
    run = _run(options, stage="check", result=report, step=step)
    return await _thread(_article, request, library, article, run)


@post("/kb/{number:str}/plan", include_in_schema=False, status_code=200)
async def plan_page(request: AnyRequest, library: Articles, number: Name) -> Response[str]:
    """Show what a fix would do; nothing is changed."""
    fields = await _fields(request)
    article = library.article(number)
    step = fields.get("step", "")
    report = await _thread(_examine, article, _known(fields), step)
    run = await _thread(_plan, report, fields.get("fix", ""), step)
    return await _thread(_article, request, library, article, run)


@post("/kb/{number:str}/apply", include_in_schema=False, status_code=200)
async def apply_plan(request: AnyRequest, library: Articles, number: Name) -> Response[Any]:
    """Apply the plan that was shown, if it would still do exactly the same."""
    fields = await _fields(request)
    article, options, step = library.article(number), _known(fields), fields.get("step", "")
    fix, digest = fields.get("fix", ""), fields.get("digest", "")
    if not digest:
        raise UsageProblem(
            "plan-not-shown",
            _("Nothing was changed: a plan is applied after it was shown."),
            hint=_("Check again and read the plan."),
        )
    report = await _thread(_examine, article, options, step)
    try:
        change = await _thread(_apply, report, fix, digest)
    except Refused as refused:
        run = _run(options, stage="check", result=report, refused=_words(refused), step=step)
        return await _thread(_article, request, library, article, run, status=refused.http_status)
    return redirect(_change_address(article, change, options, step))


@get("/kb/{number:str}/changes/{change:str}", include_in_schema=False, sync_to_thread=True)
def change_page(
    request: AnyRequest, library: Articles, number: Name, change: Name
) -> Response[str]:
    """Verify: what the checks find now that a change was applied or undone, and its undo."""
    article, options = library.article(number), _known(request.query_params)
    step = request.query_params.get("step", "")
    applied = running.engine().show(change)
    run = _run(
        options,
        stage="verify",
        result=_examine(article, options, step),
        change=applied,
        can_undo=applied.state is State.APPLIED,
        here=_change_address(article, applied.id, options, step),
        step=step,
    )
    return _article(request, library, article, run)


@post("/changes/{change:str}/undo", include_in_schema=False, status_code=303)
async def undo_change(request: AnyRequest, change: Name) -> Response[str]:
    """Put back what a change changed, and return to where the person was."""
    fields = await _fields(request)
    undone = await _thread(_undo, change)
    return redirect(own_path(fields.get("next", ""), f"/changes/{undone}"))


def _change_address(article: Article, change: str, options: Mapping[str, str], step: str) -> str:
    """Where a change is shown: beside the step that it was made for, if it was one."""
    path = f"/kb/{article.number}/changes/{change}"
    if not step:
        return with_query(path, options)
    anchor = running.the_step(article, step).anchor
    return with_query(path, dict(options) | {"step": step}) + f"#{anchor}"


def _examine(article: Article, options: Mapping[str, str], step: str) -> running.Report:
    if step:
        return running.examine_step(article, step, options)
    return running.examine(article, options)


def _undo(identifier: str) -> str:
    return running.engine().undo(identifier).id


def _plan(report: running.Report, fix: str, step: str) -> dict[str, Any]:
    options = report.situation.options
    try:
        offer = report.offer(fix or None)
        if offer is None:
            return _run(options, stage="check", result=report, step=step)
        plan = running.make_plan(report, offer)
    except Refused as refused:
        return _run(options, stage="check", result=report, refused=_words(refused), step=step)
    return _run(
        options,
        stage="plan",
        result=report,
        step=step,
        plan=plan,
        steps=steps(plan),
        digest=plan_digest(plan),
        fix=offer.fix,
    )


def _apply(report: running.Report, fix: str, digest: str) -> str:
    offer = report.offer(fix or None)
    if offer is None:
        raise Refused(
            "plan-outdated",
            _("There is nothing to mend any more; nothing was done."),
            hint=_("Check again."),
        )
    return apply_shown(running.engine(), running.make_plan(report, offer), digest).id


def _run(options: Mapping[str, str], **filled: Any) -> dict[str, Any]:
    """What the run panel of an article shows; everything not given is empty."""
    empty: dict[str, Any] = {
        "stage": "",
        "result": None,
        "refused": "",
        "plan": None,
        "steps": [],
        "digest": "",
        "fix": "",
        "change": None,
        "can_undo": False,
        "here": "",
        "step": "",
    }
    return empty | {"options": dict(options)} | filled


def _article(
    request: AnyRequest,
    library: Library,
    article: Article,
    run: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> Response[str]:
    """An article's page; `run` is None where it cannot be run."""
    vendor_related = article.vendor.related if article.vendor else ()
    panel = run | _forms(article, run["options"], run["step"]) if run is not None else None
    seen = _steps_seen(request, article, panel) if panel else {}
    body = markdown.to_html(article.body, seen)
    if run is None:
        others = [tag for tag in library.languages(article.number) if tag != article.language]
        body = markdown.with_sections_elsewhere(body, [(tag, LANGUAGES[tag]) for tag in others])
    return page(
        request,
        "pages/article.html",
        status=status,
        article=article,
        foreign=foreign(article.language),
        outdated=library.is_outdated(article),
        successor=library.successor(article.number),
        wizard="" if run is not None else article.wizard,
        # Sanitised by markdown.to_html: nothing of it can act.
        body=Markup(body),  # noqa: S704
        contents=[(s.anchor, s.title) for s in markdown.sections(article.body) if s.level == 2],
        related=[row(other) for other in library.related(article)],
        vendor_related=[_vendor_row(number) for number in vendor_related],
        command=f"deskside run {article.name}",
        canonical=feeds.article_address(site(request), article.number, article.language),
        alternates=[
            (tag, feeds.article_address(site(request), article.number, tag))
            for tag in library.languages(article.number)
        ],
        runs=bool(article.checks),
        can_receive=run is None and bool(article.checks),
        run=panel,
    )


def _steps_seen(request: AnyRequest, article: Article, panel: dict[str, Any]) -> dict[str, str]:
    """Under every step that knows its check: whether it is done, and what can be done about it."""
    report: running.Report | None = panel["result"]
    seen = running.look_around(article, panel["options"], report.seen if report else {})
    shown: dict[str, str] = {}
    for step, state in running.step_states(article, seen):
        run = panel if step.address == panel["step"] else _run(panel["options"])
        run = run | _forms(article, panel["options"], step.address)
        offered = state is StepState.TO_DO and any(
            step.fix in finding.fixes for finding in relevant(step, seen[step.check])
        )
        shown[step.address] = part(
            request, "pages/step.html", run=run, step=step, state=state.value, offered=offered
        )
    return shown


def _forms(article: Article, options: Mapping[str, str], step: str) -> dict[str, Any]:
    """Where the forms of a panel lead; the choices travel along in the query."""
    base = f"/kb/{article.number}"
    options = dict(options) | ({"step": step} if step else {})
    names = running.option_names(article)
    fields = [
        {"name": name, "label": _(label), "hint": _(hint), "value": options.get(name, "")}
        for name, (label, hint) in OPTIONS.items()
        if name in names
    ]
    return {
        "fields": fields,
        "check_href": with_query(f"{base}/check", {"step": step} if step else {}),
        "check_again_href": with_query(f"{base}/check", options),
        "plan_href": with_query(f"{base}/plan", options),
        "apply_href": with_query(f"{base}/apply", options),
    }


def _words(refused: Refused) -> str:
    return " ".join(filter(None, [refused.message, refused.hint]))


def _vendor_row(number: str) -> dict[str, str]:
    return {"number": number, "href": markdown.VENDOR_ADDRESS.format(number=number)}


def _known(fields: Mapping[str, Any]) -> dict[str, str]:
    """The choices among some fields, without the empty ones."""
    return {name: text for name in OPTIONS if (text := str(fields.get(name, "")).strip())}


async def _fields(request: AnyRequest) -> dict[str, str]:
    """Query and form as one."""
    return dict(request.query_params) | await form(request)


async def _thread(work: Callable[..., T], *values: Any, **named: Any) -> T:
    """Do blocking work outside the event loop, in the visitor's language."""
    return await anyio.to_thread.run_sync(partial(work, *values, **named))
