"""The portal's pages for passwords: behind a one-time link, and for whoever is logged in."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from deskside.directory.model import Link, LinkPurpose
from deskside.directory.rules import SHORTEST_PASSWORD, PasswordRefused
from deskside.foundation.text import _
from deskside.secure_login import cookies, words
from deskside.secure_login.dependencies import TheDirectory, TheLogin
from deskside.secure_login.passwords import Busy
from deskside.secure_login.rates import TooManyAttempts
from deskside.secure_login.service import LoginFailed
from deskside.secure_login.step_up.pages import sensitive_form, verify_first
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.threads import in_thread
from deskside.web.service import AnyRequest, errors, form, page, require_visitor

CHANGE = "/account/password"
PATHS = ["/setup/{token:str}", "/reset/{token:str}"]

# The address is a secret: no page that is opened from here may learn it.
PRIVATE = {"referrer-policy": "no-referrer"}


def password_pages() -> list[Any]:
    """The addresses."""
    return [ask_password, take_new_password, ask_change, take_change]


@get(PATHS, include_in_schema=False)
async def ask_password(
    request: AnyRequest, token: FromPath[str], directory: TheDirectory
) -> Response[Any]:
    """Ask for a password; looking at the page does not use the link up."""
    return _ask(request, await in_thread(directory.open_link, token))


@post(PATHS, status_code=200, include_in_schema=False)
async def take_new_password(
    request: AnyRequest, token: FromPath[str], directory: TheDirectory, secure_login: TheLogin
) -> Response[Any]:
    """Take the password, and use the link up."""
    fields = await form(request)
    link = await in_thread(directory.open_link, token)
    try:
        await secure_login.choose_password(token, fields.get("password", ""))
    except PasswordRefused as error:
        return _ask(request, link, f"{error.message} {error.hint}".strip(), 400)
    except Busy as error:
        response = _ask(request, link, f"{error.message} {error.hint}", 503)
        response.headers["retry-after"] = str(error.retry_after)
        return response
    response = page(
        request,
        "pages/message.html",
        headers=PRIVATE,
        kind="confirmation",
        title=_("Your password is set"),
        lead=_("You can log in as {name} now.").format(name=link.user_name),
        actions=[{"href": "/login", "label": _("Log in")}],
    )
    response.cookies = cookies.nothing_left()
    return response


@get(CHANGE, include_in_schema=False)
async def ask_change(request: AnyRequest, secure_login: TheLogin) -> Response[Any]:
    """Ask for the present password and a new one."""
    visitor = require_visitor(request)
    away = await verify_first(request, secure_login, visitor, Task.PASSWORD)
    return away or _change(request)


@post(CHANGE, status_code=200, include_in_schema=False)
async def take_change(request: AnyRequest, secure_login: TheLogin) -> Response[Any]:
    """Change the password of whoever is logged in."""
    visitor = require_visitor(request)
    fields = await sensitive_form(request, secure_login, visitor)
    if away := await verify_first(request, secure_login, visitor, Task.PASSWORD, fields):
        return away
    current, chosen = fields.get("current_password", ""), fields.get("password", "")
    if not current:
        return _change(request, 400, current_password=_("Enter your present password."))
    try:
        async with secure_login.step_up.spending_in_thread(visitor, Task.PASSWORD):
            await secure_login.change_password(visitor, current, chosen, cookies.origin(request))
    except PasswordRefused as error:
        return _change(request, 400, password=f"{error.message} {error.hint}".strip())
    except LoginFailed:
        return _change(request, 400, current_password=_("This is not your present password."))
    except (Busy, TooManyAttempts) as error:
        wrong = f"{error.message} {error.hint}"
        response = _change(request, error.http_status, current_password=wrong)
        response.headers["retry-after"] = str(error.retry_after)
        return response
    return page(
        request,
        "pages/message.html",
        kind="confirmation",
        title=_("Your password is changed"),
        lead=_("All your other sessions have ended. You were told by e-mail as well."),
        actions=[{"href": "/account", "label": _("Your account")}],
    )


def _change(request: AnyRequest, status: int = 200, **wrong: str) -> Response[str]:
    return page(
        request,
        "pages/set_secret.html",
        status=status,
        user_name=require_visitor(request).user_name,
        purpose="change",
        current=True,
        minimum=SHORTEST_PASSWORD,
        errors=errors(**wrong),
    )


def _ask(request: AnyRequest, link: Link, problem: str = "", status: int = 200) -> Response[str]:
    return page(
        request,
        "pages/set_secret.html",
        status=status,
        headers=PRIVATE,
        user_name=link.user_name,
        purpose="reset" if link.purpose is LinkPurpose.RESET else "first",
        minimum=SHORTEST_PASSWORD,
        until=f"{words.day(link.expires)} {words.clock_time(link.expires)}",
        errors=errors(password=problem) if problem else [],
    )
