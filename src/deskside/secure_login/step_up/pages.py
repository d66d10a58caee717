"""The portal's page *Verify your identity*, and how sensitive pages send people there and back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Response

from deskside.foundation.errors import DesksideError
from deskside.foundation.text import _
from deskside.secure_login import cookies, words
from deskside.secure_login.authenticators import MalformedAnswer
from deskside.secure_login.dependencies import TheLogin
from deskside.secure_login.endings import LoginFailed
from deskside.secure_login.passwords import Busy
from deskside.secure_login.proof import NotProved
from deskside.secure_login.rates import TooManyAttempts
from deskside.secure_login.service import LoginService
from deskside.secure_login.step_up.rules import Means, Task
from deskside.secure_login.step_up.service import OnlyTheDesk, task_named
from deskside.secure_login.threads import in_thread
from deskside.web.model import Visitor
from deskside.web.service import AnyRequest, errors, form, own_path, page, redirect, require_visitor

VERIFY = "/account/verify"


def step_up_pages() -> list[Any]:
    """The addresses."""
    return [show_verify, take_verify]


async def verify_first(
    request: AnyRequest,
    secure_login: LoginService,
    visitor: Visitor,
    task: Task,
    fields: dict[str, str] | None = None,
) -> Response[Any] | None:
    """Where to send somebody who must prove their identity first; None where they did.

    A page is come back to; a form that was posted is kept, sealed, and goes on afterwards.
    """
    if await in_thread(secure_login.step_up.is_proven, visitor, task):
        return None
    path = request.url.path
    if fields is None:
        back = f"{path}?{request.url.query}" if request.url.query else path
        return redirect(f"{VERIFY}?{urlencode({'task': task.value, 'back': back})}")
    kept = secure_login.step_up.keep_form(visitor, path, fields)
    return await in_thread(_ask, request, secure_login, visitor, task, {"kept": kept})


async def sensitive_form(
    request: AnyRequest, secure_login: LoginService, visitor: Visitor
) -> dict[str, str]:
    """The fields of a form, perhaps as they were kept while its sender proved who they are."""
    fields = await form(request)
    if "kept" not in fields:
        return fields
    kept = secure_login.step_up.kept_form(visitor, fields["kept"])
    return dict(kept.fields) if kept.path == request.url.path else {}


@get(VERIFY, include_in_schema=False)
async def show_verify(
    request: AnyRequest,
    secure_login: TheLogin,
    task: FromQuery[str] = "",
    back: FromQuery[str] = "",
) -> Response[Any]:
    """Ask for the proof."""
    visitor, wanted = require_visitor(request), task_named(task)
    if await in_thread(secure_login.step_up.is_proven, visitor, wanted):
        return redirect(own_path(back, "/account"))
    hidden = {"back": own_path(back, "/account")}
    return await in_thread(_ask, request, secure_login, visitor, wanted, hidden)


@post(VERIFY, status_code=200, include_in_schema=False)
async def take_verify(request: AnyRequest, secure_login: TheLogin) -> Response[Any]:
    """Take the proof, and go back to what it is for."""
    visitor, fields = require_visitor(request), await form(request)
    task = task_named(fields.get("task", ""))
    carried: tuple[str, ...] = ("kept", "back")
    hidden = {name: fields[name] for name in carried if name in fields}
    if other := fields.get("other"):
        return await in_thread(_ask, request, secure_login, visitor, task, hidden, "", other)
    device, proofs = fields.get("device", ""), secure_login.step_up
    try:
        if device:
            challenge, answer = fields.get("challenge", ""), fields.get("answer", "")
            await in_thread(proofs.answer, visitor, task, device, challenge, answer)
        else:
            await secure_login.pool.run(
                proofs.password, visitor, task, fields.get("password", ""), cookies.origin(request)
            )
    except LoginFailed:
        wrong = _("This is not your password.")
        return await in_thread(_ask, request, secure_login, visitor, task, hidden, wrong)
    except (MalformedAnswer, NotProved, Busy, TooManyAttempts) as error:
        wrong = _told(error)
        return await in_thread(_ask, request, secure_login, visitor, task, hidden, wrong, device)
    if "kept" not in hidden:
        return redirect(own_path(hidden.get("back", ""), "/account"))
    return page(
        request,
        "pages/verified.html",
        action=proofs.kept_form(visitor, hidden["kept"]).path,
        kept=hidden["kept"],
        headers={"cache-control": "no-store"},
    )


def _ask(
    request: AnyRequest,
    secure_login: LoginService,
    visitor: Visitor,
    task: Task,
    hidden: dict[str, str],
    wrong: str = "",
    device: str = "",
) -> Response[Any]:
    means, factors = secure_login.step_up.means(visitor, task)
    if means is Means.DESK:
        raise OnlyTheDesk
    by_device = means is Means.DEVICE
    chosen = next((f for f in factors if f.device == device), factors[0]) if by_device else None
    asked = secure_login.step_up.ask(visitor, task, chosen.device) if chosen else None
    now = secure_login.clock.now()
    return page(
        request,
        "pages/verify.html",
        status=400 if wrong else 200,
        headers={"cache-control": "no-store"},
        action=VERIFY,
        purpose=_purpose(task),
        hidden={**hidden, "task": task.value},
        factor=chosen,
        others=[f for f in factors if chosen and f.device != chosen.device],
        challenge=asked,
        time_left=words.span(asked.expires - now) if asked else "",
        until=words.clock_time(asked.expires) if asked else "",
        demo_card_href="/demo/card" if request.app.state.shell.demo else "",
        errors=errors(**{"answer" if by_device else "password": wrong}) if wrong else [],
    )


def _purpose(task: Task) -> str:
    return {
        Task.DEVICE: _("You are about to add a security device."),
        Task.ORDER: _("You are about to order a security device."),
        Task.LOST: _("You are about to report a security device lost or out of order."),
        Task.RETURN: _("You are about to send a security device back."),
        Task.PIN: _("You are about to change the PIN of a device."),
        Task.PASSWORD: _("You are about to change your password."),
        Task.SHARING: _("You are about to share a security device."),
        Task.REVIEW: _("You are about to decide on a request to share a security device."),
        Task.CLOSING: _("You are about to close an account, and to destroy its devices' keys."),
        Task.ISSUING: _("You are about to hand out security devices."),
        Task.RECOVERY: _("You are about to let somebody in again."),
        Task.AMOUNT: _("Another program asks on your behalf whether you may move an amount."),
    }[task]


def _told(error: DesksideError) -> str:
    return f"{error.message} {error.hint}".strip()
