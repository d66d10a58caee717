"""The connection test as a page: on the portal, and on this very computer.

The page is sent while the test runs and says how far it is; its end is the result. So it needs no
script, and no node has to remember anything.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Response, Stream

from deskside.foundation.errors import NotFound
from deskside.foundation.findings import Finding, Verdict
from deskside.foundation.findings_grouped import Block, grouped, has_more
from deskside.foundation.text import _
from deskside.foundation.units import when
from deskside.network import browser_pages
from deskside.network.diagnosis import Report
from deskside.network.monitor import pages as monitor_pages
from deskside.network.progress import Progress
from deskside.network.reports import FORMATS, Document, document_of, redacted
from deskside.network.reports import letter as letters
from deskside.network.reports.private import of_this_computer
from deskside.network.reports.words import not_tested
from deskside.network.results import Results
from deskside.network.service import NetworkService
from deskside.network.watching import Watched
from deskside.web.service import AnyRequest, growing_page, page, require_visitor

_WORDS = {
    Verdict.SUCCESS: lambda: _("Success"),
    Verdict.DEGRADED: lambda: _("Degraded"),
    Verdict.FAILURE: lambda: _("Failure"),
}
_LOCAL = Results()
"""Results of this computer's own pages, which end with the process."""


@dataclass
class Testing:
    """A test under way, as the page shows it: `steps` first, and then the rest."""

    steps: Watched
    where: str
    results: Results
    owner: str
    people: tuple[str, ...] = ()

    @property
    def result(self) -> Report | None:
        """The report; None where the test came to none."""
        return self.steps.report

    @property
    def problem(self) -> str:
        """Why it came to none."""
        return self.steps.problem.message if self.steps.problem else ""

    @cached_property
    def document(self) -> Document:
        """The report as it goes into files, with what has to be taken out on request."""
        assert self.steps.report
        return document_of(
            self.steps.report,
            made=datetime.now(UTC),
            where=self.where,
            private=of_this_computer(*self.people),
        )

    @property
    def tested(self) -> str:
        """The verdict, when and from where."""
        return _("{verdict}: tested at {time} {where}.").format(
            verdict=_WORDS[self.document.report.verdict](),
            time=when(self.document.made),
            where=self.where,
        )

    @property
    def sealed(self) -> str:
        """The result as a download brings it back."""
        return self.results.seal(self.document, self.owner)

    @property
    def letter(self) -> str:
        """What to tell an administrator."""
        return letters.write(self.document)

    @property
    def problems(self) -> list[tuple[Finding, list[str], list[str]]]:
        """What is to be acted on, the root cause first: said once, of whom, and what follows."""
        return [
            (
                replace(block.first, title=block.parts[0], evidence=block.evidence),
                block.parts[1],
                [title for one in explained for title in _titles(one)],
            )
            for block, explained in grouped(self.document.report.findings)
            if has_more(block.first)
        ]

    @property
    def untested(self) -> list[tuple[str, str]]:
        """What was not tested, and why."""
        return not_tested(self.document)


def _titles(block: Block) -> list[str]:
    return [one.title for one in block.findings]


@get("/network", sync_to_thread=False, include_in_schema=False)
def portal_page(request: AnyRequest, network: NamedDependency[NetworkService]) -> Response[str]:
    """The page before a test."""
    require_visitor(request)
    return page(request, "pages/network.html", **_portal_context(request))


@post("/network", sync_to_thread=True, status_code=200, include_in_schema=False)
def portal_test(request: AnyRequest, network: NamedDependency[NetworkService]) -> Stream:
    """Test the desk's responder from the portal's own computer."""
    person = require_visitor(request)

    def test(progress: Progress, stop: threading.Event) -> Report:
        return network.test_own(progress=progress, stop=stop)

    testing = Testing(
        Watched(test),
        _("from the portal's own computer, against the desk's responder"),
        network.results,
        person.user_name_id,
        (person.user_name, person.display_name),
    )
    return growing_page(request, "pages/network.html", testing=testing, **_portal_context(request))


@get("/network/report/{kind:str}", sync_to_thread=True, include_in_schema=False)
def portal_report(
    request: AnyRequest,
    network: NamedDependency[NetworkService],
    kind: FromPath[str],
    result: FromQuery[str] = "",
    leave_out: FromQuery[str] = "",
) -> Response[str]:
    """A finished test as a file, for the person who ran it and for operators."""
    person = require_visitor(request)
    document = network.results.open(result, person.user_name_id, person.roles)
    return _file(document, kind, leave_out, network)


def _portal_context(request: AnyRequest) -> dict[str, Any]:
    seen_from = request.client.host if request.client else ""
    return {
        "seen_from": seen_from,
        "command": browser_pages.command(request),
        "hosts_href": "/api/v1/network/catalogue",
        "browser_href": "/network/browser",
        "monitor_href": monitor_pages.PATH,
    }


@get("/network", sync_to_thread=False, include_in_schema=False, name="local-network")
def local_page(request: AnyRequest) -> Response[str]:
    """The page before a test, on this computer."""
    return page(request, "pages/network.html", monitor_href=monitor_pages.PATH)


@post("/network", sync_to_thread=True, status_code=200, include_in_schema=False)
def local_test(request: AnyRequest) -> Stream:
    """Test every host of the catalogue from this computer."""
    service = NetworkService()
    catalogue = service.load(None)

    def test(progress: Progress, stop: threading.Event) -> Report:
        return service.test(catalogue, progress=progress, stop=stop)

    testing = Testing(Watched(test), _("from this computer"), _LOCAL, "")
    return growing_page(
        request, "pages/network.html", testing=testing, monitor_href=monitor_pages.PATH
    )


@get("/network/report/{kind:str}", sync_to_thread=True, include_in_schema=False)
def local_report(
    kind: FromPath[str], result: FromQuery[str] = "", leave_out: FromQuery[str] = ""
) -> Response[str]:
    """A finished test as a file."""
    return _file(_LOCAL.open(result, ""), kind, leave_out, NetworkService())


def _file(document: Document, kind: str, leave_out: str, network: NetworkService) -> Response[str]:
    """A document as a download; `leave_out` is `own`, `desk` or nothing."""
    if kind not in FORMATS:
        raise NotFound(
            "unknown-format",
            _("There is no format {name}.").format(name=kind),
            hint=_("Known: {known}").format(known=", ".join(FORMATS)),
        )
    if leave_out:
        desk = network.desk_rows(document.report.hosts) if leave_out == "desk" else ()
        document = redacted(document, desk=desk)
    form = FORMATS[kind]
    name = f"deskside-network-test-{document.made:%Y%m%d-%H%M}.{form.suffix}"
    return Response(
        form.write(document),
        media_type=form.media_type,
        headers={
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{name}"',
        },
    )


def portal_pages() -> list[Any]:
    """Pages of the portal."""
    return [
        portal_page,
        portal_test,
        portal_report,
        *browser_pages.pages(),
        *monitor_pages.portal_pages(),
    ]


def local_pages() -> list[Any]:
    """Pages of this computer."""
    return [local_page, local_test, local_report, *monitor_pages.local_pages()]
