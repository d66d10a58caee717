"""The style sheet, scripts, fonts and pictures: everybody's, for ever, and compressed."""

from __future__ import annotations

from deskside.web.middleware import Scope
from deskside.web.page_cache import Edition

KEEP = 4 * 2**20
"""Bytes that all of them take, with room to spare."""


class StaticFiles:
    """Static files as shared pages; what their address asks for besides a name means nothing."""

    vary = b"Accept-Encoding"
    cache_control = b"no-cache"

    def page(self, scope: Scope) -> str | None:
        """The file's address."""
        path: str = scope["path"]
        return path if path.startswith("/static/") else None

    async def edition(self) -> Edition:
        """The program's own."""
        return Edition("static")
