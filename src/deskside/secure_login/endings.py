"""How a log-in ends: in a session, or in a refusal that tells nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, String, bindparam, text

from deskside.directory.model import AccountStatus
from deskside.directory.service import DirectoryService
from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock
from deskside.foundation.database import UtcDateTime
from deskside.foundation.errors import NotLoggedIn
from deskside.foundation.mail import Mail
from deskside.foundation.text import _, speaking
from deskside.foundation.upsert import insert_or_update
from deskside.secure_login import lockout, rules
from deskside.secure_login.notices import lock_notice
from deskside.secure_login.sessions import Sessions
from deskside.secure_login.store import known_browser
from deskside.secure_login.tokens import is_token, new_token, token_hash
from deskside.secure_login.values import Origin, SessionGranted

BROWSER_LIFETIME = timedelta(days=180)
"""How long a browser that completed a log-in is recognised."""


QUIET = timedelta(days=90)
"""After how long a user name's next log-in is worth a notice, unless the desk chose."""


class LoginFailed(NotLoggedIn):
    """The log-in failed; the person is told nothing more, whatever the reason."""

    def __init__(self) -> None:
        super().__init__(
            "login-failed",
            _("The log-in failed: what you entered does not match."),
            hint=_("Check the user name (lower case), the password and the code, and try again."),
        )


class ChallengeExpired(LoginFailed):
    """The challenge was too old. Only our own pages tell this from other failures."""


@dataclass(frozen=True, slots=True)
class Endings:
    """What the password's step and the device's step have in common."""

    clock: Clock
    audit: Audit
    mail: Mail
    directory: DirectoryService
    sessions: Sessions
    quiet: timedelta = QUIET

    def grant(
        self,
        connection: Connection,
        login_id: str,
        user_name_id: str,
        accepted: rules.Accepted,
        origin: Origin,
        device_id: str = "",
    ) -> SessionGranted:
        """The session of a log-in, and a browser that is known from now on."""
        token, expires = self.sessions.start(connection, login_id, user_name_id, accepted, origin)
        browser = origin.browser if is_token(origin.browser) else new_token()
        if origin.interactive:
            insert_or_update(
                connection,
                known_browser,
                {"token_hash": token_hash(browser).hex(), "user_name_id": user_name_id},
                {"expires": self.clock.now() + BROWSER_LIFETIME},
            )
        self._note_quiet(connection, user_name_id, device_id)
        detail = {"login": login_id, "amr": "+".join(accepted.amr), "scope": accepted.scope.value}
        self.record(
            connection,
            "login.succeeded",
            user_name_id,
            actor=user_name_id,
            **detail | ({"device": device_id} if device_id else {}),
        )
        return SessionGranted(
            token, browser, expires, accepted.protection_level, accepted.amr, accepted.scope
        )

    def _note_quiet(self, connection: Connection, user_name_id: str, device_id: str) -> None:
        """Remember the log-in; one after a long quiet is an event of its own."""
        now = self.clock.now()
        values = {"user": user_name_id, "now": now, "device": device_id or None}
        before = connection.execute(_LOGGED_IN, values).scalar()
        if before is not None and now - before >= self.quiet:
            self.record(connection, "login.after-quiet", user_name_id, actor=user_name_id)

    def tell_of_lock(
        self, connection: Connection, holder_id: str, name: str, now: datetime, language: str | None
    ) -> None:
        """Write to whoever was locked. For nobody, do the same and take it back: it costs alike."""
        address = self.directory.email(connection, holder_id)
        with speaking(language or self.directory.language):
            subject, body = lock_notice(name if address else "", now + lockout.WINDOW)
        with connection.begin_nested() as savepoint:
            self.mail.enqueue(connection, address or "nobody@localhost", subject, body)
            if address is None:
                savepoint.rollback()

    def record(
        self,
        connection: Connection,
        event: str,
        subject: str,
        *,
        actor: str | None = None,
        **detail: str,
    ) -> None:
        """Keep what happened, in the audit trail."""
        self.audit.record(connection, event, actor=actor, subject=subject, detail=detail)


def standing_of(row: Row[Any]) -> rules.Standing:
    """What the directory says of a user name, in a row of its `STANDING`."""
    status = AccountStatus(row.account_status) if row.account_status else None
    return rules.Standing(enabled=bool(row.enabled), account=status)


_LOGGED_IN = (
    text(
        "INSERT INTO last_login (user_name_id, at, device_id) VALUES (:user, :now, :device)"
        " ON CONFLICT (user_name_id) DO UPDATE SET before = last_login.at, at = excluded.at,"
        " device_id = coalesce(excluded.device_id, last_login.device_id)"
        " RETURNING before"
    )
    .bindparams(bindparam("now", type_=UtcDateTime()), bindparam("device", type_=String(26)))
    .columns(before=UtcDateTime())
)
"""One statement, in the words of both engines: the moment before this one, None at the first."""
