"""The page that tells a visitor whether their own phone runs the app."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.response import Response
from markupsafe import Markup

from deskside.foundation import qr
from deskside.foundation.errors import NotFound
from deskside.foundation.text import _
from deskside.web.service import AnyRequest, page
from deskside.workstation.mobile import service
from deskside.workstation.mobile.model import Answer


@get("/mobile", sync_to_thread=True, include_in_schema=False)
def mobile_page(request: AnyRequest) -> Response[str]:
    """The visitor's own device, or one that they name. Nothing of either is kept."""
    asked = str(request.query_params.get("device", "")).strip()[:100]
    problem, answer = "", None
    if asked:
        try:
            answer = service.answer(asked)
        except NotFound as error:
            problem = f"{error.message} {error.hint}"
    else:
        answer = service.answer_browser(request.headers.get("user-agent", ""))
    return page(
        request,
        "pages/mobile.html",
        asked=asked,
        problem=problem,
        answer=answer,
        routes=_routes(answer) if answer else [],
        possible=answer.platform.possible(answer.day) if answer else False,
        everything=[[one.name, one.today] for one in service.platforms()],
    )


def _routes(answer: Answer) -> list[dict[str, Any]]:
    return [
        {
            "store": route.store,
            "url": route.url,
            "open": route.open_on(answer.day),
            "ended": _("ended on {day}").format(day=route.valid_to) if route.valid_to else "",
            # Made by the library from an address of ours: nothing of a visitor is in it.
            "code": Markup(qr.svg(route.url))  # noqa: S704
            if route.url and route.open_on(answer.day)
            else "",
        }
        for route in answer.platform.routes
    ]


def portal_pages() -> list[Any]:
    """Pages of the portal."""
    return [mobile_page]
