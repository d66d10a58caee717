"""Sharing a device over REST: `/me/shares`, and the compliance review: `/reviews`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _
from deskside.secure_login.dependencies import TheReviews, TheSharing
from deskside.secure_login.model import Challenge
from deskside.secure_login.sharing.review import Decision, ReviewInfo
from deskside.secure_login.sharing.service import ShareInfo
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.threads import in_thread
from deskside.secure_login.values import Origin
from deskside.web.service import AnyRequest, require_visitor

SHARING: dict[str, Any] = {"tags": ["sharing"], "security": [{"bearer": []}]}


class OwnerCredentials(msgspec.Struct, forbid_unknown_fields=True):
    """User name and password of the device's owner."""

    username: str
    password: str


class NewShare(msgspec.Struct, forbid_unknown_fields=True):
    """Whose device is to be shared with the visitor."""

    owner: OwnerCredentials


class ShareAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """What the owner's device answered; `device` may be given, as at a log-in."""

    answer: str
    device: str = ""


class DecisionIn(msgspec.Struct, forbid_unknown_fields=True):
    """`approve` or `reject`, and why."""

    decision: str
    reason: str


class ShareChallenge(msgspec.Struct):
    """A question to the owner's device, open until `expires` (UTC) or its first answer."""

    device: str
    kind: str
    question: str
    expires: datetime


class ShareBegun(msgspec.Struct):
    """A request that waits for the device's answer."""

    share: str
    device: str
    challenge: ShareChallenge


class ShareOut(msgspec.Struct):
    """A request. `status`: `proven`, then `active` or `pending`, then `rejected`, `cancelled`."""

    share: str
    status: str
    reference: str
    owner: str
    device: str
    kind: str
    serial: str
    created: datetime


class SharesOut(msgspec.Struct):
    """The visitor's requests, newest first."""

    shares: list[ShareOut]


class EvidenceOut(msgspec.Struct):
    """One piece of identification data of both sides; numbers are masked."""

    name: str
    requester: str
    owner: str
    same: bool


class ReviewOut(msgspec.Struct):
    """A request that waits. `doubt` says why: `names-differ`, `kinds-differ` or `policy`."""

    review: str
    reference: str
    requester: str
    owner: str
    kind: str
    serial: str
    created: datetime
    doubt: str
    approvals: int
    needed: int
    evidence: list[EvidenceOut]


class ReviewsOut(msgspec.Struct):
    """The queue, oldest first."""

    reviews: list[ReviewOut]


@post("/me/shares", summary="Begin to share a device", **SHARING)
async def begin(request: AnyRequest, data: JSONBody[NewShare], sharing: TheSharing) -> ShareBegun:
    """Take the owner's credentials and ask the owner's device."""
    visitor, owner = require_visitor(request), data.owner
    async with sharing.secure_login.step_up.spending_in_thread(visitor, Task.SHARING):
        info, asked = await sharing.secure_login.pool.run(
            sharing.begin, visitor, owner.username, owner.password, _origin(request)
        )
    return ShareBegun(info.id, asked.device, _challenge(info, asked))


@get("/me/shares", sync_to_thread=True, summary="Your requests", **SHARING)
def shares(request: AnyRequest, sharing: TheSharing) -> SharesOut:
    """What the visitor has shared or asked for."""
    return SharesOut([_share(info) for info in sharing.listed(require_visitor(request))])


@post(
    "/me/shares/{share:str}/challenge",
    status_code=200,
    sync_to_thread=True,
    summary="Ask the owner's device anew",
    **SHARING,
)
def challenge(request: AnyRequest, share: FromPath[str], sharing: TheSharing) -> ShareChallenge:
    """A new question in place of the one before."""
    visitor = require_visitor(request)
    asked = sharing.challenge(visitor, share)
    return _challenge(sharing.shown(visitor, share), asked)


@post(
    "/me/shares/{share:str}/answer",
    status_code=200,
    sync_to_thread=True,
    summary="Answer of the owner's device",
    **SHARING,
)
def answer(
    request: AnyRequest, share: FromPath[str], data: JSONBody[ShareAnswer], sharing: TheSharing
) -> ShareOut:
    """Take the answer; then the conditions are judged."""
    visitor = require_visitor(request)
    return _share(sharing.answer(visitor, share, data.answer, _origin(request)))


@post(
    "/me/shares/{share:str}/confirm",
    status_code=200,
    sync_to_thread=True,
    summary="Confirm what was checked",
    **SHARING,
)
def confirm(request: AnyRequest, share: FromPath[str], sharing: TheSharing) -> ShareOut:
    """Carry it out, or hand it to the reviewers."""
    return _share(sharing.confirm(require_visitor(request), share))


@get("/me/shares/{share:str}", summary="One of your requests", **SHARING)
async def shown(request: AnyRequest, share: FromPath[str], sharing: TheSharing) -> ShareOut:
    """Where a request stands."""
    return _share(await in_thread(sharing.shown, require_visitor(request), share))


@delete(
    "/me/shares/{share:str}",
    status_code=200,
    summary="Withdraw a request or end the sharing",
    **SHARING,
)
async def cancel(
    request: AnyRequest,
    share: FromPath[str],
    sharing: TheSharing,
    send_back: FromQuery[bool] = False,
) -> ShareOut:
    """The visitor's own devices, which were put aside, work again, or are sent back."""
    visitor = require_visitor(request)
    return _share(await in_thread(lambda: sharing.cancel(visitor, share, send_back=send_back)))


@get("/reviews", sync_to_thread=True, summary="Requests that wait for a decision", **SHARING)
def queue(request: AnyRequest, reviews: TheReviews) -> ReviewsOut:
    """For compliance reviewers: the queue with its evidence."""
    return ReviewsOut([_review(info) for info in reviews.waiting(require_visitor(request))])


@post(
    "/reviews/{review:str}/decision",
    status_code=200,
    sync_to_thread=True,
    summary="Decide on a request",
    **SHARING,
)
def decide(
    request: AnyRequest, review: FromPath[str], data: JSONBody[DecisionIn], reviews: TheReviews
) -> ShareOut:
    """Approve or reject, with a reason."""
    visitor = require_visitor(request)
    if data.decision not in list(Decision):
        raise UsageProblem("unknown-decision", _("A decision is “approve” or “reject”."))
    with reviews.sharing.secure_login.step_up.spending(visitor, Task.REVIEW):
        return _share(reviews.decide(visitor, review, Decision(data.decision), data.reason))


def routes() -> list[Any]:
    """The handlers, relative to `/api/v1`."""
    return [begin, shares, challenge, answer, confirm, shown, cancel, queue, decide]


def _origin(request: AnyRequest) -> Origin:
    address = request.client.host if request.client else ""
    return Origin(address=address, agent=request.headers.get("user-agent", ""))


def _challenge(info: ShareInfo, asked: Challenge) -> ShareChallenge:
    return ShareChallenge(asked.device, info.kind, asked.question, asked.expires)


def _share(info: ShareInfo) -> ShareOut:
    return ShareOut(
        share=info.id,
        status=info.status,
        reference=info.reference,
        owner=info.owner,
        device=info.device,
        kind=info.kind,
        serial=info.serial,
        created=info.created,
    )


def _review(info: ReviewInfo) -> ReviewOut:
    return ReviewOut(
        review=info.share.id,
        reference=info.share.reference,
        requester=info.requester,
        owner=info.share.owner,
        kind=info.share.kind,
        serial=info.share.serial,
        created=info.share.created,
        doubt=info.doubt,
        approvals=info.approvals,
        needed=info.needed,
        evidence=[EvidenceOut(e.name, e.requester, e.owner, e.same) for e in info.evidence],
    )
