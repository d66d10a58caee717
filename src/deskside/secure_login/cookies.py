"""The cookies of a log-in. All are `__Host-`: this host alone, by TLS or loopback, no script.

__Host-login    a log-in under way: known to the browser that gave the password
__Host-session  the session
__Host-browser  this browser completed a log-in before (see `lockout`)
"""

from __future__ import annotations

from litestar.datastructures import Cookie

from deskside.secure_login.endings import BROWSER_LIFETIME
from deskside.secure_login.rules import LOGIN_LIFETIME
from deskside.secure_login.tokens import is_token
from deskside.secure_login.values import Origin, SessionGranted
from deskside.web.service import AnyRequest

LOGIN, SESSION, BROWSER = "__Host-login", "__Host-session", "__Host-browser"


def login_secret(request: AnyRequest) -> str:
    """The log-in under way in this browser; empty for none, or for anything but our token."""
    return _token(request, LOGIN)


def origin(request: AnyRequest) -> Origin:
    """Where the request comes from, as our own pages are used."""
    return Origin(
        address=request.client.host if request.client else "",
        agent=request.headers.get("user-agent", ""),
        browser=_token(request, BROWSER),
        interactive=True,
    )


def login_begun(secret: str) -> list[Cookie]:
    """A log-in under way, in place of any session."""
    lifetime = int(LOGIN_LIFETIME.total_seconds())
    return [_cookie(LOGIN, secret, lifetime), _cookie(SESSION, "", 0)]


def login_done(granted: SessionGranted) -> list[Cookie]:
    """A session; nothing is left of the log-in."""
    lifetime = int(BROWSER_LIFETIME.total_seconds())
    return [
        _cookie(SESSION, granted.token),
        _cookie(BROWSER, granted.browser, lifetime),
        _cookie(LOGIN, "", 0),
    ]


def login_over() -> list[Cookie]:
    """No log-in under way."""
    return [_cookie(LOGIN, "", 0)]


def nothing_left() -> list[Cookie]:
    """Neither session nor log-in."""
    return [_cookie(SESSION, "", 0), _cookie(LOGIN, "", 0)]


def _token(request: AnyRequest, name: str) -> str:
    value = request.cookies.get(name, "")
    return value if is_token(value) else ""


def _cookie(name: str, value: str, max_age: int | None = None) -> Cookie:
    return Cookie(
        key=name, value=value, path="/", secure=True, httponly=True, samesite="lax", max_age=max_age
    )
