"""The pages of the operator's console: `/desk`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from deskside.directory.model import Role
from deskside.foundation.errors import NotFound, UsageProblem
from deskside.foundation.text import _
from deskside.secure_login import words
from deskside.secure_login.dependencies import TheHelpdesk
from deskside.secure_login.helpdesk import exports, showing
from deskside.secure_login.helpdesk.actions import ACTIONS, Action, action, offered
from deskside.secure_login.helpdesk.import_pages import import_pages
from deskside.secure_login.helpdesk.issue_pages import issue_pages
from deskside.secure_login.helpdesk.reasons import REASONS, Why
from deskside.secure_login.helpdesk.rights import Right
from deskside.secure_login.helpdesk.service import LISTED, Dossier, Helpdesk
from deskside.secure_login.helpdesk.showing import DESK
from deskside.secure_login.step_up.pages import sensitive_form, verify_first
from deskside.secure_login.threads import in_thread
from deskside.secure_login.values import DeviceInfo
from deskside.web import downloads
from deskside.web.model import Visitor
from deskside.web.service import AnyRequest, errors, page, redirect, require_visitor

LATELY = 8
"""Events on the page of a user name; that somebody looked is left to the whole trail."""


def desk_pages() -> list[Any]:
    """The addresses."""
    own = [search, person, trail, trail_file, ask, act, export]
    return [*own, *issue_pages(), *import_pages()]


@get(DESK, sync_to_thread=True, include_in_schema=False)
def search(request: AnyRequest, helpdesk: TheHelpdesk, q: FromQuery[str] = "") -> Response[Any]:
    """Search people and devices."""
    visitor = require_visitor(request)
    rights = helpdesk.rights(visitor)
    found = helpdesk.search(visitor, q)
    return page(
        request,
        "pages/desk_search.html",
        query=q,
        people=[showing.person_row(user) for user in found.people],
        devices=[showing.device_row(info) for info in found.devices],
        more=found.more,
        may_stock=Right.STOCK in rights,
        may_import=Right.ISSUE in rights,
        may_export=Right.EXPORT in rights,
        may_review=Role.REVIEWER.value in visitor.roles,
        may_write=Role.OPERATOR.value in visitor.roles,
    )


@get(f"{DESK}/people/{{name:str}}", sync_to_thread=True, include_in_schema=False)
def person(
    request: AnyRequest, name: FromPath[str], helpdesk: TheHelpdesk, done: FromQuery[str] = ""
) -> Response[Any]:
    """All about one user name, and what can be done about it."""
    visitor = require_visitor(request)
    dossier = helpdesk.dossier(visitor, name)
    seen = dossier.person
    notice = _(ACTIONS[done].done) if done in ACTIONS else ""
    if done == "issue":
        notice = _("The device is handed out; the holder was told by e-mail.")
    rows = helpdesk.trail(visitor, name)[1] if Right.AUDIT in dossier.rights else []
    events = [row for row in rows if row.event != "desk.viewed"][:LATELY]
    return page(
        request,
        "pages/desk_person.html",
        crumbs=showing.crumbs(seen.name),
        person=seen,
        state=showing.state(dossier),
        rows=showing.facts(dossier),
        notice=notice,
        disowned=dossier.disowned,
        actions=[
            {"href": f"{showing.address(name)}/{key}", "label": _(each.title), "harsh": each.harsh}
            for key, each in offered(dossier)
        ]
        + _issue(dossier),
        devices=[showing.device(info, dossier) for info in dossier.devices],
        others=[
            {"href": showing.address(other.name), "label": other.name} for other in dossier.others
        ],
        events=showing.events(helpdesk, events),
        trail_href=f"{showing.address(name)}/trail",
    )


@get(f"{DESK}/people/{{name:str}}/trail", sync_to_thread=True, include_in_schema=False)
def trail(
    request: AnyRequest, name: FromPath[str], helpdesk: TheHelpdesk, before: FromQuery[str] = ""
) -> Response[Any]:
    """The audit trail about one user name."""
    visitor = require_visitor(request)
    seen, rows = helpdesk.trail(visitor, name, before=before, limit=LISTED + 1)
    older = (
        f"{showing.address(name)}/trail?before={rows[LISTED - 1].id}" if len(rows) > LISTED else ""
    )
    files = [
        {"href": f"{showing.address(name)}/trail/{kind}", "label": kind.upper()}
        for kind in downloads.TYPES
    ]
    return page(
        request,
        "pages/security_events.html",
        crumbs=[*showing.crumbs(seen.name, showing.address(name)), (_("Audit trail"), "")],
        heading=_("Audit trail of {name}").format(name=seen.name),
        intro=_("Everything that happened to this user name and its devices, and who did it."),
        events=showing.events(helpdesk, rows[:LISTED]),
        older_href=older,
        files=files if Right.EXPORT in helpdesk.rights(visitor) else [],
    )


@get(f"{DESK}/people/{{name:str}}/trail/{{kind:str}}", sync_to_thread=True, include_in_schema=False)
def trail_file(
    request: AnyRequest, name: FromPath[str], kind: FromPath[str], helpdesk: TheHelpdesk
) -> Response[Any]:
    """The whole audit trail about one user name as a file."""
    rows = helpdesk.whole_trail(require_visitor(request), name)
    return downloads.download(f"audit-{name}", kind, map(exports.event_row, rows), exports.EVENT)


@get(f"{DESK}/people/{{name:str}}/{{key:str}}", include_in_schema=False)
async def ask(
    request: AnyRequest,
    name: FromPath[str],
    key: FromPath[str],
    helpdesk: TheHelpdesk,
    device: FromQuery[str] = "",
) -> Response[Any]:
    """Say what an action does, and ask why."""
    visitor, proof = require_visitor(request), action(key).proof
    helpdesk.rights(visitor)
    if proof and (away := await verify_first(request, helpdesk.secure_login, visitor, proof)):
        return away
    return await in_thread(_ask, request, visitor, helpdesk, name, key, {"device": device}, [])


@post(f"{DESK}/people/{{name:str}}/{{key:str}}", status_code=200, include_in_schema=False)
async def act(
    request: AnyRequest, name: FromPath[str], key: FromPath[str], helpdesk: TheHelpdesk
) -> Response[Any]:
    """Do it, and record why."""
    visitor, chosen, part = require_visitor(request), action(key), helpdesk.secure_login
    helpdesk.rights(visitor)
    fields = await sensitive_form(request, part, visitor)
    proof = chosen.proof
    if proof and (away := await verify_first(request, part, visitor, proof, fields)):
        return away

    def do() -> Response[Any]:
        try:
            why = Why.read(fields.get("reason", ""), fields.get("reference", ""))
        except UsageProblem as error:
            field = "reference" if error.code == "reference-malformed" else "reason"
            wrong = errors(**{field: error.message})
            return _ask(request, visitor, helpdesk, name, key, fields, wrong)
        with part.step_up.spending(visitor, proof) if proof else nullcontext():
            told = chosen.run(helpdesk, visitor, name, fields.get("device", ""), why)
        if isinstance(told, str):
            return _tell(request, name, chosen, told)
        return redirect(f"{showing.address(name)}?done={key}")

    return await in_thread(do)


@get(f"{DESK}/export/{{what:str}}/{{kind:str}}", sync_to_thread=True, include_in_schema=False)
def export(
    request: AnyRequest, what: FromPath[str], kind: FromPath[str], helpdesk: TheHelpdesk
) -> Response[Any]:
    """All user names or all devices as a file."""
    visitor = require_visitor(request)
    if what == "people":
        people = helpdesk.everybody(visitor)
        return downloads.download(what, kind, map(exports.person_row, people), exports.PERSON)
    if what == "devices":
        devices = helpdesk.all_devices(visitor)
        return downloads.download(what, kind, map(exports.device_row, devices), exports.DEVICE)
    raise NotFound("unknown-export", _("There is no such export."))


def _issue(dossier: Dossier) -> list[dict[str, Any]]:
    if Right.ISSUE not in dossier.rights:
        return []
    href = f"{showing.address(dossier.person.name)}/issue"
    return [{"href": href, "label": _("Issue a device"), "harsh": False}]


def _ask(
    request: AnyRequest,
    visitor: Visitor,
    helpdesk: Helpdesk,
    name: str,
    key: str,
    fields: dict[str, str],
    wrong: list[Any],
) -> Response[Any]:
    chosen = action(key)
    dossier = helpdesk.allowed(visitor, name, chosen.right)
    bridge = helpdesk.secure_login.lives.bridge
    device = _chosen_device(dossier.devices, chosen, fields.get("device", ""))
    return page(
        request,
        "pages/desk_action.html",
        status=400 if wrong else 200,
        crumbs=[*showing.crumbs(name, showing.address(name)), (_(chosen.title), "")],
        title=_(chosen.title),
        told=_(chosen.told).format(full=words.span(bridge.full), portal=words.span(bridge.portal)),
        rows=[
            (_("User name"), name),
            (_("Name"), dossier.person.display_name),
            *([(_("Device"), f"{device.label}, {device.serial}")] if device else []),
        ],
        reasons=[(code, _(text)) for code, text in REASONS.items()],
        reason=fields.get("reason", ""),
        reference=fields.get("reference", ""),
        device=device.id if device else "",
        action=f"{showing.address(name)}/{key}",
        back=showing.address(name),
        harsh=chosen.harsh,
        errors=wrong,
    )


def _tell(request: AnyRequest, name: str, chosen: Action, told: str) -> Response[str]:
    return page(
        request,
        "pages/message.html",
        kind="confirmation",
        title=_(chosen.title),
        lead=_(chosen.done),
        reference=told,
        reference_label=_("Tell it to {name}; it is shown only now").format(name=name),
        actions=[{"href": showing.address(name), "label": _("Back")}],
    )


def _chosen_device(devices: list[DeviceInfo], chosen: Action, device_id: str) -> DeviceInfo | None:
    if not chosen.of_device:
        return None
    found = next((info for info in devices if info.id == device_id), None)
    if found is None:
        raise NotFound("unknown-device", _("That device is not this person's."))
    return found
