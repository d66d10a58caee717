"""Logging in over REST: `/login`, `/me`, `/logout`.

A program keeps the session's token and sends it as `Authorization: Bearer`. Every failure of a
log-in is 401 with one and the same body: not a byte tells why.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec
from litestar import get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import SecurityRequirement
from litestar.params import FromPath, JSONBody
from litestar.response import Response

from deskside.foundation.errors import DesksideError, UsageProblem
from deskside.foundation.text import _
from deskside.secure_login import device_api, own_api
from deskside.secure_login.authenticators import MalformedAnswer
from deskside.secure_login.dependencies import TheLogin
from deskside.secure_login.model import Challenge
from deskside.secure_login.orders import api as order_api
from deskside.secure_login.passwords import Busy
from deskside.secure_login.rates import TooManyAttempts
from deskside.secure_login.rights import api as rights_api
from deskside.secure_login.service import LoginFailed
from deskside.secure_login.sharing import api as sharing_api
from deskside.secure_login.step_up import api as step_up_api
from deskside.secure_login.values import LoginStep, Origin, SessionGranted
from deskside.web.service import AnyRequest, require_visitor

BODY_LIMIT = 8 * 1024
"""Bytes of a request; a password has at most a thousand characters."""


class Credentials(msgspec.Struct, forbid_unknown_fields=True):
    """User name (lower case, exact) and password."""

    username: str
    password: str


class ChooseDevice(msgspec.Struct, forbid_unknown_fields=True):
    """Which of the log-in's devices to ask; `device` as in `factors`."""

    device: str


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """The answer to the latest challenge of a device."""

    device: str
    answer: str


class FactorOut(msgspec.Struct):
    """A device that may complete the log-in."""

    device: str
    kind: str
    label: str
    protection_level: int


class ChallengeOut(msgspec.Struct):
    """A question to a device, open until `expires` (UTC) or its first answer."""

    device: str
    kind: str
    question: str
    expires: datetime


class LoginOut(msgspec.Struct, omit_defaults=True):
    """After the password: devices and a challenge, or a session where no device is due."""

    factors: list[FactorOut]
    login: str | msgspec.UnsetType = msgspec.UNSET
    challenge: ChallengeOut | msgspec.UnsetType = msgspec.UNSET
    session: str | msgspec.UnsetType = msgspec.UNSET
    expires: datetime | msgspec.UnsetType = msgspec.UNSET
    protection_level: int | msgspec.UnsetType = msgspec.UNSET
    amr: list[str] | msgspec.UnsetType = msgspec.UNSET
    scope: str | msgspec.UnsetType = msgspec.UNSET


class NewChallenge(msgspec.Struct):
    """A challenge that replaces the one before."""

    challenge: ChallengeOut


class Status(msgspec.Struct):
    """`waiting`, `approved` or `refused`."""

    status: str


class SessionOut(msgspec.Struct):
    """A session. `amr` as in RFC 8176; `scope` is `full` or `portal`."""

    session: str
    expires: datetime
    protection_level: int
    amr: list[str]
    scope: str


class DeviceOut(msgspec.Struct):
    """A device of the visitor."""

    device: str
    kind: str
    label: str
    serial: str
    status: str


class Me(msgspec.Struct):
    """Who is logged in."""

    username: str
    display_name: str
    roles: list[str]
    scope: str
    devices: list[DeviceOut]


class Problem(msgspec.Struct):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


async def json_only(
    connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
) -> None:
    """Let only JSON in: no form of another site can send it."""
    kind = connection.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(status_code=415, detail=_("JSON was expected."))


def refused(request: AnyRequest, error: LoginFailed) -> Response[bytes]:
    """A failed log-in: the same bytes whatever the reason, so without a request id."""
    return _problem(error, {"www-authenticate": "Bearer"})


def busy(request: AnyRequest, error: Busy | TooManyAttempts) -> Response[bytes]:
    """Too many log-ins at once, or attempts in a minute."""
    return _problem(error, {"retry-after": str(error.retry_after)})


def malformed(request: AnyRequest, error: Exception) -> Response[bytes]:
    """JSON that is no Unicode, or is nested beyond reason: the decoder lets these through."""
    return _problem(
        UsageProblem(
            "bad-request",
            _("The request could not be read."),
            hint=_("Send JSON in UTF-8."),
        ),
        {},
    )


def _problem(error: DesksideError, headers: dict[str, str]) -> Response[bytes]:
    body = {
        "type": error.code,
        "title": error.message,
        "status": error.http_status,
        "detail": error.hint,
    }
    return Response(
        json.dumps(body, ensure_ascii=False).encode(),
        status_code=error.http_status,
        media_type="application/problem+json",
        headers=headers,
    )


LOGIN: dict[str, Any] = {
    "status_code": 200,
    "guards": [json_only],
    "request_max_body_size": BODY_LIMIT,
    "exception_handlers": {
        LoginFailed: refused,
        Busy: busy,
        TooManyAttempts: busy,
        UnicodeDecodeError: malformed,
        RecursionError: malformed,
    },
    "tags": ["log-in"],
    "responses": {
        400: ResponseSpec(Problem, description="The request is malformed."),
        401: ResponseSpec(Problem, description="The log-in failed; always the same body."),
        413: ResponseSpec(Problem, description="The request is too large."),
        415: ResponseSpec(Problem, description="The request is not JSON."),
        429: ResponseSpec(Problem, description="Too many attempts a minute: see Retry-After."),
        503: ResponseSpec(Problem, description="Too many log-ins at once: see Retry-After."),
    },
}
BEARER: list[SecurityRequirement] = [{"bearer": []}]


@post("/login", summary="Begin a log-in", **LOGIN)
async def begin(
    request: AnyRequest, data: JSONBody[Credentials], secure_login: TheLogin
) -> LoginOut:
    """Take user name and password."""
    step = await secure_login.begin(data.username, data.password, _origin(request))
    return _login_out(step)


@post("/login/{login_id:str}/challenge", sync_to_thread=True, summary="New challenge", **LOGIN)
def challenge(
    login_id: FromPath[str], data: JSONBody[ChooseDevice], secure_login: TheLogin
) -> NewChallenge:
    """Ask one of the log-in's devices anew."""
    asked = secure_login.challenge(login_id, data.device)
    return NewChallenge(_challenge_out(asked, secure_login.progress(login_id)))


@get(
    "/login/{login_id:str}",
    sync_to_thread=True,
    summary="Where a log-in stands",
    tags=["log-in"],
    exception_handlers={LoginFailed: refused},
)
def status(login_id: FromPath[str], secure_login: TheLogin) -> Status:
    """Whether a log-in waits, was approved, or is over."""
    return Status(secure_login.status(login_id).value)


@post("/login/{login_id:str}/answer", sync_to_thread=True, summary="Answer a challenge", **LOGIN)
def answer(
    request: AnyRequest, login_id: FromPath[str], data: JSONBody[Answer], secure_login: TheLogin
) -> SessionOut:
    """Take the answer of a device."""
    try:
        granted = secure_login.answer(login_id, data.device, data.answer, _origin(request))
    except MalformedAnswer as error:
        # Not a guess, and the challenge stays open; but a failure has one face here.
        raise LoginFailed from error
    return SessionOut(**_session(granted))


@get("/me", sync_to_thread=True, summary="Who is logged in", tags=["log-in"], security=BEARER)
def me(request: AnyRequest, secure_login: TheLogin) -> Me:
    """The visitor, with roles and devices."""
    visitor = require_visitor(request)
    devices = secure_login.list_devices(user_name_id=visitor.user_name_id)
    return Me(
        username=visitor.user_name,
        display_name=visitor.display_name,
        roles=sorted(visitor.roles),
        scope=visitor.scope,
        devices=[
            DeviceOut(
                info.id, info.kind, info.label, info.serial, info.status_for(visitor.user_name)
            )
            for info in devices
        ],
    )


@post(
    "/logout",
    status_code=204,
    sync_to_thread=True,
    summary="End the session",
    tags=["log-in"],
    security=BEARER,
)
def logout(request: AnyRequest, secure_login: TheLogin) -> None:
    """End the session that the request was made with."""
    secure_login.log_out(require_visitor(request))


def routes() -> list[Any]:
    """The handlers, relative to `/api/v1`."""
    return [
        begin,
        challenge,
        status,
        answer,
        me,
        logout,
        *own_api.routes(),
        *device_api.routes(),
        *order_api.routes(),
        *sharing_api.routes(),
        *step_up_api.routes(),
        *rights_api.routes(),
    ]


def _origin(request: AnyRequest) -> Origin:
    address = request.client.host if request.client else ""
    return Origin(address=address, agent=request.headers.get("user-agent", ""))


def _login_out(step: LoginStep) -> LoginOut:
    if step.session is not None:
        return LoginOut([], **_session(step.session))
    assert step.challenge is not None
    factors = [
        FactorOut(factor.device, factor.kind, factor.label, factor.protection_level)
        for factor in step.factors
    ]
    return LoginOut(factors, step.login, _challenge_out(step.challenge, step))


def _challenge_out(asked: Challenge, step: LoginStep) -> ChallengeOut:
    kind = next(factor.kind for factor in step.factors if factor.device == asked.device)
    return ChallengeOut(asked.device, kind, asked.question, asked.expires)


def _session(granted: SessionGranted) -> dict[str, Any]:
    return {
        "session": granted.token,
        "expires": granted.expires,
        "protection_level": granted.protection_level,
        "amr": list(granted.amr),
        "scope": granted.scope.value,
    }
