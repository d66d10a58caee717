"""Which pages of the knowledge base are the same for everybody: articles, their list, the feeds.

They depend on the address, the language and the articles as they stand. How a page looks, light or
dark, is the browser's own matter. Anything else that an address may ask for, a search or a page of
a list, is made anew each time.
"""

from __future__ import annotations

import re

import anyio.to_thread

from deskside.foundation.text import LANGUAGES, language
from deskside.knowledge.service import Library
from deskside.web.middleware import Scope, header
from deskside.web.page_cache import Edition

PATH = re.compile(r"/kb(?:/[1-9][0-9]{0,5}|/feed\.atom|/feed\.rss)?|/sitemap\.xml")
QUERY = re.compile(rf"(?:lang=({'|'.join(LANGUAGES)}))?".encode())


class SharedPages:
    """The pages of a library that are not made for somebody."""

    vary = b"Accept-Encoding, Accept-Language, Authorization, Cookie, HX-Request"
    # A browser may keep them, and asks each time whether they still hold: an article that was put
    # right must not be read in its old form, and logging in makes it another page.
    cache_control = b"private, no-cache"

    def __init__(self, library: Library) -> None:
        self._library = library

    def page(self, scope: Scope) -> str | None:
        """Address and language; None for what is asked for piecemeal or with other choices."""
        if not PATH.fullmatch(scope["path"]) or header(scope, b"hx-request"):
            return None
        query: bytes = scope.get("query_string", b"")
        asked = QUERY.fullmatch(query)
        if asked is None:
            return None
        spoken = asked[1].decode() if asked[1] else language()
        host, root = header(scope, b"host"), scope.get("root_path", "")
        place = f"{scope['scheme']}://{host}{root}{scope['path']}?{query.decode()}"
        return f"{place} {spoken}"

    async def edition(self) -> Edition:
        """The articles as they stand; the desk's own folder is looked at once a second."""
        if self._library.is_due:
            await anyio.to_thread.run_sync(self._library.look)
        return Edition(*self._library.edition)
