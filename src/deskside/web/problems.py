"""Errors over HTTP: a page that says what to do, or RFC 9457 problem details in the API.

No stack trace reaches a person; the log has it under the request id that both show.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.response import Response

from deskside.foundation import logs
from deskside.foundation.errors import DesksideError, NotLoggedIn
from deskside.foundation.text import _
from deskside.web.service import AnyRequest, page, redirect

API = "/api/"
PROBLEM = "application/problem+json"
EXPECTED = (400, 401, 403, 404, 405, 409, 413, 415, 503)
"""Statuses that any address of the API may answer with."""


class ProblemDetails(msgspec.Struct):
    """Problem details (RFC 9457). `type` is a name of ours, such as `settings-conflict`."""

    type: str
    title: str
    status: int
    detail: str
    article: str | None = None
    request_id: str = ""


def described(handler: HTTPRouteHandler) -> HTTPRouteHandler:
    """An API handler whose description tells of problems, beside what it says itself."""
    own = handler.responses or {}
    said = {status: spec.description for status, spec in own.items()}
    handler.responses = dict(own) | {
        status: ResponseSpec(
            ProblemDetails,
            media_type=PROBLEM,
            generate_examples=False,
            description=said.get(status, HTTPStatus(status).phrase),
        )
        for status in EXPECTED
    }
    return handler


def on_deskside_error(request: AnyRequest, error: DesksideError) -> Response[Any]:
    """An error that a person can act on."""
    if isinstance(error, NotLoggedIn) and not _is_api(request) and request.method == "GET":
        return redirect(f"/login?next={quote(request.url.path)}")
    if error.detail:
        logs.event(error.code, level="warning", detail=error.detail, request=_id(request))
    return _answer(request, error.http_status, error.code, error.message, error.hint, error.article)


def on_http_exception(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """What the framework itself refused: unknown paths, methods, malformed bodies."""
    status = error.status_code
    if status >= 500:
        logs.event("http.failed", level="error", error=error, request=_id(request))
    title, hint = _explain(status)
    headers = {
        k: v for k, v in (error.headers or {}).items() if k.lower() in {"allow", "retry-after"}
    }
    detail = error.detail if 400 <= status < 500 and status not in (404, 405) else ""
    code = HTTPStatus(status).phrase.lower().replace(" ", "-")
    return _answer(
        request, status, code, " ".join(filter(None, [title, detail])), hint, None, headers
    )


def on_crash(request: AnyRequest, error: Exception) -> Response[Any]:
    """A defect of ours: logged whole, shown as an apology with the request id."""
    if isinstance(error, RecursionError) and "deserializing" in str(error):
        # Lists in lists without end, which the reader of JSON gives up in its own way.
        return _answer(request, 400, "bad-request", *_explain(400), None)
    logs.event("crash", level="error", error=error, request=_id(request))
    title, hint = _explain(500)
    return _answer(request, 500, "internal-error", title, hint, None)


def _answer(
    request: AnyRequest,
    status: int,
    code: str,
    message: str,
    hint: str,
    article: str | None,
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    if _is_api(request):
        body = {
            "type": code,
            "title": message,
            "status": status,
            "detail": hint,
            "article": article,
            "request_id": _id(request),
        }
        return Response(
            json.dumps(body, ensure_ascii=False).encode(),
            status_code=status,
            media_type=PROBLEM,
            headers=headers,
        )
    return page(
        request,
        "pages/error.html",
        status=status,
        headers=headers,
        message=message,
        hint=hint,
        article=article,
        code=code,
        status_code=status,
        request_id=_id(request),
    )


def _explain(status: int) -> tuple[str, str]:
    """What happened and what to do, for a status of the framework's own."""
    known = {
        400: (
            _("The request could not be read."),
            _("Go back, check what you entered, try again."),
        ),
        404: (
            _("There is no page at this address."),
            _("Check the address, or start again from the home page."),
        ),
        405: (_("This address does not take that kind of request."), _("Use the page's own form.")),
        413: (_("What was sent is too large."), _("Send a smaller file.")),
        415: (_("What was sent has the wrong type."), _("Use the page's own form.")),
        429: (_("Too many requests."), _("Wait a minute and try again.")),
        503: (_("The service is busy."), _("Wait a moment and try again.")),
    }
    broken = (
        _("Something went wrong on our side."),
        _("Try again. If it happens again, give the operator the request id below."),
    )
    return known.get(status, known[400] if 400 <= status < 500 else broken)


def _is_api(request: AnyRequest) -> bool:
    return request.url.path.startswith(API)


def _id(request: AnyRequest) -> str:
    return str(request.scope.get("deskside.request_id", ""))
