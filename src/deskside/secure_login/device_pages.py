"""The portal's pages of one's own devices: Settings → User Settings → Secure Login System.

A new device is shown once, on the page that answers the request for it, together with the question
that activates it.
"""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response
from markupsafe import Markup

from deskside.directory.service import DirectoryService
from deskside.foundation import qr
from deskside.foundation.errors import DesksideError, NotFound
from deskside.foundation.text import _
from deskside.secure_login import words
from deskside.secure_login.activation import PRINTED
from deskside.secure_login.authenticators import MalformedAnswer, Posted, WithPin, authenticator
from deskside.secure_login.authenticators.totp import app_address, key_text
from deskside.secure_login.dependencies import TheDirectory, TheLogin
from deskside.secure_login.device_rows import nearly_used
from deskside.secure_login.handover import File
from deskside.secure_login.life import APP, RECOVERY, TO_ACTIVATE, Asked
from deskside.secure_login.model import Issued
from deskside.secure_login.orders.returning import is_sent_back
from deskside.secure_login.pin import PinRefused
from deskside.secure_login.proof import NotProved
from deskside.secure_login.service import LoginService
from deskside.secure_login.step_up.pages import sensitive_form, verify_first
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.threads import in_thread
from deskside.secure_login.values import Bridge, DeviceInfo, DeviceStatus
from deskside.web.model import Visitor
from deskside.web.service import AnyRequest, errors, form, page, require_visitor

NEW = "/account/devices/new"
ONE = "/account/devices/{device_id:str}"


def device_pages() -> list[Any]:
    """The addresses."""
    making = [choose, make, show_device, take_file, ask, take]
    return [*making, report_lost, ask_pin, take_pin, confirm_pin]


@get(NEW, include_in_schema=False)
async def choose(request: AnyRequest, secure_login: TheLogin) -> Response[Any]:
    """What may be added."""
    visitor = require_visitor(request)
    if away := await verify_first(request, secure_login, visitor, Task.DEVICE):
        return away
    kinds = await in_thread(secure_login.lives.may_make, visitor)
    return page(
        request,
        "pages/device_new.html",
        choices=[
            {
                "kind": kind,
                "label": words.kind_name(kind),
                "about": _about(kind, secure_login.lives.bridge),
            }
            for kind in kinds
        ],
        crumbs=[*_crumbs(), (_("Add a device"), "")],
    )


@post(NEW, status_code=200, include_in_schema=False)
async def make(
    request: AnyRequest, secure_login: TheLogin, directory: TheDirectory
) -> Response[Any]:
    """Make a device, and show it once."""
    visitor = require_visitor(request)
    fields = await sensitive_form(request, secure_login, visitor)
    if away := await verify_first(request, secure_login, visitor, Task.DEVICE, fields):
        return away

    def made() -> Response[Any]:
        owner = directory.find(visitor.user_name)
        with secure_login.step_up.spending(visitor, Task.DEVICE):
            info, issued = secure_login.lives.make(visitor, owner, fields.get("kind", ""))
        if info.status is DeviceStatus.ACTIVE:
            return _question(request, None, info, visitor, issued)
        asked = secure_login.lives.ask(visitor, info.id)
        document = dict(issued.virtual_device or {})
        sealed = secure_login.handover.sealed(info, visitor.user_name_id, document)
        return _question(request, asked, info, visitor, issued, paper=sealed)

    return await in_thread(made)


@get(ONE, include_in_schema=False, sync_to_thread=True)
def show_device(
    request: AnyRequest, device_id: FromPath[str], secure_login: TheLogin
) -> Response[Any]:
    """One device, and what can be done about it."""
    visitor = require_visitor(request)
    return _show(request, _own(secure_login, visitor, device_id), visitor)


@post(f"{ONE}/file", status_code=200, include_in_schema=False)
async def take_file(
    request: AnyRequest, device_id: FromPath[str], secure_login: TheLogin
) -> Response[Any]:
    """A new card as a file to print, from the page that shows it once."""
    visitor, fields = require_visitor(request), await form(request)

    def made() -> Response[Any]:
        info = _own(secure_login, visitor, device_id)
        return as_download(
            secure_login.handover.file(info, visitor.user_name_id, fields.get("paper", ""))
        )

    return await in_thread(made)


def as_download(file: File) -> Response[bytes]:
    """A file that no cache keeps."""
    return Response(
        file.content,
        media_type=file.media_type,
        headers={
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{file.name}"',
        },
    )


@get(f"{ONE}/activate", include_in_schema=False)
async def ask(
    request: AnyRequest, device_id: FromPath[str], secure_login: TheLogin
) -> Response[Any]:
    """The question that activates a device, or one that was found again."""
    visitor = require_visitor(request)

    def asked() -> Response[Any]:
        question = secure_login.lives.ask(visitor, device_id)
        return _question(request, question, question.device, visitor)

    return await in_thread(asked)


@post(f"{ONE}/activate", status_code=200, include_in_schema=False)
async def take(
    request: AnyRequest, device_id: FromPath[str], secure_login: TheLogin
) -> Response[Any]:
    """Take the answer."""
    visitor, fields = require_visitor(request), await form(request)

    def taken() -> Response[Any]:
        try:
            info = secure_login.lives.activate(
                visitor, device_id, fields.get("challenge", ""), fields.get("answer", "")
            )
        except (MalformedAnswer, NotProved) as error:
            question = secure_login.lives.ask(visitor, device_id)
            return _question(request, question, question.device, visitor, problem=_told(error))
        return _activated(request, info)

    return await in_thread(taken)


@post(f"{ONE}/lost", status_code=200, include_in_schema=False)
async def report_lost(
    request: AnyRequest, device_id: FromPath[str], secure_login: TheLogin
) -> Response[Any]:
    """Report the device lost."""
    visitor = require_visitor(request)
    fields = await sensitive_form(request, secure_login, visitor)
    if away := await verify_first(request, secure_login, visitor, Task.LOST, fields):
        return away
    async with secure_login.step_up.spending_in_thread(visitor, Task.LOST):
        info = await in_thread(secure_login.lives.lose, visitor, device_id)
    plugin: object = authenticator(info.kind)
    replace = (
        [{"href": replace_address(info), "label": _("Order a replacement")}]
        if isinstance(plugin, Posted)
        else []
    )
    return page(
        request,
        "pages/message.html",
        kind="confirmation",
        title=_("The device is reported lost"),
        lead=_("From now on it opens nothing, for any user name that shares it."),
        next_steps=[
            _("If you have another device, go on with that one."),
            _(
                "Otherwise call your desk before you log out: they check who you are and tell you a"
                " temporary code, with which you print an Online Security Code Card."
            ),
            *([_("Order a replacement.")] if replace else []),
            _("If you find it, activate it again on its page: the temporary state ends then."),
        ],
        actions=[*replace, {"href": _address(info.id), "label": _("Back to the device")}],
    )


@get(f"{ONE}/pin", include_in_schema=False)
async def ask_pin(
    request: AnyRequest, device_id: FromPath[str], secure_login: TheLogin
) -> Response[Any]:
    """Ask for a new PIN."""
    visitor = require_visitor(request)
    if away := await verify_first(request, secure_login, visitor, Task.PIN):
        return away
    info = await in_thread(_own, secure_login, visitor, device_id)
    return _pin(request, info)


@post(f"{ONE}/pin", status_code=200, include_in_schema=False)
async def take_pin(
    request: AnyRequest, device_id: FromPath[str], secure_login: TheLogin, directory: TheDirectory
) -> Response[Any]:
    """Take the new PIN, and ask for an answer that is made with it."""
    visitor = require_visitor(request)
    fields = await sensitive_form(request, secure_login, visitor)
    if away := await verify_first(request, secure_login, visitor, Task.PIN, fields):
        return away

    def taken() -> Response[Any]:
        info = _own(secure_login, visitor, device_id)
        pin = fields.get("pin", "")
        if pin != fields.get("again", ""):
            return _pin(request, info, again=_("The two PINs are not the same."))
        try:
            with secure_login.step_up.spending(visitor, Task.PIN):
                asked, sealed = secure_login.lives.ask_for_pin(
                    visitor, device_id, pin, personal_digits(directory, visitor)
                )
        except PinRefused as error:
            return _pin(request, info, pin=_told(error))
        return _question(request, asked, info, visitor, sealed=sealed)

    return await in_thread(taken)


@post(f"{ONE}/pin/confirm", status_code=200, include_in_schema=False)
async def confirm_pin(
    request: AnyRequest, device_id: FromPath[str], secure_login: TheLogin
) -> Response[Any]:
    """Take the answer that was made with the new PIN."""
    visitor, fields = require_visitor(request), await form(request)

    def taken() -> Response[Any]:
        info = _own(secure_login, visitor, device_id)
        try:
            secure_login.lives.change_pin(
                visitor,
                device_id,
                fields.get("challenge", ""),
                fields.get("sealed", ""),
                fields.get("answer", ""),
            )
        except (MalformedAnswer, NotProved):
            told = _("That was not the answer for the new PIN. Your PIN is unchanged; begin again.")
            return _pin(request, info, pin=told)
        return page(
            request,
            "pages/message.html",
            kind="confirmation",
            title=_("Your PIN is changed"),
            lead=_("Use the new one from now on."),
            actions=[{"href": "/account", "label": _("Your account")}],
        )

    return await in_thread(taken)


def _question(
    request: AnyRequest,
    asked: Asked | None,
    info: DeviceInfo,
    visitor: Visitor,
    issued: Issued | None = None,
    *,
    sealed: str = "",
    paper: str = "",
    problem: str = "",
) -> Response[Any]:
    """A device's question, and the device itself where it is shown this once."""
    shown = dict(issued.virtual_device or {}) if issued else {}
    app = shown if info.kind == APP and shown else None
    link = app_address(app, "Deskside", visitor.user_name) if app else ""
    return page(
        request,
        "pages/device_question.html",
        status=400 if problem else 200,
        device={"label": _name(info), "kind": info.kind, "serial": info.serial},
        codes=shown.get("codes", "").split(),
        numbered=info.kind != RECOVERY,
        key=key_text(app) if app else "",
        app_address=link,
        picture=Markup(qr.svg(link)) if link else "",  # noqa: S704 - drawn by us
        file_action=_address(info.id, "/file") if paper else "",
        paper=paper,
        expires=words.moment(info.expires) if info.expires else "",
        instructions=asked.instructions if asked else (),
        challenge=asked.challenge if asked else None,
        action=_address(info.id, "/pin/confirm" if sealed else "/activate"),
        sealed=sealed,
        numeric=info.kind not in (PRINTED, "online-code-card"),
        errors=errors(answer=problem) if problem else [],
        headers={"cache-control": "no-store"},
        crumbs=[*_crumbs(), (_name(info), "")],
    )


def _name(info: DeviceInfo) -> str:
    return info.label or words.kind_name(info.kind)


def _show(request: AnyRequest, info: DeviceInfo, visitor: Visitor) -> Response[Any]:
    state, tone = words.state(info, visitor.user_name)
    active = info.status is DeviceStatus.ACTIVE
    answers_again = info.status in TO_ACTIVATE and not info.empty
    plugin: object = authenticator(info.kind)
    is_posted = isinstance(plugin, Posted)
    left = _("{left} of {total}").format(left=info.left[0], total=info.left[1]) if info.left else ""
    facts = [
        (_("Serial number"), info.serial),
        (_("State"), state),
        (_("Since"), words.day(info.since)),
        (_("Good until"), words.moment(info.expires) if info.expires else ""),
        (_("Activate before"), words.moment(info.activate_by) if info.activate_by else ""),
        (_("Codes left"), left),
    ]
    return page(
        request,
        "pages/device.html",
        device={"label": info.label, "state": state, "tone": tone},
        facts=[(name, value) for name, value in facts if value],
        used_up=info.left is not None and nearly_used(info.left),
        new_href=NEW,
        activate_href=_address(info.id, "/activate") if answers_again else "",
        found=answers_again and info.status is DeviceStatus.LOST,
        parked=answers_again and info.status is DeviceStatus.PARKED,
        on_its_way=info.status is DeviceStatus.WAITING and info.activate_by is not None,
        lost_action=_address(info.id, "/lost") if active else "",
        resting=info.rests_for(visitor.user_name),
        parked_action=_address(info.id, "/parked") if active and is_posted else "",
        parked_label=_("Damaged or unreadable") if info.left else _("Battery empty or broken"),
        replace_href=replace_address(info)
        if is_posted and info.status in (DeviceStatus.LOST, DeviceStatus.PARKED)
        else "",
        return_href=_address(info.id, "/return")
        if is_sent_back(info) and info.status is not DeviceStatus.LOST
        else "",
        pin_href=_address(info.id, "/pin")
        if info.status in (DeviceStatus.ACTIVE, DeviceStatus.WAITING)
        and isinstance(authenticator(info.kind), WithPin)
        else "",
        crumbs=[*_crumbs(), (info.label, "")],
    )


def _pin(request: AnyRequest, info: DeviceInfo, **wrong: str) -> Response[Any]:
    return page(
        request,
        "pages/device_pin.html",
        status=400 if wrong else 200,
        device={"label": info.label, "serial": info.serial},
        action=_address(info.id, "/pin"),
        errors=errors(**wrong) if wrong else [],
        crumbs=[*_crumbs(), (info.label, _address(info.id)), (_("Change the PIN"), "")],
    )


def _activated(request: AnyRequest, info: DeviceInfo) -> Response[Any]:
    until = (
        _("It is good until {moment}.").format(moment=words.moment(info.expires))
        if (info.expires)
        else _("From your next log-in on it is asked for.")
    )
    return page(
        request,
        "pages/message.html",
        kind="confirmation",
        title=_("Your device is active"),
        reference=info.serial,
        reference_label=_("Serial number"),
        lead=until,
        actions=[{"href": "/account", "label": _("Your account")}],
    )


def _own(secure_login: LoginService, visitor: Visitor, device_id: str) -> DeviceInfo:
    for info in secure_login.list_devices(user_name_id=visitor.user_name_id):
        if info.id == device_id:
            return info
    raise NotFound("unknown-device", _("That device is not yours."))


def personal_digits(directory: DirectoryService, visitor: Visitor) -> list[str]:
    """The numbers that others may know of the visitor."""
    return directory.personal_digits(directory.find(visitor.user_name).holder_id)


def replace_address(info: DeviceInfo) -> str:
    """Where a device of the same kind is ordered in place of one."""
    return f"/account/orders/new?kind={info.kind}&replaces={info.id}"


def _about(kind: str, bridge: Bridge) -> str:
    told = {
        APP: _("An app on your phone shows six digits that change every 30 seconds."),
        PRINTED: _("224 numbered codes on paper. Print it now; it is shown once."),
        RECOVERY: _("Ten codes for the day when your device is gone. New ones end the old."),
    }
    return told.get(
        kind,
        _(
            "224 numbered codes to print, good for {span}, until you have a lasting device again."
        ).format(span=words.span(bridge.online_card)),
    )


def _told(error: DesksideError) -> str:
    return f"{error.message} {error.hint}".strip()


def _address(device_id: str, below: str = "") -> str:
    return f"/account/devices/{device_id}{below}"


def _crumbs() -> list[tuple[str, str]]:
    return [(_("Your account"), "/account"), (_("Secure Login System"), "/account#devices")]
