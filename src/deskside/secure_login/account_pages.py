"""The portal's page of one's own account: devices and sessions."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Response

from deskside.foundation.clock import Clock
from deskside.foundation.errors import NotFound
from deskside.foundation.text import _, ngettext
from deskside.secure_login import words
from deskside.secure_login.authenticators import authenticator
from deskside.secure_login.dependencies import TheClock, TheDatabase, TheLogin
from deskside.secure_login.device_pages import NEW
from deskside.secure_login.events import for_page, own_events
from deskside.secure_login.password_pages import CHANGE
from deskside.secure_login.rights.pages import CEILINGS
from deskside.secure_login.service import LoginService
from deskside.secure_login.threads import in_thread
from deskside.secure_login.values import DeviceInfo, DeviceStatus, SessionInfo
from deskside.web.model import Visitor
from deskside.web.service import AnyRequest, errors, form, page, require_visitor

EVENTS = "/account/events"


def account_pages() -> list[Any]:
    """The addresses."""
    return [show_account, end_session, end_other_sessions, show_events]


@get("/account", sync_to_thread=True, include_in_schema=False)
def show_account(request: AnyRequest, secure_login: TheLogin, clock: TheClock) -> Response[Any]:
    """Devices and sessions of the visitor."""
    return _account(request, require_visitor(request), secure_login, clock)


@post("/account/sessions/end", status_code=200, include_in_schema=False)
async def end_session(
    request: AnyRequest, secure_login: TheLogin, clock: TheClock
) -> Response[Any]:
    """End one of the visitor's other sessions."""
    visitor = require_visitor(request)
    fields = await form(request)

    def end() -> Response[Any]:
        try:
            secure_login.revoke_session(visitor, fields.get("session", ""))
        except NotFound as error:
            return _account(request, visitor, secure_login, clock, problem=error.message)
        return _account(request, visitor, secure_login, clock, _("That session has ended."))

    return await in_thread(end)


@post("/account/sessions/end-others", status_code=200, sync_to_thread=True, include_in_schema=False)
def end_other_sessions(
    request: AnyRequest, secure_login: TheLogin, clock: TheClock
) -> Response[Any]:
    """End all of the visitor's sessions but this one."""
    visitor = require_visitor(request)
    count = secure_login.revoke_other_sessions(visitor)
    notice = ngettext("{count} session has ended.", "{count} sessions have ended.", count)
    return _account(request, visitor, secure_login, clock, notice.format(count=count))


@get("/account/events", sync_to_thread=True, include_in_schema=False)
def show_events(
    request: AnyRequest, database: TheDatabase, before: FromQuery[str] = ""
) -> Response[Any]:
    """What happened to the visitor's user name and devices."""
    listed, further = own_events(database, require_visitor(request), before=before)
    return page(
        request,
        "pages/security_events.html",
        crumbs=[(_("Your account"), "/account"), (_("Security events"), "")],
        intro=_(
            "What happened to your user name and your devices, newest first. If something was not"
            " you, tell your desk at once."
        ),
        events=[for_page(event, words.moment(event.at)) for event in listed],
        older_href=f"{EVENTS}?before={further}" if further else "",
    )


def _account(
    request: AnyRequest,
    visitor: Visitor,
    secure_login: LoginService,
    clock: Clock,
    notice: str = "",
    problem: str = "",
) -> Response[str]:
    now = clock.now()
    sessions = secure_login.list_sessions(visitor)
    devices = [
        info
        for info in secure_login.list_devices(user_name_id=visitor.user_name_id)
        if info.status is not DeviceStatus.RETIRED
    ]
    devices.sort(
        key=lambda info: (
            info.rests_for(visitor.user_name),
            -authenticator(info.kind).protection_level,
        )
    )
    return page(
        request,
        "pages/account.html",
        status=400 if problem else 200,
        devices=[_device(info, visitor) for info in devices],
        add_device_href=NEW,
        sessions=[
            _session(info) | {"last_seen": words.ago(info.last_seen, now)} for info in sessions
        ],
        notice=notice,
        events_href=EVENTS,
        ceilings_href=CEILINGS,
        change_password_href=CHANGE,
        errors=errors(session=problem) if problem else [],
    )


def _device(info: DeviceInfo, visitor: Visitor) -> dict[str, Any]:
    plugin = authenticator(info.kind)
    state, tone = words.state(info, visitor.user_name)
    others = [name for name in info.user_names if name != visitor.user_name]
    return {
        "label": info.label,
        "kind": info.kind,
        "kind_label": _("serial number {serial}").format(serial=info.serial),
        "level": words.meter(plugin.protection_level),
        "level_label": _("Protection level {level}").format(level=plugin.protection_level),
        "state": state,
        "tone": tone,
        "added": _("since {day}").format(day=words.day(info.since)),
        "last_used": _("good until {moment}").format(moment=words.moment(info.expires))
        if info.expires
        else "",
        "href": f"/account/devices/{info.id}",
        "shared_with": ", ".join(others),
    }


def _session(info: SessionInfo) -> dict[str, Any]:
    return {
        "id": info.id,
        "client": words.client(info.agent),
        "place": info.address,
        "current": info.current,
        "moved": _moved(info),
    }


def _moved(info: SessionInfo) -> str:
    if not info.other_addresses:
        return ""
    return _("Also used from {addresses}.").format(addresses=", ".join(info.other_addresses))
