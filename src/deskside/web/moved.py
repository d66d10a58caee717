"""A session that ended because it moved to another address: the person is told why, and at once.

The token of such a session is answered so until it is forgotten. Whoever is about to log in or out
is let through.
"""

from __future__ import annotations

from typing import Any

from litestar.response import Response

from deskside.foundation.text import _
from deskside.web.middleware import SESSION_COOKIE, cookie_header
from deskside.web.model import SessionMoved
from deskside.web.service import AnyRequest, page

LET_THROUGH = (
    *("/login", "/logout", "/language", "/healthz", "/readyz", "/api/v1/login"),
    *("/setup", "/reset", "/alarm", "/kb"),
)
"""What needs no session: links from messages among it, and the article that explains."""


async def moved_session(request: AnyRequest) -> Response[Any] | None:
    """The answer to a request with the token of a session that has moved, instead of a page's.

    Raises:
        SessionMoved: in the API.
    """
    moved: SessionMoved | None = request.scope.get("deskside.session_moved")  # type: ignore[assignment]
    path = request.url.path
    if moved is None or any(path == free or path.startswith(f"{free}/") for free in LET_THROUGH):
        return None
    if path.startswith("/api/"):
        raise moved
    first, second = moved.addresses
    name, value = cookie_header(SESSION_COOKIE, "", max_age=0)
    return page(
        request,
        "pages/session_moved.html",
        status=401,
        headers={name.decode(): value.decode()},
        first=first,
        second=second,
        article=moved.article,
        steps=_steps(),
    )


def _steps() -> list[str]:
    return [
        _(
            "If you have just changed your connection (another network, a VPN, a phone's hotspot),"
            " log in again; there is nothing else to do."
        ),
        _(
            "If it happens again and again, run “deskside network test” on this computer: it finds"
            " a load balancer that sends each connection out by another line."
        ),
        _(
            "Ask your network administrator to let this computer bypass the load balancer, or to"
            " bind it to one line, for this portal's address."
        ),
        _("If one of the two addresses is not yours, do not log in: tell your desk at once."),
    ]
