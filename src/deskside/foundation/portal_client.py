"""A program's session with a portal: where it is kept, and requests made with it.

The session is kept in a file of mode 0600 in the data folder. It holds the portal's address and
the session token, which the portal knows only by its hash and ends by itself.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from deskside.foundation.errors import (
    DesksideError,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    OutOfSpace,
    Refused,
    Unavailable,
    UsageProblem,
)
from deskside.foundation.text import _

if TYPE_CHECKING:
    from ssl import SSLContext

    import httpx2

TIMEOUT = 15.0
"""Seconds after which a portal that says nothing counts as out of reach."""


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A log-in that the command line remembers.

    Attributes:
        portal: address of the portal, without a path.
        token: the session token.
        user_name: whose session it is, to be shown.
        expires: when the portal will end it at the latest (ISO 8601, UTC).
    """

    portal: str
    token: str = field(repr=False)
    user_name: str
    expires: str


def session_file() -> Path:
    """Where the session is kept."""
    from deskside.foundation.paths import data_folder

    return data_folder() / "portal-session.json"


def load_session() -> StoredSession | None:
    """The remembered session; None where there is none or its file is damaged."""
    try:
        return StoredSession(**json.loads(session_file().read_text()))
    except (OSError, ValueError, TypeError):
        return None


def store_session(session: StoredSession) -> None:
    """Remember a session, readable by its owner alone."""
    path = session_file()
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(session), file)
    temporary.replace(path)


def forget_session() -> None:
    """Forget the remembered session."""
    session_file().unlink(missing_ok=True)


class PortalClient:
    """Requests to one portal's API, with a session where there is one.

    A context manager: at its end no connection is left open.
    """

    def __init__(self, portal: str, token: str = "", user_name: str = "") -> None:
        import httpx2

        self.portal = normal_address(portal)
        self.user_name = user_name
        headers = {"accept": "application/json"} | (
            {"authorization": f"Bearer {token}"} if token else {}
        )
        self._http = httpx2.Client(
            base_url=f"{self.portal}/api/v1",
            headers=headers,
            timeout=TIMEOUT,
            trust_env=True,
            verify=_trust(),
        )

    @classmethod
    def open(cls) -> PortalClient:
        """A client with the remembered session.

        Raises:
            NotLoggedIn: nobody is logged in on this computer.
        """
        session = load_session()
        if session is None:
            raise NotLoggedIn(
                "not-logged-in",
                _("You are not logged in to a portal."),
                hint=_("Log in with: deskside login PORTAL"),
            )
        return cls(session.portal, session.token, session.user_name)

    def close(self) -> None:
        """Close the connections to the portal."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """One request, relative to `/api/v1`.

        Raises:
            Unavailable: `portal-unreachable`, `not-a-portal`, or the portal is busy.
            NotLoggedIn: there is no session, or it has ended.
            NotFound, NotAllowed, UsageProblem, OutOfSpace: what the portal answered.
            Refused: `portal-certificate`; what the portal answered.
        """
        import httpx2

        try:
            response = self._http.request(method, path, json=json, content=content, headers=headers)
        except httpx2.HTTPError as error:
            raise self._in_words(error) from error
        if response.status_code >= 400:
            raise _as_error(response)
        if response.status_code >= 300:
            raise self.not_a_portal(f"HTTP {response.status_code}")
        return response

    def data(self, method: str, path: str, *, json: Any = None) -> Any:
        """The JSON document that answers one request.

        Raises:
            DesksideError: as for `request`.
        """
        response = self.request(method, path, json=json)
        try:
            return response.json()
        except ValueError as error:
            raise self.not_a_portal(type(error).__name__) from None

    def not_a_portal(self, detail: str) -> Unavailable:
        """Something answered that does not speak as a portal does."""
        return Unavailable(
            "not-a-portal",
            _("What answers at {portal} is not a portal of Deskside.").format(portal=self.portal),
            hint=_(
                "A hotel or guest network may want you to log in first; else check the address."
            ),
            article="2816",
            detail=detail,
        )

    def _in_words(self, error: httpx2.HTTPError) -> Refused:
        if (reason := _certificate_problem(error)) is not None:
            return Refused(
                "portal-certificate",
                _("The certificate of {portal} is not trusted: {reason}").format(
                    portal=self.portal, reason=reason
                ),
                hint=_(
                    "Nothing was sent. Somebody may be reading along: ask your desk's operator."
                ),
                article="2816",
            )
        return Unavailable(
            "portal-unreachable",
            _("The portal at {portal} cannot be reached.").format(portal=self.portal),
            hint=_("Check the address and the network: deskside network test"),
            article="2816",
            detail=str(error),
        )


def normal_address(portal: str) -> str:
    """The address of a portal without path or trailing slash.

    Raises:
        UsageProblem: it is no http or https address.
    """
    from urllib.parse import urlsplit

    text = portal if "://" in portal else f"https://{portal}"
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageProblem(
            "wrong-address",
            _("{portal} is not the address of a portal.").format(portal=portal),
            hint=_("Give it as https://portal.example or http://localhost:8737"),
        )
    return f"{parts.scheme}://{parts.netloc}"


@cache
def _trust() -> SSLContext:
    """Which certificates are trusted. Reading them takes 20 ms: once in a process."""
    import httpx2

    return httpx2.create_ssl_context()


def _certificate_problem(error: BaseException) -> str | None:
    """Why a certificate was not trusted; None where that was not the trouble."""
    import ssl

    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return str(seen.verify_message or seen.reason or "")
        seen = seen.__cause__ or seen.__context__
    return None


def _as_error(response: httpx2.Response) -> DesksideError:
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    code = str(problem.get("type", f"http-{response.status_code}"))
    message = str(problem.get("title", response.reason_phrase))
    classes: dict[int, type[DesksideError]] = {
        400: UsageProblem,
        401: NotLoggedIn,
        403: NotAllowed,
        404: NotFound,
        507: OutOfSpace,
    }
    fallback = Unavailable if response.status_code >= 500 else Refused
    kind = classes.get(response.status_code, fallback)
    return kind(
        code, message, hint=str(problem.get("detail") or ""), article=problem.get("article")
    )
