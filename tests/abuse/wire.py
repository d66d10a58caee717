"""HTTP as bytes, so that what no client would send can be sent; every reply is looked at.

Whatever is asked for and however wrong it is, a reply carries the strict headers and a request
id, and never a stack trace.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from deskside.web.middleware import HEADERS
from tests.system.conftest import Portal

FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"
NO_HTTP = b"Invalid HTTP request received."
PATIENCE = 30


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return ", ".join(value for key, value in self.headers if key.lower() == name)


def host(portal: Portal) -> str:
    return urlsplit(portal.address).netloc


def connect(portal: Portal) -> socket.socket:
    address = urlsplit(portal.address)
    return socket.create_connection((address.hostname, address.port), PATIENCE)


def send(
    portal: Portal,
    method: str,
    path: str,
    *headers: str,
    body: bytes = b"",
    names: str | None = None,
) -> Reply:
    """One request on a connection of its own; `names` is the Host if not the portal's own."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host(portal) if names is None else names}"]
    lines += ["Connection: close", *headers]
    if body and not any(line.lower().startswith(("content-length", "transfer")) for line in lines):
        lines.append(f"Content-Length: {len(body)}")
    request = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
    return checked(exchange(portal, request, method))


def exchange(portal: Portal, request: bytes, method: str = "GET") -> Reply:
    """Bytes for bytes."""
    with connect(portal) as wire:
        # It may have heard enough before the end; its reply still counts.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            wire.sendall(request)
        return read(wire, method)


def read(wire: socket.socket, method: str = "GET") -> Reply:
    """The reply on a connection."""
    response = http.client.HTTPResponse(wire, method=method)
    response.begin()
    return Reply(response.status, response.getheaders(), response.read())


def checked(reply: Reply) -> Reply:
    """What is true of every reply of the application; what is no HTTP never reaches it."""
    if (reply.status, reply.body) == (400, NO_HTTP):
        return reply
    missing = [name for name in HEADERS if not reply.header(name)]
    assert missing == [], (reply.status, missing)
    assert reply.header("content-security-policy") == HEADERS["content-security-policy"]
    assert re.fullmatch(r"[a-z]{12}", reply.header("x-request-id"))
    assert b"Traceback" not in reply.body
    assert reply.header("server") == ""
    return reply
