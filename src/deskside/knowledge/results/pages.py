"""The portal's page that waits for a result, and the address that takes it."""

from __future__ import annotations

import re
from typing import Any

from litestar import get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Response

from deskside.foundation.errors import NotFound
from deskside.foundation.findings import verdict
from deskside.foundation.units import when
from deskside.knowledge.model import Article
from deskside.knowledge.results.model import LARGEST, SentResult
from deskside.knowledge.results.service import KEPT, Result, Results
from deskside.knowledge.service import Library
from deskside.web.service import AnyRequest, page

READER = "__Host-article-result"
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

Articles = NamedDependency[Library]
Awaited = NamedDependency[Results]


def result_pages() -> list[Any]:
    """The addresses of the pages."""
    return [offer_link, result_page]


def routes() -> list[Any]:
    """Handlers, relative to `/api/v1`."""
    return [receive]


@post("/kb/{number:str}/result", include_in_schema=False, status_code=200, sync_to_thread=True)
def offer_link(
    request: AnyRequest, library: Articles, results: Awaited, number: FromPath[str]
) -> Response[str]:
    """Make the link, and wait."""
    article = _runnable(library, number)
    offered = results.offer(article.number)
    address = f"{str(request.base_url).rstrip('/')}{_place(article)}#{offered.link}"
    waiting = Result(article.number, None, offered.until)
    response = _page(request, article, waiting, f"deskside run {article.name} --send-to {address}")
    response.cookies.append(
        Cookie(
            key=READER,
            value=offered.reader,
            path="/",
            secure=True,
            httponly=True,
            samesite="strict",
            max_age=int(KEPT.total_seconds()),
        )
    )
    return response


@get("/kb/{number:str}/result", include_in_schema=False, sync_to_thread=True)
def result_page(
    request: AnyRequest, library: Articles, results: Awaited, number: FromPath[str]
) -> Response[str]:
    """What has come, for the browser that asked for it."""
    article = _runnable(library, number)
    reader = request.cookies.get(READER, "")
    result = results.read(reader) if TOKEN.fullmatch(reader) else None
    if result and result.number != article.number:
        result = None
    return _page(request, article, result, "")


@post(
    "/results",
    status_code=204,
    sync_to_thread=True,
    tags=["knowledge"],
    request_max_body_size=LARGEST,
)
def receive(data: JSONBody[SentResult], results: Awaited) -> None:
    """Take the findings of an article's run for the page that shows the link; once."""
    results.receive(data)


def _runnable(library: Library, number: str) -> Article:
    article = library.article(number)
    if not article.checks:
        raise NotFound("nothing-to-run", f"{article.name}: –")
    return article


def _place(article: Article) -> str:
    return f"/kb/{article.number}/result"


def _page(
    request: AnyRequest, article: Article, result: Result | None, command: str
) -> Response[str]:
    received = result.received if result else None
    return page(
        request,
        "pages/article_result.html",
        article=article,
        here=_place(article),
        command=command,
        awaited=result is not None and received is None,
        until=when(result.until) if result else "",
        received=when(received) if received else "",
        verdict=verdict(result.findings) if result else "",
        findings=list(result.findings) if result else [],
    )
