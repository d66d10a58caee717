"""The portal's pages of sharing a device: what it takes, owner, device, check, result."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from deskside.foundation.clock import Clock
from deskside.foundation.errors import DesksideError, Refused
from deskside.foundation.text import _
from deskside.secure_login import cookies, words
from deskside.secure_login.authenticators import MalformedAnswer
from deskside.secure_login.dependencies import TheClock, TheSharing
from deskside.secure_login.endings import ChallengeExpired, LoginFailed
from deskside.secure_login.rates import TooManyAttempts
from deskside.secure_login.sharing import words as sharing_words
from deskside.secure_login.sharing.refusals import CannotShare, NoSuchShare
from deskside.secure_login.sharing.service import ShareInfo, Sharing
from deskside.secure_login.step_up.pages import sensitive_form, verify_first
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.threads import in_thread
from deskside.secure_login.values import DeviceInfo
from deskside.web.model import Visitor
from deskside.web.service import AnyRequest, errors, form, page, redirect, require_visitor

SHARE = "/account/share"


def sharing_pages() -> list[Any]:
    """The addresses."""
    own = [show_start, show_owner, take_owner, show_device, take_answer, ask_anew]
    return [*own, show_check, take_confirmation, show_result, show_cancel, take_cancel]


@get(SHARE, sync_to_thread=True, include_in_schema=False)
def show_start(request: AnyRequest, sharing: TheSharing) -> Response[Any]:
    """What sharing takes, and the visitor's requests."""
    listed = sharing.listed(require_visitor(request))
    return page(
        request,
        "pages/share_start.html",
        crumbs=_crumbs(here=True),
        start_href=f"{SHARE}/owner",
        shares=[_row(info) for info in listed],
    )


@get(f"{SHARE}/owner", include_in_schema=False)
async def show_owner(request: AnyRequest, sharing: TheSharing) -> Response[Any]:
    """Ask for the owner's user name and password."""
    visitor = require_visitor(request)
    away = await verify_first(request, sharing.secure_login, visitor, Task.SHARING)
    return away or _owner(request, "", 200, [])


@post(f"{SHARE}/owner", status_code=200, include_in_schema=False)
async def take_owner(request: AnyRequest, sharing: TheSharing) -> Response[Any]:
    """Take the owner's user name and password."""
    visitor = require_visitor(request)
    fields = await sensitive_form(request, sharing.secure_login, visitor)
    if away := await verify_first(request, sharing.secure_login, visitor, Task.SHARING, fields):
        return away
    name, password = fields.get("username", ""), fields.get("password", "")
    missing = errors(
        **({} if name else {"username": _("Enter the owner's user name.")}),
        **({} if password else {"password": _("Enter the owner's password.")}),
    )
    if missing:
        return _owner(request, name, 400, missing)
    try:
        async with sharing.secure_login.step_up.spending_in_thread(visitor, Task.SHARING):
            info, _asked = await sharing.secure_login.pool.run(
                sharing.begin, visitor, name, password, cookies.origin(request)
            )
    except DesksideError as error:
        return _owner(request, name, error.http_status, errors(username=_whole(error)))
    return redirect(f"{SHARE}/{info.id}/device")


@get(f"{SHARE}/{{share:str}}/device", include_in_schema=False)
async def show_device(
    request: AnyRequest, share: FromPath[str], sharing: TheSharing, clock: TheClock
) -> Response[Any]:
    """Show the question to the device."""
    return await in_thread(_device, request, require_visitor(request), sharing, clock, share)


@post(f"{SHARE}/{{share:str}}/device", status_code=200, include_in_schema=False)
async def take_answer(
    request: AnyRequest, share: FromPath[str], sharing: TheSharing, clock: TheClock
) -> Response[Any]:
    """Take what the device answered."""
    visitor, fields = require_visitor(request), await form(request)

    def judge() -> Response[Any]:
        try:
            sharing.answer(visitor, share, fields.get("answer", ""), cookies.origin(request))
        except (MalformedAnswer, TooManyAttempts) as error:
            return _device(request, visitor, sharing, clock, share, _whole(error))
        except ChallengeExpired:
            sharing.challenge(visitor, share)
            late = _("The challenge had expired. Here is a new one: operate the device again.")
            return _device(request, visitor, sharing, clock, share, late)
        except LoginFailed:
            sharing.challenge(visitor, share)
            wrong = _("That code was not accepted. Here is a new challenge: use the device again.")
            return _device(request, visitor, sharing, clock, share, wrong)
        except CannotShare as error:
            return _refused(request, error)
        return redirect(f"{SHARE}/{share}/check")

    return await in_thread(judge)


@post(f"{SHARE}/{{share:str}}/anew", status_code=303, include_in_schema=False)
async def ask_anew(request: AnyRequest, share: FromPath[str], sharing: TheSharing) -> Response[Any]:
    """Ask the device anew."""
    await in_thread(sharing.challenge, require_visitor(request), share)
    return redirect(f"{SHARE}/{share}/device")


@get(f"{SHARE}/{{share:str}}/check", include_in_schema=False)
async def show_check(
    request: AnyRequest, share: FromPath[str], sharing: TheSharing
) -> Response[Any]:
    """Show what will be done."""
    visitor = require_visitor(request)
    info = await in_thread(sharing.shown, visitor, share)
    if info.status != "proven":
        raise NoSuchShare
    return page(
        request,
        "pages/share_check.html",
        crumbs=_crumbs(),
        eyebrow=_("Step 3 of 3"),
        title=_("Check your answers"),
        rows=_rows(visitor, info),
        told=_(
            "From then on, this user name logs in with the shared device. Cards of its own that"
            " it replaces rest until you cancel the sharing."
        ),
        action=f"{SHARE}/{share}/check",
        button=_("Share the device"),
        back=SHARE,
        harsh=False,
        choices=[],
        errors=[],
    )


@post(f"{SHARE}/{{share:str}}/check", status_code=200, include_in_schema=False)
async def take_confirmation(
    request: AnyRequest, share: FromPath[str], sharing: TheSharing
) -> Response[Any]:
    """Carry it out, or hand it to the reviewers."""
    try:
        await in_thread(sharing.confirm, require_visitor(request), share)
    except CannotShare as error:
        return _refused(request, error)
    return redirect(f"{SHARE}/{share}/result")


@get(f"{SHARE}/{{share:str}}/result", sync_to_thread=True, include_in_schema=False)
def show_result(request: AnyRequest, share: FromPath[str], sharing: TheSharing) -> Response[Any]:
    """What became of the request, with its reference."""
    visitor = require_visitor(request)
    info = sharing.shown(visitor, share)
    title, lead, following = sharing_words.outcome(info)
    return page(
        request,
        "pages/message.html",
        title=title,
        kind="confirmation" if info.status in ("active", "pending") else "plain",
        lead=lead,
        reference=info.reference,
        rows=_rows(visitor, info),
        next_steps=following,
        actions=[{"href": "/account", "label": _("Your account")}],
    )


@get(f"{SHARE}/{{share:str}}/cancel", include_in_schema=False)
async def show_cancel(
    request: AnyRequest, share: FromPath[str], sharing: TheSharing
) -> Response[Any]:
    """Ask whether to cancel."""
    visitor = require_visitor(request)
    return await in_thread(_cancel, request, visitor, sharing, share)


@post(f"{SHARE}/{{share:str}}/cancel", status_code=200, include_in_schema=False)
async def take_cancel(
    request: AnyRequest, share: FromPath[str], sharing: TheSharing
) -> Response[Any]:
    """Withdraw the request, or end the sharing."""
    visitor, fields = require_visitor(request), await form(request)
    send_back = fields.get("own") == "back"

    def cancelled() -> Response[Any]:
        sent = sharing.to_send_back(visitor, share) if send_back else []
        try:
            sharing.cancel(visitor, share, send_back=send_back)
        except Refused as error:
            return _cancel(request, visitor, sharing, share, error.http_status, _whole(error))
        return _sent_back(request, sent) if sent else redirect(SHARE)

    return await in_thread(cancelled)


def _owner(request: AnyRequest, name: str, status: int, wrong: list[Any]) -> Response[Any]:
    return page(
        request,
        "pages/share_owner.html",
        status=status,
        crumbs=_crumbs(),
        action=f"{SHARE}/owner",
        values={"username": name},
        errors=wrong,
    )


def _device(
    request: AnyRequest,
    visitor: Visitor,
    sharing: Sharing,
    clock: Clock,
    share: str,
    message: str = "",
) -> Response[Any]:
    try:
        asked = sharing.question(visitor, share)
    except LoginFailed as error:  # of the owner's, not of the visitor's
        raise NoSuchShare from error
    return page(
        request,
        "pages/share_device.html",
        status=400 if message else 200,
        crumbs=_crumbs(),
        challenge=asked,
        label=sharing.shown(visitor, share).label,
        time_left=words.span(asked.expires - clock.now()),
        until=words.clock_time(asked.expires),
        action=f"{SHARE}/{share}/device",
        anew_action=f"{SHARE}/{share}/anew",
        demo_card_href="/demo/card" if request.app.state.shell.demo else "",
        errors=errors(answer=message) if message else [],
    )


def _refused(request: AnyRequest, error: CannotShare) -> Response[Any]:
    return page(
        request,
        "pages/error.html",
        status=error.http_status,
        crumbs=_crumbs(),
        title=error.title,
        message=error.lead[:1].upper() + error.lead[1:],
        hint=error.hint,
        article=f"{error.article}#{error.code}",
        code=error.code,
        status_code=0,
        actions=[
            {"href": f"{SHARE}/owner", "label": _("Share another device")},
            {"href": "/account", "label": _("Your account")},
        ],
        request_id=str(request.scope.get("deskside.request_id", "")),
    )


def _sent_back(request: AnyRequest, sent: list[DeviceInfo]) -> Response[Any]:
    return page(
        request,
        "pages/message.html",
        kind="confirmation",
        title=_("The sharing is cancelled"),
        lead=_("The card that you send back opens nothing any more."),
        reference_label=_("Serial number"),
        reference=", ".join(info.serial for info in sent),
        next_steps=[
            _("Pack the card well, and write its serial number on a note beside it."),
            _("Send it to your desk in a parcel that is tracked: it is yours until it arrives."),
            _("Allow some three days until the desk has booked it in."),
        ],
        actions=[{"href": SHARE, "label": _("Back to sharing")}],
    )


def _cancel(
    request: AnyRequest,
    visitor: Visitor,
    sharing: Sharing,
    share: str,
    status: int = 200,
    problem: str = "",
) -> Response[Any]:
    info = sharing.shown(visitor, share)
    back = sharing.to_send_back(visitor, share)
    return page(
        request,
        "pages/share_check.html",
        status=status,
        crumbs=_crumbs(),
        eyebrow="",
        title=_("Cancel the sharing"),
        rows=_rows(visitor, info),
        told=_(
            "Your own devices that were put aside work again at once. The shared device stays with"
            " its owner. A printed code card that you no longer need is destroyed, not sent."
        ),
        choices=[
            ("keep", _("It works again"), ""),
            ("back", _("I send it back"), _("It ends now. You must have another device.")),
        ]
        if back
        else [],
        legend=_("Your own card, {serials}").format(
            serials=", ".join(each.serial for each in back)
        ),
        action=f"{SHARE}/{info.id}/cancel",
        button=_("Cancel the sharing"),
        back=SHARE,
        harsh=True,
        errors=errors(cancel=problem) if problem else [],
    )


def _rows(visitor: Visitor, info: ShareInfo) -> list[dict[str, str]]:
    return [
        {"key": _("Your user name"), "value": visitor.user_name},
        {"key": _("Owner of the device"), "value": info.owner},
        {"key": _("Device"), "value": sharing_words.device(info)},
    ]


def _row(info: ShareInfo) -> dict[str, str]:
    state, tone = sharing_words.state(info.status)
    open_ = info.status in ("pending", "active")
    return {
        "title": sharing_words.device(info),
        "state": state,
        "tone": tone,
        "text": _("From {owner}, reference {reference}, {day}").format(
            owner=info.owner, reference=info.reference, day=words.day(info.created)
        ),
        "cancel_href": f"{SHARE}/{info.id}/cancel" if open_ else "",
    }


def _crumbs(*, here: bool = False) -> list[tuple[str, str]]:
    return [(_("Your account"), "/account"), (_("Share a device"), "" if here else SHARE)]


def _whole(error: DesksideError) -> str:
    return f"{error.message} {error.hint}".strip()
