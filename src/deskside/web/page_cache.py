"""Pages that are the same for everybody, kept ready, and small on the wire.

    policy.page(scope)      names a page that may be shared, by all that its content depends on
    policy.edition()        what such pages are made from at present; another one ends them all

Whoever has a session gets a page made for them, and nothing made for somebody is ever kept: a
response that sets a cookie, that is no success, or that was asked for with a session passes by.
Validators are exact: an ETag is the fingerprint of the very bytes, and `If-Modified-Since` only
means something where it repeats our own words (RFC 9110 section 13).

Compressing is safe here although others of our pages are not compressed: what a shared page
reflects of its request is in its name, so nobody can guess a secret beside it.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Protocol

import anyio.to_thread

from deskside.web.middleware import App, Scope, header

Headers = list[tuple[bytes, bytes]]

PRIVATE = ("deskside.visitor", "deskside.session_moved")
"""What the scope of a request holds that is somebody's."""

OVERHEAD = 1024
"""Bytes that a page takes beside its content, roughly."""

PACKED = re.compile(rb"text/|application/(?:javascript|json|atom|rss|xml)|image/svg")
"""Types whose content becomes smaller."""


@dataclass(frozen=True, slots=True)
class Edition:
    """What shared pages are made from, at one time.

    Attributes:
        name: equal for the same content only.
        since: since when; None where each page knows by itself.
    """

    name: object
    since: datetime | None = None


class Policy(Protocol):
    """Which pages of an application are the same for everybody."""

    vary: bytes
    """Names of the request headers that a page depends on (RFC 9110 section 12.5.5)."""

    cache_control: bytes
    """What browsers may do with a page that says nothing of it itself."""

    def page(self, scope: Scope) -> str | None:
        """A name of all that the page asked for depends on; None where it is not to be shared."""

    async def edition(self) -> Edition:
        """What pages are made from at present."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A page, ready to be sent, in one of two codings."""

    route: str
    headers: Headers
    body: bytes
    packed: bytes
    digest: bytes

    @property
    def weight(self) -> int:
        """Bytes that it takes."""
        return len(self.body) + len(self.packed) + OVERHEAD

    def tag(self, *, packed: bool) -> bytes:
        """The entity tag of one coding."""
        return b'"%s%s"' % (self.digest, b"-gz" if packed else b"")


class PageCache:
    """Serves shared pages from memory, those that were asked for last.

    Args:
        keep: bytes that pages may take together; none of it makes each page anew.
    """

    def __init__(self, app: App, policy: Policy, keep: int) -> None:
        self.app = app
        self._policy = policy
        self._keep = keep
        self._pages: OrderedDict[str, Ready] = OrderedDict()
        self._edition: Edition | None = None
        self.weight = 0

    def __len__(self) -> int:
        return len(self._pages)

    async def __call__(self, scope: Scope, receive: App, send: App) -> None:
        is_get = scope["type"] == "http" and scope["method"] == "GET"
        name = self._policy.page(scope) if is_get else None
        if name is None:
            await self.app(scope, receive, send)
        elif any(scope.get(mark) is not None for mark in PRIVATE):
            await self._pass_by(scope, receive, send)
        else:
            await self._serve(name, scope, receive, send)

    async def _serve(self, name: str, scope: Scope, receive: App, send: App) -> None:
        # Read before the page is made: what changes meanwhile ends the page, too.
        edition = await self._policy.edition()
        if edition != self._edition:
            self._pages.clear()
            self._edition, self.weight = edition, 0
        page = self._pages.get(name)
        if page is None:
            start, body = await self._made(scope, receive)
            if not _is_everybodys(start):
                await _replay(start, body, send)
                return
            page = await anyio.to_thread.run_sync(self._ready, scope, start, body, edition)
            self._remember(name, page, edition)
        else:
            self._pages.move_to_end(name)
            scope["path_template"] = page.route
        await _send_ready(page, scope, send)

    async def _pass_by(self, scope: Scope, receive: App, send: App) -> None:
        """Send somebody's page, made for them and kept by nobody, but small."""
        start, body = await self._made(scope, receive)
        headers: Headers = start["headers"]
        if takes_gzip(scope) and _shrinks(headers):
            body = await anyio.to_thread.run_sync(_pack, body, 6)
            headers = [pair for pair in headers if pair[0].lower() != b"content-length"]
            headers += [
                (b"content-encoding", b"gzip"),
                (b"vary", b"Accept-Encoding"),
                (b"content-length", b"%d" % len(body)),
            ]
        await _replay(start | {"headers": headers}, body, send)

    async def _made(self, scope: Scope, receive: App) -> tuple[dict[str, Any], bytes]:
        """The response of the application, whole."""
        start: dict[str, Any] = {}
        parts: list[bytes] = []

        async def keep(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self.app(scope, receive, keep)
        return start, b"".join(parts)

    def _ready(self, scope: Scope, start: dict[str, Any], body: bytes, edition: Edition) -> Ready:
        ours = {b"content-length", b"etag", b"vary"}
        headers = [(k.lower(), v) for k, v in start["headers"] if k.lower() not in ours]
        named = {key for key, _value in headers}
        headers.append((b"vary", self._policy.vary))
        if b"cache-control" not in named:
            headers.append((b"cache-control", self._policy.cache_control))
        if edition.since is not None:
            headers.append((b"last-modified", format_datetime(edition.since, usegmt=True).encode()))
        packed = _pack(body, 9) if _shrinks(headers) else b""
        digest = hashlib.sha256(body).hexdigest()[:24].encode()
        return Ready(scope.get("path_template", "unrouted"), headers, body, packed, digest)

    def _remember(self, name: str, page: Ready, edition: Edition) -> None:
        """Keep a page, unless another edition has come or it is already here."""
        if edition != self._edition or name in self._pages or page.weight > self._keep:
            return
        self._pages[name] = page
        self.weight += page.weight
        while self.weight > self._keep:
            _oldest, gone = self._pages.popitem(last=False)
            self.weight -= gone.weight


async def _send_ready(page: Ready, scope: Scope, send: App) -> None:
    packed = bool(page.packed) and takes_gzip(scope)
    tag = page.tag(packed=packed)
    if _is_known(scope, tag, page.headers):
        told = {b"cache-control", b"vary", b"last-modified"}
        headers = [pair for pair in page.headers if pair[0] in told] + [(b"etag", tag)]
        await _replay({"type": "http.response.start", "status": 304, "headers": headers}, b"", send)
        return
    body = page.packed if packed else page.body
    headers = [*page.headers, (b"etag", tag), (b"content-length", b"%d" % len(body))]
    if packed:
        headers.append((b"content-encoding", b"gzip"))
    await _replay({"type": "http.response.start", "status": 200, "headers": headers}, body, send)


async def _replay(start: dict[str, Any], body: bytes, send: App) -> None:
    await send(start)
    await send({"type": "http.response.body", "body": body})


def _is_everybodys(start: dict[str, Any]) -> bool:
    """Whether a response is a success that hands nothing to the one who asked."""
    names = {key.lower() for key, _value in start["headers"]}
    return bool(start["status"] == 200 and b"set-cookie" not in names)


def _is_known(scope: Scope, tag: bytes, headers: Headers) -> bool:
    """Whether the browser has the page already (RFC 9110 sections 13.1.2, 13.1.3, 13.2.2)."""
    tags = header(scope, b"if-none-match")
    if tags:
        offered = {each.strip().removeprefix("W/") for each in tags.split(",")}
        return "*" in offered or tag.decode() in offered
    since = header(scope, b"if-modified-since")
    return bool(since) and (b"last-modified", since.encode()) in headers


def takes_gzip(scope: Scope) -> bool:
    """Whether the browser reads gzip (RFC 9110 section 12.5.3)."""
    for offered in header(scope, b"accept-encoding").split(","):
        coding, _semicolon, weight = offered.partition(";")
        if coding.strip().lower() in ("gzip", "*"):
            return not re.fullmatch(r"\s*q\s*=\s*0(?:\.0*)?\s*", weight)
    return False


def _shrinks(headers: Headers) -> bool:
    kinds = {key.lower(): value for key, value in headers}
    known = PACKED.match(kinds.get(b"content-type", b""))
    return bool(known) and b"content-encoding" not in kinds


def _pack(body: bytes, level: int) -> bytes:
    # Without the moment, so that the same page is the same bytes on every node.
    return gzip.compress(body, level, mtime=0)
