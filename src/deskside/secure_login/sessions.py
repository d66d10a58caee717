"""Sessions: kept here, known to the holder by a random token of which we keep only the hash.

    started ──seen──▶ seen … ──idle for half an hour, twelve hours old, or revoked──▶ ended

A browser's token is renewed every quarter of an hour. The one before stays good until the new
one has been seen, and a short while longer for requests under way: a reply lost on the road logs
nobody out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, update

from deskside.directory.service import STANDING, DirectoryService
from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, new_id
from deskside.foundation.errors import NotFound
from deskside.foundation.keyring import Keyring
from deskside.foundation.text import _
from deskside.secure_login.moves import AddressPolicy, Move, judge
from deskside.secure_login.rules import Accepted
from deskside.secure_login.store import session
from deskside.secure_login.tokens import is_token, new_token, token_hash
from deskside.secure_login.values import Origin, SessionInfo
from deskside.web.model import Resolved, SessionMoved, Visitor

SEEN_EVERY = timedelta(minutes=1)
"""How exactly we remember when a session was last used."""

RENEW_AFTER = timedelta(minutes=15)
GRACE = timedelta(seconds=30)

LONGEST_ADDRESS, REMEMBERED = 80, 8
"""Characters of an address, and how many addresses of one session are kept."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts, unused and at most, and from where it may be used."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)
    addresses: AddressPolicy = AddressPolicy.WARN


class Whence(msgspec.Struct, frozen=True):
    """Where a session comes from; sealed, since it is personal data.

    `address` and `agent` are those of its log-in, `others` the addresses that it was used from
    since, the latest last.
    """

    address: str
    agent: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sessions:
    """Starting, finding and ending sessions."""

    database: Database
    keyring: Keyring
    clock: Clock
    audit: Audit
    directory: DirectoryService
    limits: Limits = Limits()

    def start(
        self,
        connection: Connection,
        login_id: str,
        user_name_id: str,
        accepted: Accepted,
        origin: Origin,
    ) -> tuple[str, datetime]:
        """Start the one session that a log-in may have; its token, and when it ends at the latest.

        Raises:
            IntegrityError: the log-in has a session already.
        """
        token, now, identifier = new_token(), self.clock.now(), new_id()
        expires = now + self.limits.absolute
        values = {
            "id": identifier,
            "login_id": login_id,
            "user_name_id": user_name_id,
            "token_hash": token_hash(token),
            "renewed": now,
            "interactive": origin.interactive,
            "scope": accepted.scope.value,
            "amr": " ".join(accepted.amr),
            "protection_level": accepted.protection_level,
            "origin": self._seal(
                identifier, Whence(origin.address[:LONGEST_ADDRESS], origin.agent[:300])
            ),
            "started": now,
            "last_seen": now,
            "expires": expires,
            "moved": False,
        }
        connection.execute(_INSERT, values)
        return token, expires

    def resolve(self, token: str, address: str = "") -> Resolved | SessionMoved | None:
        """Whose session a token stands for, and its new token when it was renewed.

        One statement; a second one once a minute, to remember that the session was used, and at
        the first request from an address that the session has not had before.
        """
        if not is_token(token):
            return None
        hashed, now = token_hash(token), self.clock.now()
        with self.database.read() as connection:
            row = connection.execute(_BY_TOKEN, {"hash": hashed}).first()
        if row is None or not self._is_alive(row, hashed, now):
            return None
        moved = self._judge_address(row, address)
        return moved or Resolved(self._visitor(row), self._keep_up(row, hashed, now))

    def end(self, session_id: str) -> None:
        """Log out."""
        with self.database.write() as connection:
            row = connection.execute(
                delete(session).where(session.c.id == session_id).returning(session.c.user_name_id)
            ).first()
            if row is not None:
                self._record(connection, "session.ended", row.user_name_id, session_id)

    def revoke(self, visitor: Visitor, session_id: str) -> None:
        """End another session of the same user name; raises NotFound."""
        with self.database.write() as connection:
            ended = connection.execute(
                delete(session).where(
                    session.c.id == session_id, session.c.user_name_id == visitor.user_name_id
                )
            )
            if ended.rowcount == 0:
                raise NotFound("unknown-session", _("That session has ended already."))
            self._record(connection, "session.revoked", visitor.user_name_id, session_id)

    def revoke_others(self, visitor: Visitor) -> int:
        """End all sessions of a user name but this one; how many there were."""
        with self.database.write() as connection:
            return self.revoke_all(connection, visitor.user_name_id, but=visitor.session_id)

    def revoke_all(self, connection: Connection, user_name_id: str, *, but: str = "") -> int:
        """End all sessions of a user name; how many there were."""
        ended = connection.execute(
            delete(session)
            .where(session.c.user_name_id == user_name_id, session.c.id != but)
            .returning(session.c.id)
        ).all()
        for row in ended:
            self._record(connection, "session.revoked", user_name_id, row.id)
        return len(ended)

    def listed(self, visitor: Visitor) -> Sequence[SessionInfo]:
        """The living sessions of the visitor's user name, the last used first."""
        now = self.clock.now()
        with self.database.read() as connection:
            rows = connection.execute(
                select(session)
                .where(
                    session.c.user_name_id == visitor.user_name_id,
                    session.c.expires > now,
                    session.c.last_seen > now - self.limits.idle,
                    ~session.c.moved,
                )
                .order_by(session.c.last_seen.desc(), session.c.id)
            ).all()
        return [self._info(row, visitor) for row in rows]

    def sweep(self, connection: Connection) -> None:
        """Forget sessions that have ended by themselves."""
        now = self.clock.now()
        connection.execute(
            delete(session).where(
                or_(session.c.expires <= now, session.c.last_seen <= now - self.limits.idle)
            )
        )

    def _is_alive(self, row: Row[Any], hashed: bytes, now: datetime) -> bool:
        overtaken = (
            hashed != row.token_hash
            and row.previous_until is not None
            and now >= row.previous_until
        )
        in_time = now < row.expires and now < row.last_seen + self.limits.idle
        return bool(row.enabled) and in_time and not overtaken

    def _judge_address(self, row: Row[Any], address: str) -> SessionMoved | None:
        """Why the session has ended by its addresses, if it has; the first time, end it."""
        origin = self._origin(row)
        if row.moved:
            return SessionMoved((origin.address, origin.others[-1]))
        known = (origin.address, *origin.others)
        move = judge(self.limits.addresses, known, address)
        if move is Move.NONE:
            return None
        ends = move is Move.ENDS
        others = (*origin.others, address[:LONGEST_ADDRESS])[-REMEMBERED:]
        values = {"origin": self._seal(row.id, replace(origin, others=others)), "moved": ends}
        with self.database.write() as connection:
            changed = connection.execute(
                update(session)
                .where(session.c.id == row.id, session.c.origin == row.origin)
                .values(values)
            )
            if changed.rowcount:
                event = "session.moved-and-ended" if ends else "session.moved"
                policy = self.limits.addresses.value
                self._record(connection, event, row.user_name_id, row.id, policy=policy)
        return SessionMoved((origin.address, others[-1])) if ends else None

    def _visitor(self, row: Row[Any]) -> Visitor:
        return Visitor(
            user_name_id=row.user_name_id,
            user_name=row.name,
            display_name=self.directory.display_name(row.holder_id, row.identity),
            roles=frozenset((row.roles or "").split()),
            session_id=row.id,
            scope=row.scope,
        )

    def _keep_up(self, row: Row[Any], hashed: bytes, now: datetime) -> str | None:
        """Remember the use, settle which token is good, renew it when due; the new token."""
        if hashed != row.token_hash:
            lost = row.previous_until is None and now >= row.renewed + GRACE
            return self._renew(row, hashed, now) if lost else None
        if row.interactive and now >= row.renewed + RENEW_AFTER:
            return self._renew(row, hashed, now)
        arrived = row.previous_hash is not None and row.previous_until is None
        if arrived or now >= row.last_seen + SEEN_EVERY:
            values = {"last_seen": now} | ({"previous_until": now + GRACE} if arrived else {})
            with self.database.write() as connection:
                connection.execute(update(session).where(session.c.id == row.id).values(values))
        return None

    def _renew(self, row: Row[Any], presented: bytes, now: datetime) -> str | None:
        """A new token in place of the present one; None where another request was faster."""
        token = new_token()
        with self.database.write() as connection:
            renewed = connection.execute(
                update(session)
                .where(session.c.id == row.id, session.c.token_hash == row.token_hash)
                .values(
                    token_hash=token_hash(token),
                    previous_hash=presented,
                    previous_until=None,
                    renewed=now,
                    last_seen=now,
                )
            )
        return token if renewed.rowcount else None

    def _info(self, row: Row[Any], visitor: Visitor) -> SessionInfo:
        origin = self._origin(row)
        return SessionInfo(
            id=row.id,
            started=row.started,
            last_seen=row.last_seen,
            expires=row.expires,
            address=origin.address,
            agent=origin.agent,
            current=row.id == visitor.session_id,
            other_addresses=origin.others,
        )

    def _origin(self, row: Row[Any]) -> Whence:
        opened = self.keyring.open_sealed(row.origin, context=_context(row.id))
        return msgspec.json.decode(opened, type=Whence)

    def _seal(self, session_id: str, whence: Whence) -> bytes:
        return self.keyring.seal(msgspec.json.encode(whence), context=_context(session_id))

    def _record(
        self, connection: Connection, event: str, user_name_id: str, session_id: str, **more: str
    ) -> None:
        self.audit.record(
            connection,
            event,
            actor=user_name_id,
            subject=user_name_id,
            detail={"session": session_id, **more},
        )


def _context(session_id: str) -> str:
    return f"session-origin:{session_id}"


_INSERT = insert(session)
_BY_TOKEN = (
    select(session, STANDING)
    .join(STANDING, STANDING.c.user_name_id == session.c.user_name_id)
    .where(
        or_(session.c.token_hash == bindparam("hash"), session.c.previous_hash == bindparam("hash"))
    )
)
