"""The portal's pages of the compliance review."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from deskside.foundation.errors import DesksideError, NotAllowed, NotFound
from deskside.foundation.text import _
from deskside.secure_login import words
from deskside.secure_login.dependencies import TheReviews
from deskside.secure_login.sharing import words as sharing_words
from deskside.secure_login.sharing.review import Decision, ReviewInfo
from deskside.secure_login.step_up.pages import sensitive_form, verify_first
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.threads import in_thread
from deskside.web.service import AnyRequest, errors, page, redirect, require_visitor

REVIEWS = "/desk/reviews"


def review_pages() -> list[Any]:
    """The addresses."""
    return [show_queue, show_review, take_decision]


@get(REVIEWS, sync_to_thread=True, include_in_schema=False)
def show_queue(
    request: AnyRequest, reviews: TheReviews, done: FromQuery[str] = ""
) -> Response[Any]:
    """All that waits."""
    waiting = reviews.waiting(require_visitor(request))
    return page(
        request,
        "pages/reviews.html",
        crumbs=_crumbs(here=True),
        notice=_("Your decision is recorded.") if done else "",
        reviews=[
            {"href": f"{REVIEWS}/{info.share.id}", "title": _title(info), "text": _text(info)}
            for info in waiting
        ],
    )


@get(f"{REVIEWS}/{{review:str}}", include_in_schema=False)
async def show_review(
    request: AnyRequest, review: FromPath[str], reviews: TheReviews
) -> Response[Any]:
    """One request with its evidence."""
    info = await in_thread(reviews.shown, require_visitor(request), review)
    return _shown(request, info, {}, 200, [])


@post(f"{REVIEWS}/{{review:str}}", status_code=200, include_in_schema=False)
async def take_decision(
    request: AnyRequest, review: FromPath[str], reviews: TheReviews
) -> Response[Any]:
    """Take a decision and its reason."""
    visitor, part = require_visitor(request), reviews.sharing.secure_login
    fields = await sensitive_form(request, part, visitor)
    info = await in_thread(reviews.shown, visitor, review)
    decision, reason = fields.get("decision", ""), fields.get("reason", "")
    missing = errors(
        **({} if decision in list(Decision) else {"decision": _("Choose a decision.")}),
        **({} if reason.strip() else {"reason": _("Give a reason.")}),
    )
    if missing:
        return _shown(request, info, fields, 400, missing)
    if away := await verify_first(request, part, visitor, Task.REVIEW, fields):
        return away
    try:
        async with part.step_up.spending_in_thread(visitor, Task.REVIEW):
            await in_thread(reviews.decide, visitor, review, Decision(decision), reason)
    except (NotAllowed, NotFound):
        raise
    except DesksideError as error:
        told = f"{error.message} {error.hint}".strip()
        return _shown(request, info, fields, error.http_status, errors(decision=told))
    return redirect(f"{REVIEWS}?done=1")


def _shown(
    request: AnyRequest, info: ReviewInfo, fields: dict[str, str], status: int, wrong: list[Any]
) -> Response[Any]:
    return page(
        request,
        "pages/review.html",
        status=status,
        crumbs=[*_crumbs(), (info.share.reference, "")],
        title=_title(info),
        facts=[
            (_("Reference"), info.share.reference),
            (_("Device"), sharing_words.device(info.share)),
            (_("Why it is reviewed"), sharing_words.doubt(info.doubt)),
            (_("Asked"), words.moment(info.share.created)),
            (_("Approvals"), f"{info.approvals}/{info.needed}"),
        ],
        head=[_("Data"), info.requester, info.share.owner, _("Same")],
        rows=[
            [
                sharing_words.evidence(each.name),
                each.requester or "–",
                each.owner or "–",
                sharing_words.sameness(each.same),
            ]
            for each in info.evidence
        ],
        decision=fields.get("decision", ""),
        reason=fields.get("reason", ""),
        action=f"{REVIEWS}/{info.share.id}",
        errors=wrong,
    )


def _title(info: ReviewInfo) -> str:
    return _("{requester} asks to share the device of {owner}").format(
        requester=info.requester, owner=info.share.owner
    )


def _text(info: ReviewInfo) -> str:
    return f"{sharing_words.doubt(info.doubt)} · {info.share.reference}"


def _crumbs(*, here: bool = False) -> list[tuple[str, str]]:
    return [(_("Desk"), "/desk"), (_("Compliance review"), "" if here else REVIEWS)]
