"""The list of articles, and search: at once while a person types, or by a form without scripts.

A browser with scripts asks for the results alone (htmx says so in `HX-Request`); everything else
gets the whole page. The portal also writes down what nothing was found for: a form that was sent,
or words that were left standing for a while, never each letter on the way to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response
from markupsafe import Markup, escape

from deskside.foundation.text import language
from deskside.knowledge.listing import chosen, row, speak, with_query
from deskside.knowledge.model import Result
from deskside.knowledge.service import Library
from deskside.web.service import AnyRequest, page

Articles = NamedDependency[Library]

PLATFORMS = {"windows": "Windows", "macos": "macOS", "linux": "Linux"}
PAGE = 20
"""Articles on one page of a list."""
LONGEST = 200
"""Characters of a search that are shown again."""


@get("/kb", include_in_schema=False, sync_to_thread=True)
def local_list(request: AnyRequest, library: Articles) -> Response[str]:
    """The list on this computer, where nobody is told what was searched for."""
    return list_page(request, library)


def list_page(
    request: AnyRequest, library: Library, missed: Callable[[str, str], None] | None = None
) -> Response[str]:
    """All articles, those with a tag or for a platform, or those that fit the words.

    Args:
        missed: is told the words and the language where nothing was found.
    """
    speak(request)
    asked = request.query_params
    words, typing = asked.get("q", "").strip(), "hx-request" in request.headers
    every, corrected = library.articles(), ""
    if words:
        results, corrected = library.find(words)
        rows = [_found(library, result) for result in results]
        settled = "settled" in asked or not typing
        if missed and not results and settled:
            missed(words, language())
        if typing and settled:
            return Response("", status_code=204, media_type="text/plain")
    else:
        rows = [row(article) for article in chosen(every, request)]
    number = _page_number(asked.get("page", ""), len(rows))
    kept = {name: asked[name] for name in ("q", "tag", "platform") if asked.get(name)}
    tag, platform = asked.get("tag", ""), asked.get("platform", "")
    subscribed = ({"tag": tag} if tag else {}) | {"lang": language()}
    shown = {name: text[:LONGEST] for name, text in kept.items()}
    return page(
        request,
        "pages/knowledge_found.html" if typing else "pages/knowledge.html",
        headers={"hx-replace-url": with_query("/kb", shown)} if typing else None,
        query=words[:LONGEST],
        articles=rows[(number - 1) * PAGE : number * PAGE],
        total=len(rows),
        page=number,
        pages=max(1, -(-len(rows) // PAGE)),
        page_pattern=with_query("/kb", kept) + ("&" if kept else "?") + "page={page}",
        suggestion=corrected,
        settled_href=with_query("/kb", {"q": words[:LONGEST], "settled": "1"})
        if typing and missed and words and not rows
        else "",
        tags=[_tag(name, tag) for name in sorted({name for a in every for name in a.tags})],
        platforms=[_platform(name, platform) for name in PLATFORMS],
        feed_href=with_query("/kb/feed.atom", subscribed),
        rss_href=with_query("/kb/feed.rss", subscribed),
    )


def _found(library: Library, result: Result) -> dict[str, Any]:
    """A result, by the article as the visitor will read it; words from another text say so."""
    article = library.article(result.number)
    # Escaped first: the only elements are the marks that are put in here.
    marked = str(escape(result.marked)).replace("\x02", "<mark>").replace("\x03", "</mark>")
    return row(article) | {
        "anchor": result.anchor,
        "section": result.section,
        "snippet": Markup(marked),  # noqa: S704
        "words_in": "" if article.language == result.language else result.language,
    }


def _page_number(asked: str, rows: int) -> int:
    last = max(1, -(-rows // PAGE))
    return min(max(int(asked), 1), last) if re.fullmatch(r"[0-9]{1,4}", asked) else 1


def _platform(name: str, asked: str) -> dict[str, Any]:
    href = with_query("/kb", {"platform": name})
    return {"label": PLATFORMS[name], "href": href, "current": name == asked}


def _tag(name: str, asked: str) -> dict[str, Any]:
    return {"label": name, "href": with_query("/kb", {"tag": name}), "current": name == asked}
