"""Decisions over REST: `/me/ceilings` and `/me/decisions`.

A program that does something for a person asks with the person's session whether it may, and says
afterwards whether it did.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from deskside.secure_login.dependencies import TheLogin
from deskside.secure_login.rights.rules import written
from deskside.secure_login.rights.service import Decision, Standing, Use
from deskside.web.service import AnyRequest, require_visitor

OWN: dict[str, Any] = {"sync_to_thread": True, "tags": ["rights"], "security": [{"bearer": []}]}
ACT: dict[str, Any] = {**OWN, "status_code": 200, "request_max_body_size": 8192}


class AskedDecision(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be done. `amount` is US dollars, such as `1234.50`; `key` is of your choice, up to
    80 characters, another for each request; `proof` names a fresh verification for `amount`."""

    action: str
    amount: str
    key: str
    proof: str = ""


class AmountsOut(msgspec.Struct):
    """US dollars of a day and of five business days; null is unlimited."""

    day: str | None
    five_days: str | None


class CeilingsOut(msgspec.Struct):
    """What the session may do today, by the device that it was opened with."""

    protection_level: int
    actions: list[str]
    ceiling: AmountsOut
    used: AmountsOut
    left: AmountsOut
    zone: str
    day: str
    window_from: str


class DecisionOut(msgspec.Struct):
    """The decision. `reason` says why not; `decision` and `expires` are null then."""

    allowed: bool
    reason: str | None
    decision: str | None
    status: str | None
    expires: datetime | None
    action: str
    amount: str | None
    protection_level: int
    ceiling: AmountsOut
    left: AmountsOut


class UseOut(msgspec.Struct):
    """An amount after it was committed (`used`) or `released`."""

    decision: str
    status: str
    action: str
    amount: str | None


@get("/me/ceilings", summary="Your ceilings, and what is used", **OWN)
def ceilings(request: AnyRequest, secure_login: TheLogin) -> CeilingsOut:
    """What the present session may do, up to which amounts; nothing is reserved."""
    rights = secure_login.rights
    standing = rights.own(require_visitor(request))
    calendar = rights.policy.calendar
    today = calendar.day_of(secure_login.clock.now())
    used = AmountsOut(written(standing.used.day), written(standing.used.window))
    return CeilingsOut(
        protection_level=standing.level,
        actions=list(rights.policy.actions),
        ceiling=_ceiling(standing),
        used=used,
        left=_left(standing),
        zone=str(calendar.zone),
        day=today.isoformat(),
        window_from=calendar.window_from(today).isoformat(),
    )


@post("/me/decisions", summary="May this session do it?", **ACT)
def decide(
    request: AnyRequest, data: JSONBody[AskedDecision], secure_login: TheLogin
) -> DecisionOut:
    """Decide; what is allowed counts from now on, until it is released or too old."""
    return _decision(
        secure_login.rights.decide(
            require_visitor(request), data.action, data.amount, data.key, data.proof
        )
    )


@post("/me/decisions/{decision:str}/commit", summary="It was done", **ACT)
def commit(request: AnyRequest, decision: FromPath[str], secure_login: TheLogin) -> UseOut:
    """The amount counts for good."""
    return _use(secure_login.rights.commit(require_visitor(request), decision))


@post("/me/decisions/{decision:str}/release", summary="It was not done", **ACT)
def release(request: AnyRequest, decision: FromPath[str], secure_login: TheLogin) -> UseOut:
    """The amount no longer counts."""
    return _use(secure_login.rights.release(require_visitor(request), decision))


def routes() -> list[Any]:
    """The handlers, relative to `/api/v1`."""
    return [ceilings, decide, commit, release]


def _ceiling(standing: Standing) -> AmountsOut:
    return AmountsOut(written(standing.ceiling.day), written(standing.ceiling.window))


def _left(standing: Standing) -> AmountsOut:
    return AmountsOut(written(standing.left.day), written(standing.left.window))


def _decision(made: Decision) -> DecisionOut:
    return DecisionOut(
        allowed=made.denial is None and made.status in ("reserved", "used"),
        reason=made.denial.value if made.denial else None,
        decision=made.id or None,
        status=made.status or None,
        expires=made.expires,
        action=made.action,
        amount=written(made.cents),
        protection_level=made.standing.level,
        ceiling=_ceiling(made.standing),
        left=_left(made.standing),
    )


def _use(use: Use) -> UseOut:
    return UseOut(use.id, use.status, use.action, written(use.cents))
