"""The console's pages of imports of devices and people: give a file, see what would become of each
row, import it."""

from __future__ import annotations

from itertools import islice
from typing import Any

from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Response

from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.secure_login import words
from deskside.secure_login.dependencies import TheHelpdesk, TheImports
from deskside.secure_login.helpdesk import exports, showing
from deskside.secure_login.helpdesk.rights import Right
from deskside.secure_login.helpdesk.service import LISTED, Helpdesk
from deskside.secure_login.helpdesk.showing import DESK
from deskside.secure_login.people.reading import COLUMNS
from deskside.secure_login.seeds.jobs import LARGEST, WORKING, Import, ImportJobs, Kind, Status
from deskside.secure_login.seeds.service import REFUSED
from deskside.secure_login.step_up.pages import sensitive_form, verify_first
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.threads import in_thread
from deskside.web import downloads
from deskside.web.model import Visitor
from deskside.web.service import AnyRequest, errors, page, redirect, require_visitor

IMPORTS = f"{DESK}/imports"
ONE = f"{IMPORTS}/{{identifier:str}}"
FORM_ITSELF = 64 * 1024


def import_pages() -> list[Any]:
    """The addresses."""
    return [overview, take, show, go, drop, report]


@get(IMPORTS, sync_to_thread=True, include_in_schema=False)
def overview(request: AnyRequest, helpdesk: TheHelpdesk, imports: TheImports) -> Response[Any]:
    """The imports so far, and the form for another."""
    return _overview(request, _allowed(request, helpdesk), helpdesk, imports, [])


@post(
    IMPORTS,
    status_code=200,
    include_in_schema=False,
    request_max_body_size=LARGEST + FORM_ITSELF,
)
async def take(request: AnyRequest, helpdesk: TheHelpdesk, imports: TheImports) -> Response[Any]:
    """Take a file; it is checked in the background."""
    # Asked before the file is taken in.
    visitor = await in_thread(_allowed, request, helpdesk)
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise HTTPException(status_code=415, detail=_("A form was expected."))
    fields = await request.form()
    file, key, password = fields.get("file"), fields.get("key", ""), fields.get("password", "")
    kind = str(fields.get("kind", Kind.DEVICES.value))

    def begin() -> Response[Any]:
        wrong = _wrong(file, str(key), kind)
        if wrong or not isinstance(file, UploadFile):
            return _overview(request, visitor, helpdesk, imports, errors(**wrong), kind)
        try:
            begun = imports.begin(
                file.file,  # type: ignore[arg-type]
                file.filename,
                visitor.user_name_id,
                key="".join(str(key).split()),
                password=str(password),
                kind=Kind(kind),
            )
        except Refused as error:
            told = f"{error.message} {error.hint}".strip()
            return _overview(request, visitor, helpdesk, imports, errors(file=told), kind)
        return redirect(f"{IMPORTS}/{begun.id}")

    return await in_thread(begin)


@get(ONE, sync_to_thread=True, include_in_schema=False)
def show(
    request: AnyRequest, identifier: FromPath[str], helpdesk: TheHelpdesk, imports: TheImports
) -> Response[Any]:
    """One import: how far it is, and the rows that were refused."""
    _allowed(request, helpdesk)
    found = imports.one(identifier)
    refused = (row for row in imports.report(identifier) if row.outcome == REFUSED)
    finished = found.status not in WORKING
    return page(
        request,
        "pages/desk_import.html",
        crumbs=[*showing.crumbs(_("Imports"), IMPORTS), (found.name, "")],
        name=found.name,
        state=_state(found),
        told=_told(found),
        go=_("Import the people") if found.kind is Kind.PEOPLE else _("Import the devices"),
        named=_("User name") if found.kind is Kind.PEOPLE else _("Serial number"),
        problem=found.problem,
        working=not finished,
        checked=found.status is Status.CHECKED,
        progress={"done": min(found.done, found.total), "total": found.total},
        rows=_counts(found),
        refused=[[row.line, row.serial or "–", row.problem] for row in islice(refused, LISTED)]
        if finished and found.refused
        else [],
        more=found.refused > LISTED,
        here=f"{IMPORTS}/{identifier}",
        files=[
            {"href": f"{IMPORTS}/{identifier}/report/{kind}", "label": kind.upper()}
            for kind in downloads.TYPES
        ]
        if found.done and finished
        else [],
        may_drop=found.status in (*WORKING, Status.CHECKED),
    )


@post(f"{ONE}/go", status_code=200, include_in_schema=False)
async def go(
    request: AnyRequest, identifier: FromPath[str], helpdesk: TheHelpdesk, imports: TheImports
) -> Response[Any]:
    """Import what was checked."""
    visitor, part = await in_thread(_allowed, request, helpdesk), helpdesk.secure_login
    fields = await sensitive_form(request, part, visitor)
    if away := await verify_first(request, part, visitor, Task.ISSUING, fields):
        return away

    def begun() -> Response[Any]:
        with part.step_up.spending(visitor, Task.ISSUING):
            imports.go(identifier, visitor.user_name_id)
        return redirect(f"{IMPORTS}/{identifier}")

    return await in_thread(begun)


@post(f"{ONE}/drop", sync_to_thread=True, status_code=303, include_in_schema=False)
def drop(
    request: AnyRequest, identifier: FromPath[str], helpdesk: TheHelpdesk, imports: TheImports
) -> Response[Any]:
    """Give up."""
    imports.drop(identifier, _allowed(request, helpdesk).user_name_id)
    return redirect(f"{IMPORTS}/{identifier}")


@get(f"{ONE}/report/{{kind:str}}", sync_to_thread=True, include_in_schema=False)
def report(
    request: AnyRequest,
    identifier: FromPath[str],
    kind: FromPath[str],
    helpdesk: TheHelpdesk,
    imports: TheImports,
) -> Response[Any]:
    """What became of each row, as a file."""
    _allowed(request, helpdesk)
    people = imports.one(identifier).kind is Kind.PEOPLE
    told = exports.entered_row if people else exports.outcome_row
    columns = exports.ENTERED if people else exports.OUTCOME
    rows = map(told, imports.report(identifier))
    return downloads.download(f"import-{identifier}", kind, rows, columns)


def _allowed(request: AnyRequest, helpdesk: Helpdesk) -> Visitor:
    visitor = require_visitor(request)
    helpdesk.require(visitor, Right.ISSUE)
    return visitor


def _wrong(file: Any, key: str, kind: str) -> dict[str, str]:
    if kind not in set(Kind):
        return {"kind": _("Choose what the file holds.")}
    if not isinstance(file, UploadFile) or not file.filename:
        return {"file": _("Choose a file.")}
    try:
        bytes.fromhex("".join(key.split()))
    except ValueError:
        return {"key": _("The key must be hexadecimal.")}
    return {}


def _overview(
    request: AnyRequest,
    visitor: Visitor,
    helpdesk: Helpdesk,
    imports: ImportJobs,
    wrong: list[Any],
    kind: str = Kind.DEVICES.value,
) -> Response[Any]:
    found = imports.listed()
    names = helpdesk.names([each.actor for each in found])
    return page(
        request,
        "pages/desk_imports.html",
        status=400 if wrong else 200,
        crumbs=showing.crumbs(_("Imports")),
        largest=LARGEST // 1024**2,
        kind=kind,
        kinds=[(each.value, _holds(each)) for each in Kind],
        columns=", ".join(COLUMNS[1:]),
        imports=[
            {
                "href": f"{IMPORTS}/{each.id}",
                "name": each.name,
                "holds": _holds(each.kind),
                "state": _state(each),
                "when": words.moment(each.created),
                "who": names.get(each.actor, each.actor),
                "rows": each.total,
            }
            for each in found
        ],
        errors=wrong,
    )


def _state(found: Import) -> tuple[str, str]:
    return {
        Status.CHECKING: (_("Being checked"), "notice"),
        Status.CHECKED: (_("Checked"), "accent"),
        Status.RUNNING: (_("Being imported"), "notice"),
        Status.DONE: (_("Imported"), "ok"),
        Status.FAILED: (_("Not readable"), "failure"),
        Status.DROPPED: (_("Given up"), "neutral"),
    }[found.status]


def _told(found: Import) -> str:
    return {
        Status.CHECKING: _("Each row is judged; nothing is stored yet."),
        Status.CHECKED: _("Nothing is stored yet. This is what would become of the rows."),
        Status.RUNNING: _(
            "You may leave this page. If the server is stopped, the import goes on when it is back."
        ),
        Status.DONE: _(
            "The user names are entered. Whoever has no password yet gets a link by e-mail."
        )
        if found.kind is Kind.PEOPLE
        else _("The devices wait in stock, or for their holders to activate them."),
        Status.FAILED: _("Nothing was stored."),
        Status.DROPPED: _("What was stored before stays. The file is forgotten."),
    }[found.status]


def _holds(kind: Kind) -> str:
    return {Kind.DEVICES: _("Devices"), Kind.PEOPLE: _("People")}[kind]


def _counts(found: Import) -> list[tuple[str, str]]:
    new = _("New") if found.status is not Status.CHECKED else _("Would be new")
    return [
        (new, f"{found.new:,}".replace(",", " ")),
        (_("There already"), f"{found.present:,}".replace(",", " ")),
        (_("Refused"), f"{found.refused:,}".replace(",", " ")),
    ]
