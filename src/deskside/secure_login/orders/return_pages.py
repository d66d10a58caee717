"""The portal's pages of a device out of order, and of sending one back."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _
from deskside.secure_login import words
from deskside.secure_login.dependencies import TheLogin, TheReturns
from deskside.secure_login.device_pages import replace_address
from deskside.secure_login.orders import words as order_words
from deskside.secure_login.orders.form import facts, instructions, return_form
from deskside.secure_login.orders.pages import ORDERS
from deskside.secure_login.orders.returning import Returns
from deskside.secure_login.step_up.pages import sensitive_form, verify_first
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.threads import in_thread
from deskside.secure_login.values import DeviceInfo
from deskside.web.model import Visitor
from deskside.web.service import AnyRequest, errors, page, redirect, require_visitor

DEVICE = "/account/devices/{device_id:str}"
RETURNS = "/account/returns"


def return_pages() -> list[Any]:
    """The addresses."""
    return [report_parked, show_request, take_request, show_return, form_file]


@post(f"{DEVICE}/parked", status_code=200, include_in_schema=False)
async def report_parked(
    request: AnyRequest, device_id: FromPath[str], secure_login: TheLogin
) -> Response[Any]:
    """Report the device out of order."""
    visitor = require_visitor(request)
    fields = await sensitive_form(request, secure_login, visitor)
    if away := await verify_first(request, secure_login, visitor, Task.LOST, fields):
        return away
    async with secure_login.step_up.spending_in_thread(visitor, Task.LOST):
        info = await in_thread(secure_login.lives.park, visitor, device_id)
    return page(
        request,
        "pages/message.html",
        kind="confirmation",
        title=_("The device is out of order"),
        lead=_("It answers nothing any more. An empty battery is replaced free of charge."),
        next_steps=[
            _("Order a replacement."),
            _(
                "If you have no other device, call your desk before you log out: they check who you"
                " are and tell you a temporary code, with which you print an Online Security Code"
                " Card."
            ),
            _("When the replacement is active, send the old device back."),
        ],
        actions=[
            {"href": replace_address(info), "label": _("Order a replacement")},
            {"href": f"/account/devices/{info.id}", "label": _("Back to the device")},
        ],
    )


@get(f"{DEVICE}/return", include_in_schema=False)
async def show_request(
    request: AnyRequest, device_id: FromPath[str], returns: TheReturns
) -> Response[Any]:
    """Say what sending back means."""
    visitor = require_visitor(request)
    if away := await verify_first(request, returns.orders.secure_login, visitor, Task.RETURN):
        return away
    info = await in_thread(_own, returns, visitor, device_id)
    return _request(request, info)


@post(f"{DEVICE}/return", status_code=200, include_in_schema=False)
async def take_request(
    request: AnyRequest, device_id: FromPath[str], returns: TheReturns
) -> Response[Any]:
    """Announce the device."""
    visitor, part = require_visitor(request), returns.orders.secure_login
    fields = await sensitive_form(request, part, visitor)
    if away := await verify_first(request, part, visitor, Task.RETURN, fields):
        return away

    def taken() -> Response[Any]:
        try:
            with part.step_up.spending(visitor, Task.RETURN):
                known = returns.request(visitor, device_id)
        except NotFound:
            raise
        except Refused as error:
            told = f"{error.message} {error.hint}"
            return _request(request, _own(returns, visitor, device_id), told)
        return redirect(f"{RETURNS}/{known.id}")

    return await in_thread(taken)


@get(f"{RETURNS}/{{return_id:str}}", sync_to_thread=True, include_in_schema=False)
def show_return(
    request: AnyRequest, return_id: FromPath[str], returns: TheReturns
) -> Response[Any]:
    """Where a return stands, and how to send the device."""
    known = returns.shown(require_visitor(request), return_id)
    state, tone = order_words.return_state(known.status)
    return page(
        request,
        "pages/return.html",
        crumbs=_crumbs(known.reference),
        state=state,
        tone=tone,
        rows=facts(known, returns.orders.policy.return_address),
        steps=instructions(),
        form_href=f"{RETURNS}/{known.id}/form.pdf",
    )


@get(f"{RETURNS}/{{return_id:str}}/form.pdf", sync_to_thread=True, include_in_schema=False)
def form_file(request: AnyRequest, return_id: FromPath[str], returns: TheReturns) -> Response[Any]:
    """The form to print."""
    known = returns.shown(require_visitor(request), return_id)
    return Response(
        return_form(known, returns.orders.policy.return_address),
        media_type="application/pdf",
        headers={"content-disposition": f'inline; filename="{known.reference}.pdf"'},
    )


def _request(request: AnyRequest, info: DeviceInfo, problem: str = "") -> Response[Any]:
    return page(
        request,
        "pages/share_check.html",
        choices=[],
        status=409 if problem else 200,
        crumbs=[
            (_("Your account"), "/account"),
            (info.label, f"/account/devices/{info.id}"),
            (_("Send it back"), ""),
        ],
        eyebrow="",
        title=_("Send the device back"),
        rows=[
            {"key": _("Device"), "value": info.label or words.kind_name(info.kind)},
            {"key": _("Serial number"), "value": info.serial},
        ],
        told=_(
            "You get a form to print and put into the parcel. When the device has arrived, it opens"
            " nothing any more, and what is held for it is released."
        ),
        action=f"/account/devices/{info.id}/return",
        button=_("Make the form"),
        back=f"/account/devices/{info.id}",
        harsh=False,
        errors=errors(send=problem) if problem else [],
    )


def _own(returns: Returns, visitor: Visitor, device_id: str) -> DeviceInfo:
    part = returns.orders.secure_login
    for info in part.list_devices(user_name_id=visitor.user_name_id):
        if info.id == device_id:
            return info
    raise NotFound("unknown-device", _("That device is not yours."))


def _crumbs(label: str) -> list[tuple[str, str]]:
    return [(_("Your account"), "/account"), (_("Orders and returns"), ORDERS), (label, "")]
