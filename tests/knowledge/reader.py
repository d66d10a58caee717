"""The portal's knowledge base in this process, and whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import anyio
import httpx2

from deskside.knowledge import desk_pages as own_pages
from deskside.knowledge import pages
from deskside.knowledge.feedback import desk_pages
from deskside.knowledge.feedback import pages as feedback_pages
from deskside.knowledge.feedback.service import Feedback
from deskside.knowledge.service import Library
from deskside.web.model import Resolved, SessionMoved, Visitor
from deskside.web.service import Shell
from deskside.web.shell import build_app

SHELL = Shell([], [])
"""Shared, since each compiles its templates anew."""


def resolve(token: str, address: str) -> Resolved | SessionMoved | None:
    """A session whose token says who has it: `olga+operator`."""
    name, plus, roles = token.partition("+")
    if name == "moved":
        return SessionMoved(("203.0.113.9", address))
    held = frozenset(roles.split(","))
    return Resolved(Visitor(f"id-{name}", name, name.title(), held, "s")) if plus else None


def portal(library: Library, feedback: Feedback, **options: Any) -> Any:
    """The pages of the knowledge base as an application."""
    return build_app(
        SHELL,
        [
            *feedback_pages.portal_pages(),
            *pages.portal_pages(),
            *desk_pages.desk_pages(),
            *own_pages.desk_pages(),
        ],
        dependencies={"library": library, "feedback": feedback},
        resolve=resolve,
        **options,
    )


def ask(
    app: Any,
    path: str,
    *,
    who: str = "",
    form: Mapping[str, str] | None = None,
    client: str = "192.0.2.7",
    **headers: str,
) -> httpx2.Response:
    """One request of a browser: a GET, or a POST where there is a form."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if who:
        sent["cookie"] = f"__Host-session={who}"
    if form is not None:
        sent |= {"content-type": "application/x-www-form-urlencoded"}
        sent.setdefault("sec-fetch-site", "same-origin")

    async def asked() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=app, client=(client, 50_000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:
            method = "GET" if form is None else "POST"
            return await http.request(method, path, headers=sent, content=urlencode(form or {}))

    return anyio.run(asked)
