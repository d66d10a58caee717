"""One's own sessions and security events over REST: below `/me`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import delete, get
from litestar.params import FromPath, FromQuery, QueryParameter

from deskside.secure_login.dependencies import TheDatabase, TheLogin
from deskside.secure_login.events import LONGEST_PAGE, own_events
from deskside.web.service import AnyRequest, require_visitor

OWN: dict[str, Any] = {
    "sync_to_thread": True,
    "tags": ["account"],
    "security": [{"bearer": []}],
}


class SessionEntry(msgspec.Struct):
    """A session. `address` is where it began, `other_addresses` where it was used since."""

    id: str
    started: datetime
    last_seen: datetime
    expires: datetime
    address: str
    other_addresses: list[str]
    agent: str
    current: bool


class OwnSessions(msgspec.Struct):
    """The sessions of the visitor's user name, the last used first."""

    sessions: list[SessionEntry]


class Ended(msgspec.Struct):
    """How many sessions have ended."""

    ended: int


class EventEntry(msgspec.Struct):
    """A security event. `event` is a stable name, `text` tells it in the language asked for."""

    id: str
    at: datetime
    event: str
    text: str
    detail: dict[str, str | int | bool]


class OwnEvents(msgspec.Struct):
    """Security events, newest first; `next` is what to give as `before` for older ones."""

    events: list[EventEntry]
    next: str | None


@get("/me/sessions", summary="Your sessions", **OWN)
def sessions(request: AnyRequest, secure_login: TheLogin) -> OwnSessions:
    """Where the visitor's user name is logged in."""
    found = secure_login.list_sessions(require_visitor(request))
    return OwnSessions(
        [
            SessionEntry(
                info.id,
                info.started,
                info.last_seen,
                info.expires,
                info.address,
                list(info.other_addresses),
                info.agent,
                info.current,
            )
            for info in found
        ]
    )


@delete("/me/sessions/{session_id:str}", summary="End a session", status_code=204, **OWN)
def end_session(request: AnyRequest, session_id: FromPath[str], secure_login: TheLogin) -> None:
    """End one session of the visitor's user name."""
    secure_login.revoke_session(require_visitor(request), session_id)


@delete("/me/sessions", summary="End all other sessions", status_code=200, **OWN)
def end_others(request: AnyRequest, secure_login: TheLogin) -> Ended:
    """End all sessions of the visitor's user name but the present one."""
    return Ended(secure_login.revoke_other_sessions(require_visitor(request)))


@get("/me/events", summary="Your security events", **OWN)
def events(
    request: AnyRequest,
    database: TheDatabase,
    before: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=LONGEST_PAGE)] = 50,
) -> OwnEvents:
    """What happened to the visitor's user name and its devices, newest first."""
    listed, further = own_events(database, require_visitor(request), before=before, limit=limit)
    return OwnEvents(
        [
            EventEntry(event.id, event.at, event.name, event.text, dict(event.detail))
            for event in listed
        ],
        further,
    )


def routes() -> list[Any]:
    """The handlers, relative to `/api/v1`."""
    return [sessions, end_session, end_others, events]
