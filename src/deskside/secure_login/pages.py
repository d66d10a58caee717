"""The portal's pages of logging in: password, device, log-out."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.response import Response

from deskside.foundation.clock import Clock
from deskside.foundation.text import _
from deskside.secure_login import cookies, words
from deskside.secure_login.account_pages import account_pages
from deskside.secure_login.alarm_pages import alarm_pages
from deskside.secure_login.authenticators import MalformedAnswer
from deskside.secure_login.demo_pages import demo_pages
from deskside.secure_login.dependencies import TheClock, TheLogin
from deskside.secure_login.device_pages import device_pages
from deskside.secure_login.helpdesk.pages import desk_pages
from deskside.secure_login.model import Challenge
from deskside.secure_login.orders.desk_pages import desk_order_pages
from deskside.secure_login.orders.pages import order_pages
from deskside.secure_login.orders.return_pages import return_pages
from deskside.secure_login.password_pages import password_pages
from deskside.secure_login.passwords import Busy
from deskside.secure_login.rates import TooManyAttempts
from deskside.secure_login.rights.pages import rights_pages
from deskside.secure_login.service import ChallengeExpired, LoginFailed, LoginService
from deskside.secure_login.sharing.pages import sharing_pages
from deskside.secure_login.sharing.review_pages import review_pages
from deskside.secure_login.step_up.pages import step_up_pages
from deskside.secure_login.threads import in_thread
from deskside.secure_login.values import LoginStep
from deskside.web.service import AnyRequest, errors, form, own_path, page, redirect, visitor

FACTOR = "/login/factor"


def portal_pages() -> list[Any]:
    """The addresses that only the portal has."""
    own = [show_login, take_password, show_factor, take_answer, new_challenge, log_out]
    return [
        *own,
        *account_pages(),
        *device_pages(),
        *password_pages(),
        *alarm_pages(),
        *desk_pages(),
        *demo_pages(),
        *order_pages(),
        *return_pages(),
        *desk_order_pages(),
        *sharing_pages(),
        *review_pages(),
        *step_up_pages(),
        *rights_pages(),
    ]


@get("/login", sync_to_thread=False, include_in_schema=False)
def show_login(request: AnyRequest) -> Response[Any]:
    """Ask for user name and password."""
    if visitor(request) is not None:
        return redirect(_next(request))
    return page(request, "pages/log_in.html", next=_next(request), action="/login")


@post("/login", status_code=200, include_in_schema=False)
async def take_password(request: AnyRequest, secure_login: TheLogin) -> Response[Any]:
    """Take user name and password."""
    fields = await form(request)
    name, password = fields.get("username", ""), fields.get("password", "")
    missing = errors(
        **({} if name else {"username": _("Enter your user name.")}),
        **({} if password else {"password": _("Enter your password.")}),
    )
    if missing:
        return _password_again(request, fields, 400, missing)
    try:
        step = await secure_login.begin(name, password, cookies.origin(request))
    except LoginFailed as error:
        return _password_again(
            request, fields, 401, errors(username=f"{error.message} {error.hint}")
        )
    except (Busy, TooManyAttempts) as error:
        response = _password_again(
            request, fields, error.http_status, errors(username=f"{error.message} {error.hint}")
        )
        response.headers["retry-after"] = str(error.retry_after)
        return response
    goal = own_path(fields.get("next", "/"))
    if step.session is not None:
        return redirect(goal, cookies=cookies.login_done(step.session))
    return redirect(_factor(goal), cookies=cookies.login_begun(step.login))


@get(FACTOR, include_in_schema=False)
async def show_factor(
    request: AnyRequest, secure_login: TheLogin, clock: TheClock
) -> Response[Any]:
    """Show the challenge."""
    return await in_thread(_present, request, secure_login, clock)


@post(FACTOR, status_code=200, include_in_schema=False)
async def take_answer(
    request: AnyRequest, secure_login: TheLogin, clock: TheClock
) -> Response[Any]:
    """Take the answer of the device."""
    fields = await form(request)
    return await in_thread(_judge, request, secure_login, clock, fields)


@post(f"{FACTOR}/new", status_code=303, include_in_schema=False)
async def new_challenge(request: AnyRequest, secure_login: TheLogin) -> Response[Any]:
    """Ask anew, or another device."""
    fields = await form(request)

    def ask() -> Response[Any]:
        secret = cookies.login_secret(request)
        try:
            step = secure_login.progress(secret)
            assert step.challenge is not None
            secure_login.challenge(secret, fields.get("device") or step.challenge.device)
        except LoginFailed:
            return _start_again(request)
        return redirect(_factor(_next(request)))

    return await in_thread(ask)


@post("/logout", status_code=303, sync_to_thread=True, include_in_schema=False)
def log_out(request: AnyRequest, secure_login: TheLogin) -> Response[Any]:
    """End the session; harmless without one."""
    present = visitor(request)
    if present is not None:
        secure_login.log_out(present)
    return redirect("/", cookies=cookies.nothing_left())


def _present(request: AnyRequest, secure_login: LoginService, clock: Clock) -> Response[Any]:
    try:
        step = secure_login.progress(cookies.login_secret(request))
        assert step.challenge is not None
        if clock.now() >= step.challenge.expires:
            return _challenge_again(request, secure_login, clock, step, _too_late(), 200)
    except LoginFailed:
        return _start_again(request)
    return _show(request, clock, step, step.challenge)


def _judge(
    request: AnyRequest, secure_login: LoginService, clock: Clock, fields: dict[str, str]
) -> Response[Any]:
    secret = cookies.login_secret(request)
    try:
        step = secure_login.progress(secret)
        asked = step.challenge
        assert asked is not None
        if fields.get("challenge", asked.id) != asked.id:
            return _show(request, clock, step, asked, _overtaken(), 400)
        try:
            granted = secure_login.answer(
                secret, asked.device, fields.get("answer", ""), cookies.origin(request)
            )
        except (MalformedAnswer, TooManyAttempts) as error:
            told = f"{error.message} {error.hint}".strip()
            return _show(request, clock, step, asked, told, error.http_status)
        except ChallengeExpired:
            return _challenge_again(request, secure_login, clock, step, _too_late(), 401)
        except LoginFailed:
            return _challenge_again(request, secure_login, clock, step, _wrong(), 401)
    except LoginFailed:
        return _start_again(request)
    return redirect(_next(request), cookies=cookies.login_done(granted))


def _challenge_again(
    request: AnyRequest,
    secure_login: LoginService,
    clock: Clock,
    step: LoginStep,
    message: str,
    status: int,
) -> Response[Any]:
    assert step.challenge is not None
    asked = secure_login.challenge(step.login, step.challenge.device)
    return _show(request, clock, step, asked, message, status)


def _show(
    request: AnyRequest,
    clock: Clock,
    step: LoginStep,
    asked: Challenge,
    message: str = "",
    status: int = 200,
) -> Response[Any]:
    factor = next(factor for factor in step.factors if factor.device == asked.device)
    goal = _next(request)
    return page(
        request,
        "pages/second_factor.html",
        status=status,
        challenge={
            "id": asked.id,
            "kind": factor.kind,
            "question": asked.question,
            "device": asked.device,
            "label": factor.label,
        },
        factors=[other for other in step.factors if other.device != asked.device],
        time_left=words.span(asked.expires - clock.now()),
        until=words.clock_time(asked.expires),
        action=_factor(goal),
        new_challenge_action=_factor(goal, "/new"),
        change_device_action=_factor(goal, "/new"),
        demo_card_href="/demo/card" if request.app.state.shell.demo else "",
        errors=errors(answer=message) if message else [],
    )


def _password_again(
    request: AnyRequest, fields: dict[str, str], status: int, wrong: list[Any]
) -> Response[str]:
    return page(
        request,
        "pages/log_in.html",
        status=status,
        errors=wrong,
        values={"username": fields.get("username", "")},
        next=own_path(fields.get("next", "/")),
        action="/login",
    )


def _start_again(request: AnyRequest) -> Response[Any]:
    if visitor(request) is not None:
        return redirect(_next(request))
    response = page(
        request,
        "pages/message.html",
        status=401,
        title=_("Start the log-in again"),
        lead=_("This log-in took too long, was completed already, or began in another browser."),
        actions=[{"href": "/login", "label": _("Log in")}],
    )
    response.cookies = cookies.login_over()
    return response


def _factor(goal: str, below: str = "") -> str:
    return f"{FACTOR}{below}" + (f"?next={quote(goal)}" if goal != "/" else "")


def _next(request: AnyRequest) -> str:
    return own_path(request.query_params.get("next", "/"))


def _wrong() -> str:
    return _("That response was not accepted. Here is a new challenge: operate your device again.")


def _too_late() -> str:
    return _("The challenge had expired. Here is a new one: operate your device again.")


def _overtaken() -> str:
    return _("That was the answer to an earlier challenge. Answer the one shown here.")
