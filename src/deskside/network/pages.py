"""The connection test as a page: on the portal, and on this very computer.

The page is sent while the test runs and says how far it is; its end is the result. So it needs no
script, and no node has to remember anything.
"""

from __future__ import annotations

import asyncio
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
from deskside.foundation.findings import Finding, Status, Verdict
from deskside.foundation.findings_grouped import Block, grouped, has_more, some
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
from deskside.network.results import IN_ADDRESS, LARGEST, Results
from deskside.network.service import NetworkService
from deskside.network.watching import Watched
from deskside.web.model import Visitor
from deskside.web.service import AnyRequest, form, growing_page, page, require_visitor

_WORDS = {
    Verdict.SUCCESS: lambda: _("Success"),
    Verdict.DEGRADED: lambda: _("Degraded"),
    Verdict.FAILURE: lambda: _("Failure"),
}
REPORT = "/network/report/{kind:str}"
FORM_ITSELF = 64 * 1024
FILE: dict[str, Any] = {"status_code": 200, "include_in_schema": False}
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

    @cached_property
    def sealed(self) -> str:
        """The result as a download brings it back."""
        return self.results.seal(self.document, self.owner)

    @property
    def in_address(self) -> bool:
        """Whether an address can carry it, and so be passed on."""
        return len(self.sealed) <= IN_ADDRESS

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
                some(block.parts[1]),
                some([title for one in explained for title in _titles(one)]),
            )
            for block, explained in grouped(self.document.report.findings)
            if has_more(block.first)
        ]

    @property
    def calm(self) -> list[Finding]:
        """What is fine: each by itself, unless there is too much of it to be read."""
        return [
            replace(block.first, title=_in_one(block), evidence=block.evidence)
            for block, _explained in grouped(self.document.report.findings)
            if block.first.status in (Status.OK, Status.NOT_APPLICABLE)
        ]

    @property
    def untested(self) -> list[tuple[str, str]]:
        """What was not tested, and why."""
        return not_tested(self.document)


def _in_one(block: Block) -> str:
    said, who = block.parts
    return f"{said}: {', '.join(some(who))}" if who else said


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


@get(REPORT, include_in_schema=False)
async def portal_report(
    request: AnyRequest,
    network: NamedDependency[NetworkService],
    kind: FromPath[str],
    result: FromQuery[str] = "",
    leave_out: FromQuery[str] = "",
) -> Response[str]:
    """A finished test as a file, for the person who ran it and for operators."""
    person = require_visitor(request)
    return await asyncio.to_thread(_of_portal, network, person, kind, result, leave_out)


@post(REPORT, request_max_body_size=LARGEST + FORM_ITSELF, **FILE)
async def portal_large_report(
    request: AnyRequest, network: NamedDependency[NetworkService], kind: FromPath[str]
) -> Response[str]:
    """The same of a result that no address can carry."""
    person = require_visitor(request)
    sent = await _sent(request)
    return await asyncio.to_thread(_of_portal, network, person, kind, *sent)


def _of_portal(
    network: NetworkService, person: Visitor, kind: str, result: str, leave_out: str
) -> Response[str]:
    document = network.results.open(result, person.user_name_id, person.roles)
    return _file(document, kind, leave_out, network)


async def _sent(request: AnyRequest) -> tuple[str, str]:
    """The sealed result that a form brings back, and what is to be left out."""
    fields = await form(request, LARGEST + FORM_ITSELF)
    return fields.get("result", ""), fields.get("leave_out", "")


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


@get(REPORT, include_in_schema=False)
async def local_report(
    kind: FromPath[str], result: FromQuery[str] = "", leave_out: FromQuery[str] = ""
) -> Response[str]:
    """A finished test as a file."""
    return await asyncio.to_thread(_of_this_computer, kind, result, leave_out)


@post(REPORT, request_max_body_size=LARGEST + FORM_ITSELF, **FILE)
async def local_large_report(request: AnyRequest, kind: FromPath[str]) -> Response[str]:
    """The same of a result that no address can carry."""
    return await asyncio.to_thread(_of_this_computer, kind, *await _sent(request))


def _of_this_computer(kind: str, result: str, leave_out: str) -> Response[str]:
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
        portal_large_report,
        *browser_pages.pages(),
        *monitor_pages.portal_pages(),
    ]


def local_pages() -> list[Any]:
    """Pages of this computer."""
    return [local_page, local_test, local_report, local_large_report, *monitor_pages.local_pages()]
