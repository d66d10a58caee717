"""The connection test as a page: on the portal, and on this very computer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Response

from deskside.foundation.findings import Verdict
from deskside.foundation.text import _
from deskside.foundation.units import when
from deskside.network import browser_pages
from deskside.network.diagnosis import Report
from deskside.network.monitor import pages as monitor_pages
from deskside.network.service import NetworkService
from deskside.web.service import AnyRequest, page, require_visitor

_WORDS = {
    Verdict.SUCCESS: lambda: _("Success"),
    Verdict.DEGRADED: lambda: _("Degraded"),
    Verdict.FAILURE: lambda: _("Failure"),
}


@get("/network", sync_to_thread=False, include_in_schema=False)
def portal_page(request: AnyRequest, network: NamedDependency[NetworkService]) -> Response[str]:
    """The page before a test."""
    require_visitor(request)
    return page(request, "pages/network.html", **_portal_context(request))


@post("/network", sync_to_thread=True, status_code=200, include_in_schema=False)
def portal_test(request: AnyRequest, network: NamedDependency[NetworkService]) -> Response[str]:
    """Test the desk's responder from the portal's own computer."""
    require_visitor(request)
    report = network.test_own()
    where = _("from the portal's own computer, against the desk's responder")
    return page(
        request,
        "pages/network.html",
        result=report,
        tested=_tested(report, where),
        **_portal_context(request),
    )


def _portal_context(request: AnyRequest) -> dict[str, Any]:
    seen_from = request.client.host if request.client else ""
    return {
        "seen_from": seen_from,
        "command": browser_pages.command(request),
        "hosts_href": "/api/v1/network/catalogue",
        "browser_href": "/network/browser",
        "monitor_href": monitor_pages.PATH,
    }


def _tested(report: Report, where: str) -> str:
    return _("{verdict}: tested at {time} {where}.").format(
        verdict=_WORDS[report.verdict](), time=when(datetime.now(UTC)), where=where
    )


@get("/network", sync_to_thread=False, include_in_schema=False, name="local-network")
def local_page(request: AnyRequest) -> Response[str]:
    """The page before a test, on this computer."""
    return page(request, "pages/network.html", monitor_href=monitor_pages.PATH)


@post("/network", sync_to_thread=True, status_code=200, include_in_schema=False)
def local_test(request: AnyRequest) -> Response[str]:
    """Test every host of the catalogue from this computer."""
    service = NetworkService()
    report = service.test(service.load(None))
    return page(
        request,
        "pages/network.html",
        result=report,
        tested=_tested(report, _("from this computer")),
        monitor_href=monitor_pages.PATH,
    )


def portal_pages() -> list[Any]:
    """Pages of the portal."""
    return [portal_page, portal_test, *browser_pages.pages(), *monitor_pages.portal_pages()]


def local_pages() -> list[Any]:
    """Pages of this computer."""
    return [local_page, local_test, *monitor_pages.local_pages()]
