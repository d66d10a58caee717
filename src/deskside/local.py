"""`deskside open`: this computer's checks, settings and articles in the browser.

The pages can change files, so only the person who ran the command may reach them: the server
listens on loopback alone and on a random port, the printed address holds a token that opens it
once, a cookie that no other site can use holds it open, names other than our own are refused
(DNS rebinding), changes come by POST from our own pages, and it ends when it is not used.
"""

from __future__ import annotations

import hmac
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode

import click

from deskside.foundation.clock import Clock, SystemClock
from deskside.foundation.console import command_options, emit, note
from deskside.foundation.errors import Refused
from deskside.foundation.text import _, mark

if TYPE_CHECKING:
    import uvicorn

    from deskside.knowledge.service import Library
    from deskside.web.middleware import App, Scope

IDLE = timedelta(minutes=15)
LOOPBACK = "127.0.0.1"
"""Not `localhost`: a program of somebody else may sit on the same port of ::1."""

PARTS = ("deskside.knowledge", "deskside.network", "deskside.workspace", "deskside.workstation")
NAVIGATION = (
    ("/kb", mark("Knowledge base")),
    ("/network", mark("Connection")),
    ("/settings", mark("Settings")),
    ("/api-components", mark("API components")),
    ("/doctor", mark("Doctor")),
)


class Gate:
    """Lets in only the browser that was opened with the token, and knows when it was last here.

    Args:
        app: the pages behind the gate.
        port: where we listen; the only one that a Host or Origin may name.
        token: opens the gate once.
    """

    def __init__(self, app: App, *, port: int, token: str, clock: Clock) -> None:
        import secrets

        self._app = app
        self._hosts = {f"{LOOPBACK}:{port}", f"localhost:{port}"}
        self._token: str | None = token
        self._secret = secrets.token_urlsafe(32)
        # Cookies do not know ports: two of our servers must not take each other's away.
        self._cookie = f"deskside-local-{port}"
        self._clock = clock
        self._last = clock.now()
        self._active = 0

    def idle(self) -> timedelta:
        """How long ago the last request ended; nothing while one is being answered."""
        since = self._clock.now() - self._last
        return timedelta() if self._active else since

    async def __call__(self, scope: Scope, receive: App, send: App) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._active += 1
        try:
            await self._admit(scope, receive, send)
        finally:
            self._active -= 1
            self._last = self._clock.now()

    async def _admit(self, scope: Scope, receive: App, send: App) -> None:
        from deskside.web.middleware import cookie, header, refuse

        host, origin = header(scope, b"host").lower(), header(scope, b"origin").lower()
        if host not in self._hosts:
            text = _("This server answers to its own address only.")
            await refuse(scope, send, 421, "unknown-host", text)
        elif origin and origin != f"http://{host}":
            text = _("Refused: this request came from another site.")
            await refuse(scope, send, 403, "cross-site", text)
        elif _same(cookie(scope, self._cookie), self._secret):
            await self._app(scope, receive, send)
        elif scope["method"] == "GET" and self._takes(scope):
            await self._open(scope, send)
        else:
            text = _("Refused: this address opens once. Run `deskside open` again.")
            await refuse(scope, send, 403, "not-opened", text)

    def _takes(self, scope: Scope) -> bool:
        """Whether the request brings the token; takes it away, so that it works once."""
        offered = dict(_query(scope)).get("token", "")
        if self._token is None or not _same(offered, self._token):
            return False
        self._token = None
        return True

    async def _open(self, scope: Scope, send: App) -> None:
        """Hand over the cookie, and lead away from the address that holds the token."""
        rest = urlencode([(k, v) for k, v in _query(scope) if k != "token"])
        place = quote(scope["path"]) + (f"?{rest}" if rest else "")
        held = f"{self._cookie}={self._secret}; Path=/; HttpOnly; SameSite=Strict"
        headers = [
            (b"location", b"/" + place.lstrip("/\\").encode("latin-1")),
            (b"set-cookie", held.encode()),
            (b"cache-control", b"no-store"),
            (b"referrer-policy", b"no-referrer"),
            (b"content-length", b"0"),
        ]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


class LocalServer:
    """An application behind the gate on a loopback port, until nobody has used it for a while.

    Args:
        port: 0 takes a free one.
        idle: how long without a request before it ends.
    """

    def __init__(
        self,
        app: App,
        *,
        port: int = 0,
        idle: timedelta = IDLE,
        clock: Clock | None = None,
    ) -> None:
        import secrets

        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        self._token = secrets.token_urlsafe(32)
        self._gate = Gate(app, port=self.port, token=self._token, clock=clock or SystemClock())
        self._server = _server(self._gate, idle)

    def address(self, path: str = "/") -> str:
        """The address that opens the pages, once."""
        return f"http://{LOOPBACK}:{self.port}{quote(path)}?token={self._token}"

    def run(self) -> None:
        """Serve until idle or interrupted; both are a proper end."""
        with self._socket, suppress(KeyboardInterrupt):
            self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """End soon; may be called from any thread."""
        self._server.should_exit = True


def local_app(options: Mapping[str, str], library: Library, parts: Sequence[str] = PARTS) -> App:
    """The local pages of the parts as one application.

    Args:
        options: choices to begin with, by name (`root`, `user`).
        library: the articles.
        parts: packages whose `pages` module offers `local_pages()`.
    """
    from importlib import import_module
    from pathlib import Path

    from deskside.web.model import NavigationItem
    from deskside.web.service import Shell
    from deskside.web.shell import build_app

    pages: list[Any] = []
    templates = []
    for part in parts:
        module = import_module(f"{part}.pages")
        pages += module.local_pages()
        if Path(module.__file__ or "").with_name("templates").is_dir():
            templates.append(part)
    shell = Shell(templates, [NavigationItem(href, text) for href, text in NAVIGATION], local=True)
    services = {"library": library, "local_options": dict(options)}
    return build_app(shell, pages, dependencies=services, hosts=(LOOPBACK, "localhost"))


@click.command("open")
@click.argument("number", required=False, metavar="[KBnnnn]")
@click.option("--root", metavar="DIR", help="The TWS folder, where it is not the usual one.")
@click.option("--user", metavar="NAME", help="The user name, where there are several.")
@click.option("--no-browser", is_flag=True, help="Print the address and open nothing.")
@click.option("--port", default=0, metavar="PORT", help="Listen here instead of on a free port.")
@click.option(
    "--idle",
    default=IDLE.total_seconds() / 60,
    show_default=True,
    metavar="MINUTES",
    type=click.FloatRange(min=0.01),
    help="End after so long without use.",
)
@command_options
def open_pages(
    number: str | None,
    *,
    root: str | None,
    user: str | None,
    no_browser: bool,
    port: int,
    idle: float,
) -> None:
    """Open this computer's pages in the browser: checks, settings, history, articles.

    They are reachable from this computer only, by the address that is printed, once.

    \b
    Exit: 0 ended after use, 2 wrong usage, 3 refused or could not run.
    """
    from deskside.knowledge.service import Library

    library = Library.open()
    path = f"/kb/{library.article(number).number}" if number else "/"
    options = {name: value for name, value in (("root", root), ("user", user)) if value}
    app = local_app(options, library)
    server = LocalServer(app, port=port, idle=timedelta(minutes=idle))
    address = server.address(path)
    emit({"url": address, "idle_minutes": idle}, address)
    note(_("Ends after {minutes:g} minutes without use, or with Ctrl+C.").format(minutes=idle))
    if not no_browser:
        _browse(address)
    server.run()


def _browse(address: str) -> None:
    import webbrowser

    if not webbrowser.open(address):
        note(_("No browser could be opened: open the address yourself."))


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.bind((LOOPBACK, port))
        # From here on a browser that is early waits instead of being refused.
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise Refused(
            "port-taken",
            _("Port {port} of this computer cannot be used.").format(port=port),
            hint=_("Leave --port out to take a free one."),
            detail=repr(error),
        ) from error
    return listener


def _server(gate: Gate, idle: timedelta) -> uvicorn.Server:
    import uvicorn

    class UntilIdle(uvicorn.Server):
        async def on_tick(self, counter: int) -> bool:
            return await super().on_tick(counter) or gate.idle() >= idle

    return UntilIdle(
        uvicorn.Config(
            gate,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    )


def _query(scope: Scope) -> list[tuple[str, str]]:
    text = scope.get("query_string", b"").decode("latin-1")
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return []


def _same(offered: str, expected: str) -> bool:
    return hmac.compare_digest(offered.encode(), expected.encode())
