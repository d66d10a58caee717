"""The pages behind "this wasn't me": lock the user name, then the way back."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response

from deskside.foundation.text import _
from deskside.secure_login import cookies
from deskside.secure_login.dependencies import TheLogin
from deskside.secure_login.password_pages import PRIVATE
from deskside.secure_login.threads import in_thread
from deskside.web.service import AnyRequest, page

PATH = "/alarm/{token:str}"


def alarm_pages() -> list[Any]:
    """The addresses."""
    return [show_alarm, raise_alarm]


@get(PATH, include_in_schema=False)
async def show_alarm(
    request: AnyRequest, token: FromPath[str], secure_login: TheLogin
) -> Response[Any]:
    """Say what locking does; looking does not use the link up, since mail scanners look."""
    name = await in_thread(secure_login.alarms.named, token)
    return page(
        request,
        "pages/alarm.html",
        headers=PRIVATE,
        user_name=name,
        action=request.url.path,
        consequences=[
            _("All sessions of the user name end at once, on every computer."),
            _("Nobody logs in with it, you neither: not by password, not by any device."),
            _("Your desk is told. It opens the user name again after checking who you are."),
        ],
    )


@post(PATH, status_code=200, include_in_schema=False)
async def raise_alarm(
    request: AnyRequest, token: FromPath[str], secure_login: TheLogin
) -> Response[Any]:
    """Lock the user name, and say how its owner gets back."""
    name = await in_thread(secure_login.alarms.named, token)
    await in_thread(secure_login.disown, token)
    response = page(
        request,
        "pages/message.html",
        headers=PRIVATE,
        kind="confirmation",
        title=_("{name} is locked").format(name=name),
        lead=_("All its sessions have ended, and nobody can log in with it."),
        next_steps=[
            _("Contact your desk by telephone. It asks you questions to check who you are."),
            _(
                "Tell it what you did not do. It looks through the security events and the devices"
                " with you, and removes what is not yours."
            ),
            _(
                "It unlocks the user name and sends you a link to choose a new password. A device"
                " that you still hold stays in force; for a lost one you get a temporary code."
            ),
        ],
    )
    response.cookies = cookies.nothing_left()
    return response
