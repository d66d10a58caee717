"""The portal's log-in on a real socket, and a browser simple enough to see through."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx2
import uvicorn

from deskside.foundation.config import Config
from deskside.secure_login import api, pages
from deskside.secure_login.orders.fulfilment import Fulfilment
from deskside.secure_login.orders.returning import Returns
from deskside.secure_login.sharing.review import Reviews
from deskside.web import pages as shell_pages
from deskside.web.service import Shell
from deskside.web.shell import build_app
from tests.secure_login.desk import Desk

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

# Shared, since each compiles its templates anew.
SHELLS = {demo: Shell(packages=[], navigation=[], demo=demo) for demo in (False, True)}


@contextmanager
def portal(desk: Desk, *, demo: bool = False, data: Any = None) -> Iterator[str]:
    """The address of a portal over a desk."""
    config = Config.load(flags={"portal.data": data} if data else {})
    services = {
        "secure_login": desk.service,
        "helpdesk": desk.helpdesk,
        "imports": desk.imports,
        "sharing": desk.sharing,
        "reviews": Reviews(desk.sharing),
        "orders": desk.orders,
        "fulfilment": Fulfilment(desk.orders),
        "returns": Returns(desk.orders),
        "directory": desk.directory,
        "clock": desk.clock,
        "config": config,
        "database": desk.database,
    }
    SHELLS[demo].language_chosen = desk.directory.choose_language
    app = build_app(
        SHELLS[demo],
        [shell_pages.home, *pages.portal_pages()],
        api=api.routes(),
        dependencies=services,
        resolve=desk.service.resolve,
    )
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@dataclass
class Browser:
    """Sends forms, keeps cookies, follows no redirects by itself."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> httpx2.Response:
        return self._send("GET", path, None)

    def post(self, path: str, **fields: str) -> httpx2.Response:
        return self._send("POST", path, fields)

    def follow(self, response: httpx2.Response) -> httpx2.Response:
        assert response.status_code == 303, response.text
        return self.get(response.headers["location"])

    def _send(self, method: str, path: str, fields: dict[str, str] | None) -> httpx2.Response:
        headers = {"sec-fetch-site": "same-origin", "user-agent": FIREFOX}
        if fields is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        if self.cookies:
            jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            sent.append((b"cookie", jar.encode()))
        content = urlencode(fields or {}).encode()
        response = httpx2.request(
            method, f"{self.address}{path}", headers=sent, content=content, timeout=30
        )
        for line in response.headers.get_list("set-cookie"):
            name, _equals, rest = line.partition("=")
            value, _semicolon, attributes = rest.partition(";")
            self.attributes[name] = attributes.lower()
            self.cookies.pop(name, None)
            if value.strip('"') and "max-age=0" not in attributes.lower():
                self.cookies[name] = value
        return response


def challenge_on(html: str) -> tuple[str, str]:
    """The hidden id of the challenge on a page, and its digits."""
    identifier = re.search(r'name="challenge" value="([^"]+)"', html)
    assert identifier
    digits = re.findall(r'<span aria-hidden="true">(\d{3})</span>', html)
    return identifier[1], "".join(digits)
