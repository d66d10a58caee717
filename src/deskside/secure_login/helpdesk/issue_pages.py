"""The console's pages of stock, and of handing a device to a person."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from deskside.foundation.errors import NotFound, UsageProblem
from deskside.foundation.text import _
from deskside.secure_login import words
from deskside.secure_login.authenticators import kinds
from deskside.secure_login.dependencies import TheHelpdesk
from deskside.secure_login.device_pages import as_download
from deskside.secure_login.helpdesk import showing
from deskside.secure_login.helpdesk.issuing import Issuing, issuable
from deskside.secure_login.helpdesk.reasons import REASONS, Why
from deskside.secure_login.helpdesk.rights import Right
from deskside.secure_login.helpdesk.service import Helpdesk
from deskside.secure_login.helpdesk.showing import DESK
from deskside.secure_login.model import Issued
from deskside.secure_login.step_up.pages import sensitive_form, verify_first
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.threads import in_thread
from deskside.secure_login.values import DeviceInfo
from deskside.web.model import Visitor
from deskside.web.service import AnyRequest, errors, form, page, redirect, require_visitor

STOCK = f"{DESK}/stock"
ISSUE = f"{DESK}/people/{{name:str}}/issue"
FROM_STOCK = "stock"


def issue_pages() -> list[Any]:
    """The addresses."""
    return [stock, ask, issue, take_file]


@get(STOCK, sync_to_thread=True, include_in_schema=False)
def stock(
    request: AnyRequest,
    helpdesk: TheHelpdesk,
    kind: FromQuery[str] = "",
    status: FromQuery[str] = "",
    q: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    """How many devices of each kind there are in which state, and which."""
    visitor = require_visitor(request)
    rows = helpdesk.stock(visitor)
    filtered = {"kind": kind, "status": status, "q": q}
    asked = any(filtered.values())
    found: list[DeviceInfo] = []
    further = ""
    if asked:
        found, further = Issuing(helpdesk).listed(
            visitor, kind=kind, state=status, serial=q, after=after
        )
    return page(
        request,
        "pages/desk_stock.html",
        crumbs=showing.crumbs(_("Stock")),
        rows=[
            [
                words.kind_name(row.kind),
                row.total,
                row.in_stock,
                row.waiting,
                row.active,
                row.locked,
                row.lost,
                row.retired,
            ]
            for row in rows
        ],
        kinds=[("", _("All kinds")), *((each, words.kind_name(each)) for each in kinds())],
        states=[("", _("All states")), (FROM_STOCK, _("In stock")), *showing.states()],
        chosen=filtered,
        asked=asked,
        devices=[showing.device_row(info) for info in found],
        further=f"{STOCK}?{urlencode(filtered | {'after': further})}" if further else "",
        may_import=Right.ISSUE in helpdesk.rights(visitor),
    )


@get(ISSUE, include_in_schema=False)
async def ask(request: AnyRequest, name: FromPath[str], helpdesk: TheHelpdesk) -> Response[Any]:
    """Ask which device, and why."""
    visitor = require_visitor(request)
    await in_thread(helpdesk.allowed, visitor, name, Right.ISSUE)
    if away := await verify_first(request, helpdesk.secure_login, visitor, Task.ISSUING):
        return away
    return await in_thread(_ask, request, visitor, helpdesk, name, {}, [])


@post(ISSUE, status_code=200, include_in_schema=False)
async def issue(request: AnyRequest, name: FromPath[str], helpdesk: TheHelpdesk) -> Response[Any]:
    """Hand it out, and record why."""
    visitor, part = require_visitor(request), helpdesk.secure_login
    await in_thread(helpdesk.allowed, visitor, name, Right.ISSUE)
    fields = await sensitive_form(request, part, visitor)
    if away := await verify_first(request, part, visitor, Task.ISSUING, fields):
        return away

    def do() -> Response[Any]:
        source, serial = fields.get("source", ""), fields.get("serial", "")
        wrong = _wrong(source, serial)
        try:
            why = Why.read(fields.get("reason", ""), fields.get("reference", ""))
        except UsageProblem as error:
            wrong["reference" if error.code == "reference-malformed" else "reason"] = error.message
        if wrong:
            return _ask(request, visitor, helpdesk, name, fields, errors(**wrong))
        issuing = Issuing(helpdesk)
        if source == FROM_STOCK:
            try:
                with part.step_up.spending(visitor, Task.ISSUING):
                    issuing.from_stock(visitor, name, serial, why)
            except NotFound as error:
                if error.code != "device-not-in-stock":
                    raise
                return _ask(request, visitor, helpdesk, name, fields, errors(serial=error.message))
            return redirect(f"{showing.address(name)}?done=issue")
        with part.step_up.spending(visitor, Task.ISSUING):
            info, issued = issuing.fresh(visitor, name, source, why)
        return _hand_over(request, visitor, helpdesk, name, info, issued)

    return await in_thread(do)


@post(f"{ISSUE}/{{device_id:str}}", status_code=200, include_in_schema=False)
async def take_file(
    request: AnyRequest, name: FromPath[str], device_id: FromPath[str], helpdesk: TheHelpdesk
) -> Response[Any]:
    """The new device as a file, from the page that is shown once."""
    visitor, fields = require_visitor(request), await form(request)

    def made() -> Response[Any]:
        dossier = helpdesk.allowed(visitor, name, Right.ISSUE)
        info = next((each for each in dossier.devices if each.id == device_id), None)
        if info is None:
            raise NotFound("unknown-device", _("That device is not this person's."))
        handover = helpdesk.secure_login.handover
        return as_download(handover.file(info, visitor.user_name_id, fields.get("paper", "")))

    return await in_thread(made)


def _wrong(source: str, serial: str) -> dict[str, str]:
    if source not in (FROM_STOCK, *issuable()):
        return {"source": _("Choose a device.")}
    if source == FROM_STOCK and not serial.strip():
        return {"serial": _("Enter the serial number of the device.")}
    return {}


def _ask(
    request: AnyRequest,
    visitor: Visitor,
    helpdesk: Helpdesk,
    name: str,
    fields: dict[str, str],
    wrong: list[Any],
) -> Response[Any]:
    dossier = helpdesk.allowed(visitor, name, Right.ISSUE)
    stocked = Issuing(helpdesk).in_stock(visitor)
    there = ", ".join(f"{words.kind_name(kind)}: {count}" for kind, count in stocked.items())
    return page(
        request,
        "pages/desk_issue.html",
        status=400 if wrong else 200,
        crumbs=[*showing.crumbs(name, showing.address(name)), (_("Issue a device"), "")],
        rows=[(_("User name"), name), (_("Name"), dossier.person.display_name)],
        sources=[
            (FROM_STOCK, _("One from stock"), there or _("There is none in stock.")),
            *(
                (kind, words.kind_name(kind), _("A new one, made now; shown to you once."))
                for kind in issuable()
            ),
        ],
        source=fields.get("source", ""),
        serial=fields.get("serial", ""),
        reasons=[(code, _(text)) for code, text in REASONS.items()],
        reason=fields.get("reason", ""),
        reference=fields.get("reference", ""),
        action=f"{showing.address(name)}/issue",
        back=showing.address(name),
        told=_told(helpdesk),
        errors=wrong,
    )


def _told(helpdesk: Helpdesk) -> str:
    return _(
        "The holder activates it in the portal, with an answer of the device. For {count} days"
        " log-ins do without it; then it is due."
    ).format(count=helpdesk.policy.activation.days)


def _hand_over(
    request: AnyRequest,
    visitor: Visitor,
    helpdesk: Helpdesk,
    name: str,
    info: DeviceInfo,
    issued: Issued,
) -> Response[Any]:
    document = dict(issued.virtual_device or {})
    return page(
        request,
        "pages/desk_issued.html",
        crumbs=[*showing.crumbs(name, showing.address(name)), (_("Issue a device"), "")],
        serial=info.serial,
        label=words.kind_name(info.kind),
        printed="codes" in document,
        action=f"{showing.address(name)}/issue/{info.id}",
        paper=helpdesk.secure_login.handover.sealed(info, visitor.user_name_id, document),
        back=showing.address(name),
        told=_told(helpdesk),
        headers={"cache-control": "no-store"},
    )
