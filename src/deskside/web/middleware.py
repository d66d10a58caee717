"""What every request passes through, outermost first. Pure ASGI, one concern each.

RequestContext    a request id, the person's language, an access log line
HostGuard         only our own host names (DNS rebinding)
SecurityHeaders   strict policy on every response, whatever produced it
CrossSiteGuard    unsafe methods only from our own pages (fetch metadata, origin)
Sessions          whose session this is
HeadAsGet         HEAD wherever there is GET
PageCache         what is the same for everybody, from memory (page_cache.py)
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import anyio.to_thread

from deskside.foundation.clock import SystemRandomness
from deskside.foundation.text import LANGUAGES, negotiate, use_language
from deskside.web.model import Resolve, Resolved, SessionMoved

Scope = MutableMapping[str, Any]
App = Callable[..., Any]

SESSION_COOKIE = "__Host-session"
LANGUAGE_COOKIE = "__Host-language"
AS_LETTERS = str.maketrans("0123456789abcdef", "bcdfghjkmnpqrstv")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS: dict[str, str] = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}


def header(scope: Scope, name: bytes) -> str:
    """One request header, or the empty string."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return ""


def host_name(value: str) -> str:
    """The name in a Host header; empty for anything but `name` or `name:port`."""
    try:
        parts = urlsplit(f"//{value}")
        whole = parts.netloc == value and "@" not in value and parts.port != 0
    except ValueError:
        return ""
    return (parts.hostname or "") if whole else ""


def cookie(scope: Scope, name: str) -> str:
    """One cookie, or the empty string; broken cookies count as absent."""
    try:
        jar: SimpleCookie = SimpleCookie(header(scope, b"cookie"))
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""


def cookie_header(name: str, value: str, *, max_age: int | None = None) -> tuple[bytes, bytes]:
    """A Set-Cookie header with the attributes that `__Host-` demands (RFC 6265bis 4.1.3.2)."""
    age = "" if max_age is None else f"; Max-Age={max_age}"
    text = f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}"
    return b"set-cookie", text.encode("latin-1")


async def refuse(scope: Scope, send: App, status: int, code: str, text: str) -> None:
    """Answer from outside the application: problem details in the API, else plain text."""
    if scope["path"].startswith("/api/"):
        kind = b"application/problem+json"
        problem = {"type": code, "title": text, "status": status, "detail": "", "article": None}
        problem["request_id"] = scope.get("deskside.request_id", "")
        body = json.dumps(problem).encode()
    else:
        kind, body = b"text/plain; charset=utf-8", f"{text}\n".encode()
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        *((name.encode(), value.encode()) for name, value in HEADERS.items()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class RequestContext:
    """Gives each request an id and a language, and writes one access log line."""

    def __init__(self, app: App, access: Callable[..., None] | None = None) -> None:
        self.app = app
        self.access = access
        self.random = SystemRandomness()

    async def __call__(self, scope: Scope, receive: App, send: App) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = self.new_id()
        scope["deskside.request_id"] = request_id
        chosen = cookie(scope, LANGUAGE_COOKIE)
        use_language(
            chosen if chosen in LANGUAGES else negotiate(header(scope, b"accept-language"))
        )
        started, status = time.perf_counter(), 500

        async def send_with_id(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", []),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            if self.access is not None:
                self.access(
                    method=scope["method"],
                    route=scope.get("path_template", "unrouted"),
                    status=status,
                    milliseconds=round((time.perf_counter() - started) * 1000, 1),
                    request=request_id,
                    actor=getattr(scope.get("deskside.visitor"), "user_name_id", None),
                )

    def new_id(self) -> str:
        """A request id that a person can read out, and that no log takes for a secret."""
        return self.random.token_bytes(6).hex().translate(AS_LETTERS)


class HostGuard:
    """Answers only to our own host names, so that no rebound name reaches a page."""

    def __init__(self, app: App, hosts: Collection[str]) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: App, send: App) -> None:
        if scope["type"] == "http" and not self.is_ours(scope):
            text = "This server does not answer to that host name. See --url."
            await refuse(scope, send, 421, "unknown-host", text)
            return
        await self.app(scope, receive, send)

    def is_ours(self, scope: Scope) -> bool:
        """Whether one of our names is asked for, and only once (RFC 9112 section 3.2)."""
        named = [value for key, value in scope["headers"] if key == b"host"]
        return len(named) == 1 and host_name(header(scope, b"host")) in self.hosts


class SecurityHeaders:
    """Puts the strict policy on every response; a handler may relax caching, or name
    further places to connect to."""

    def __init__(self, app: App, *, https: bool) -> None:
        self.app = app
        extra = {"strict-transport-security": "max-age=31536000"} if https else {}
        self.headers = [(k.encode(), v.encode()) for k, v in (HEADERS | extra).items()]

    async def __call__(self, scope: Scope, receive: App, send: App) -> None:
        async def send_with_headers(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                present = {bytes(name).lower() for name, _value in message.get("headers", [])}
                missing = [(k, v) for k, v in self.headers if k not in present]
                message["headers"] = [*message.get("headers", []), *missing]
            await send(message)

        await self.app(scope, receive, send_with_headers)


class CrossSiteGuard:
    """Lets unsafe methods in only from our own pages or from programs without our cookies.

    Sec-Fetch-Site decides where a browser sends it, else Origin must be our own. A request with
    neither comes from no present browser: it passes only when it carries none of our cookies.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: App, send: App) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] not in SAFE_METHODS
            and not self.is_own(scope)
        ):
            text = "Refused: this request came from another site."
            await refuse(scope, send, 403, "cross-site", text)
            return
        await self.app(scope, receive, send)

    @staticmethod
    def is_own(scope: Scope) -> bool:
        """Whether a request comes from our own page, or from a program."""
        site = header(scope, b"sec-fetch-site")
        if site:
            return site in {"same-origin", "none"}
        origin = header(scope, b"origin")
        if origin:
            return origin.partition("://")[2].lower() == header(scope, b"host").lower()
        return "__Host-" not in header(scope, b"cookie")


class Sessions:
    """Finds whose session a request belongs to, by bearer token or cookie."""

    def __init__(self, app: App, resolve: Resolve) -> None:
        self.app = app
        self.resolve = resolve

    async def __call__(self, scope: Scope, receive: App, send: App) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self.app(scope, receive, send)
            return
        scheme, _space, bearer = header(scope, b"authorization").partition(" ")
        token = bearer.strip() if scheme.lower() == "bearer" else cookie(scope, SESSION_COOKIE)
        resolved = await self.find(scope, token) if token else None
        if isinstance(resolved, SessionMoved):
            scope["deskside.session_moved"] = resolved
        elif resolved is not None:
            scope["deskside.visitor"] = resolved.visitor
            if resolved.new_token and not bearer:
                send = _with_cookie(send, cookie_header(SESSION_COOKIE, resolved.new_token))
        await self.app(scope, receive, send)

    async def find(self, scope: Scope, token: str) -> Resolved | SessionMoved | None:
        """Whose session a token stands for, presented from the request's address."""
        client = scope.get("client")
        return await anyio.to_thread.run_sync(self.resolve, token, client[0] if client else "")


class HeadAsGet:
    """Answers HEAD as it would GET (RFC 9110 section 9.3.2); the server leaves out the content."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: App, send: App) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        asked = dict(scope) | {"method": "GET"}
        try:
            await self.app(asked, receive, send)
        finally:
            scope["path_template"] = asked.get("path_template", "unrouted")


def _with_cookie(send: App, extra: tuple[bytes, bytes]) -> App:
    """Add a Set-Cookie header, unless the response sets that cookie itself."""
    prefix = extra[1].split(b"=")[0] + b"="

    async def wrapped(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = message.get("headers", [])
            if not any(k == b"set-cookie" and bytes(v).startswith(prefix) for k, v in headers):
                message["headers"] = [*headers, extra]
        await send(message)

    return wrapped
