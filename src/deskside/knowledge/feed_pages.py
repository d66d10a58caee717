"""The addresses that programs read: feeds and the site map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response

from deskside.foundation.text import language
from deskside.knowledge import feeds
from deskside.knowledge.listing import chosen, site, speak
from deskside.knowledge.service import Library
from deskside.web.service import AnyRequest

Articles = NamedDependency[Library]


def feed_pages() -> list[Any]:
    """The addresses."""
    return [atom_feed, rss_feed, site_map]


@get("/kb/feed.atom", include_in_schema=False, sync_to_thread=True)
def atom_feed(request: AnyRequest, library: Articles) -> Response[bytes]:
    """The articles as an Atom feed: all, or by `tag` and `lang`."""
    content = _feed(request, library, feeds.atom)
    return Response(content, media_type="application/atom+xml; charset=utf-8")


@get("/kb/feed.rss", include_in_schema=False, sync_to_thread=True)
def rss_feed(request: AnyRequest, library: Articles) -> Response[bytes]:
    """The articles as an RSS feed: all, or by `tag` and `lang`."""
    content = _feed(request, library, feeds.rss)
    return Response(content, media_type="application/rss+xml; charset=utf-8")


@get("/sitemap.xml", include_in_schema=False, sync_to_thread=True)
def site_map(request: AnyRequest, library: Articles) -> Response[bytes]:
    """Every article in every language, for search engines."""
    listed = ((a.number, library.languages(a.number)) for a in library.articles())
    content = feeds.sitemap(listed, places=feeds.Places.of_portal(site(request), language()))
    return Response(content, media_type="application/xml; charset=utf-8")


def _feed(request: AnyRequest, library: Library, write: Callable[..., bytes]) -> bytes:
    speak(request)
    listed = chosen(library.articles(), request)
    # A tag that no article has is nobody's word, and may hold what no title can.
    subject = request.query_params.get("tag", "") if listed else ""
    return write(
        listed,
        places=feeds.Places.of_portal(site(request), language(), subject),
        here=str(request.url),
        language=language(),
        subject=subject,
    )
