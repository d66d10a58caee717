"""The connection test from the browser alone, for a person who may install nothing.

A script on the page opens what a page may open; the answers of the desk's responder come back
here to be proven, since their signature is checked by the one who holds the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response import Response

from deskside.foundation.text import _
from deskside.network.model import Door
from deskside.network.service import NetworkService
from deskside.web.service import AnyRequest, may_connect_to, page, require_visitor


@dataclass(frozen=True, slots=True)
class Claim:
    """What a page says it was answered."""

    nonce: str
    line: str


@get("/network/browser", sync_to_thread=False, include_in_schema=False)
def browser_page(request: AnyRequest, network: NamedDependency[NetworkService]) -> Response[str]:
    """The page, which may connect to the responder too."""
    require_visitor(request)
    doors = network.doors()
    return page(
        request,
        "pages/network_browser.html",
        headers=may_connect_to(door.address for door in doors),
        doors=[(_label(door), door) for door in doors],
        command=command(request),
    )


@get("/network/browser/seen", sync_to_thread=False, include_in_schema=False)
def seen(request: AnyRequest) -> Response[dict[str, str]]:
    """The address that a request came from. The connection ends, so that the next is a new one."""
    address = request.client.host if request.client else ""
    return Response({"address": address}, headers={"connection": "close"})


@post("/network/browser/proof", sync_to_thread=False, status_code=200, include_in_schema=False)
def proof(
    request: AnyRequest, network: NamedDependency[NetworkService], data: JSONBody[Claim]
) -> dict[str, str | bool]:
    """Whether our responder said a line in answer to a nonce, and the address that it saw."""
    require_visitor(request)
    reply = network.proven(data.nonce, data.line)
    return {"proven": reply is not None, "address": reply.address if reply else ""}


def command(request: AnyRequest) -> str:
    """The one command that sees what a browser cannot."""
    portal = f"{request.url.scheme}://{request.url.netloc}"
    return f"deskside network test --catalogue {portal}/api/v1/network/catalogue"


def _label(door: Door) -> str:
    label = _("Port {port}, encrypted") if door.kind != "plain" else _("Port {port}, plain")
    return label.format(port=door.port)


def pages() -> list[Any]:
    """Pages of the portal."""
    return [browser_page, seen, proof]
