"""A program's session with a portal: where it is kept, and requests made with it.

The session is kept in a file of mode 0600 in the data folder. It holds the portal's address and
the session token, which the portal knows only by its hash and ends by itself.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from deskside.foundation.errors import (
    DesksideError,
    NotFound,
    NotLoggedIn,
    Refused,
    Unavailable,
    UsageProblem,
)
from deskside.foundation.text import _

if TYPE_CHECKING:
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

    def __init__(self, portal: str, token: str = "") -> None:
        import httpx2

        self.portal = normal_address(portal)
        headers = {"accept": "application/json"} | (
            {"authorization": f"Bearer {token}"} if token else {}
        )
        self._http = httpx2.Client(
            base_url=f"{self.portal}/api/v1", headers=headers, timeout=TIMEOUT, trust_env=True
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
        return cls(session.portal, session.token)

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
            Unavailable: the portal could not be reached or is busy.
            NotLoggedIn: there is no session, or it has ended.
            NotFound, UsageProblem, Refused: what the portal answered.
        """
        import httpx2

        try:
            response = self._http.request(method, path, json=json, content=content, headers=headers)
        except httpx2.HTTPError as error:
            raise Unavailable(
                "portal-unreachable",
                _("The portal at {portal} cannot be reached.").format(portal=self.portal),
                hint=_("Check the address and the network: deskside network test"),
                article="2816",
                detail=str(error),
            ) from error
        if response.status_code >= 400:
            raise _as_error(response)
        return response


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
        404: NotFound,
        503: Unavailable,
    }
    kind = classes.get(response.status_code, Refused)
    return kind(
        code, message, hint=str(problem.get("detail") or ""), article=problem.get("article")
    )
