"""Log-ins, step by step, each one transaction: limits, load, verify, update, audit, commit.

Only the password step is two, since no transaction may stay open while a password is hashed: the
first reserves the attempt, the second settles it. What an unknown user name, a wrong password
and a lock make the database do is the same, statement by statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, insert, select, update

from deskside.directory.model import AccountStatus
from deskside.directory.rules import is_user_name, normal_password
from deskside.directory.service import STANDING, DirectoryService
from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock, Randomness
from deskside.foundation.database import Database, new_id
from deskside.foundation.errors import NotLoggedIn, Refused
from deskside.foundation.keyring import Keyring
from deskside.foundation.mail import Mail
from deskside.foundation.text import _
from deskside.secure_login import lockout, rules
from deskside.secure_login.authenticators import authenticator
from deskside.secure_login.devices import Devices, device_columns, is_usable
from deskside.secure_login.lockout import Tally
from deskside.secure_login.model import Challenge
from deskside.secure_login.notices import lock_notice
from deskside.secure_login.passwords import PasswordPool, is_outdated
from deskside.secure_login.sessions import Sessions
from deskside.secure_login.store import (
    binding,
    challenge,
    device,
    known_browser,
    login,
    session,
    spent,
)
from deskside.secure_login.tokens import is_token, new_token, token_hash
from deskside.secure_login.upsert import insert_new, insert_or_update
from deskside.secure_login.values import LoginStatus, LoginStep, Origin, SessionGranted

BROWSER_LIFETIME = timedelta(days=180)
"""How long a browser that completed a log-in is recognised."""

QUESTIONS_TRIED = 50


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
class Attempt:
    """A reserved attempt at a password."""

    at: datetime
    name: str
    subject: str
    audit_subject: str
    locked: bool
    locks: bool
    person: Row[Any] | None

    @property
    def standing(self) -> rules.Standing | None:
        return standing_of(self.person) if self.person is not None else None

    @property
    def password_hash(self) -> str | None:
        return self.person.password_hash if self.person is not None else None


@dataclass(frozen=True, slots=True)
class Logins:
    """The log-in's steps."""

    database: Database
    keyring: Keyring
    clock: Clock
    audit: Audit
    mail: Mail
    random: Randomness
    directory: DirectoryService
    devices: Devices
    sessions: Sessions
    pool: PasswordPool

    # Password

    def begin(self, username: str, password: str, origin: Origin) -> LoginStep:
        """Take user name and password; raises LoginFailed. To be run in the pool."""
        given = normal_password(password)
        attempt = self._reserve(username, origin)
        stored = attempt.password_hash
        right = self.pool.verify(stored, given)
        outdated = right and stored is not None and is_outdated(stored)
        renewed = self.pool.hash(given) if outdated else None
        step = self._settle(attempt, right, renewed, origin)
        if step is None:
            raise LoginFailed
        return step

    def _reserve(self, username: str, origin: Origin) -> Attempt:
        now = self.clock.now()
        name_hash = self.keyring.keyed_hash(
            "login name", username.encode("utf-8", "surrogatepass")
        ).hex()
        browser = token_hash(origin.browser).hex()
        with self.database.write() as connection:
            person = connection.execute(
                select(STANDING, known_browser.c.token_hash.label("browser"))
                .outerjoin(
                    known_browser,
                    and_(
                        known_browser.c.user_name_id == STANDING.c.user_name_id,
                        known_browser.c.token_hash == browser,
                        known_browser.c.expires > now,
                    ),
                )
                .where(STANDING.c.name == (username if is_user_name(username) else ""))
            ).first()
            recognised = browser if person is not None and person.browser else None
            subject = lockout.name_subject(name_hash, recognised)
            tally = lockout.take(connection, [subject], now)[subject]
            locked = tally.is_locked(now)
            tally = tally if locked else tally.with_failure(now)
            lockout.put(connection, {subject: tally}, now)
        return Attempt(
            at=now,
            name=username,
            subject=subject,
            audit_subject=person.user_name_id if person is not None else name_hash[:26],
            locked=locked,
            locks=not locked and tally.is_locked(now),
            person=person,
        )

    def _settle(
        self, attempt: Attempt, right: bool, renewed: str | None, origin: Origin
    ) -> LoginStep | None:
        with self.database.write() as connection:
            refusal = rules.refusal_of_password(
                attempt.standing, right=right, locked=attempt.locked
            )
            if refusal is None:
                assert attempt.person is not None
                if renewed is not None:
                    self.directory.store_password(
                        connection,
                        attempt.person.user_name_id,
                        renewed,
                        replacing=attempt.password_hash,
                    )
                step = self._after_password(connection, attempt, attempt.person, origin)
                if isinstance(step, LoginStep):
                    return step
                refusal = step
            self._refuse_password(connection, attempt, refusal)
        return None

    def _after_password(
        self, connection: Connection, attempt: Attempt, person: Row[Any], origin: Origin
    ) -> LoginStep | rules.Refusal:
        rows = self.devices.bound(connection, person.user_name_id)
        outcome = rules.after_password(standing_of(person), self.devices.holdings(rows))
        if isinstance(outcome, rules.Refusal):
            return outcome
        tally = lockout.take(connection, [attempt.subject], attempt.at)[attempt.subject]
        complete = isinstance(outcome, rules.Accepted)
        kept = Tally() if complete else tally.without_failure(attempt.at)
        lockout.put(connection, {attempt.subject: kept}, attempt.at)
        secret, identifier, now = new_token(), new_id(), self.clock.now()
        values: dict[str, Any] = {
            "id": identifier,
            "secret_hash": token_hash(secret),
            "user_name_id": person.user_name_id,
            "subject": attempt.subject,
            "interactive": origin.interactive,
            "created": now,
            "expires": now + rules.LOGIN_LIFETIME,
        }
        if isinstance(outcome, rules.Accepted):
            connection.execute(insert(login).values(values))
            granted = self._grant(connection, identifier, person.user_name_id, outcome, origin)
            return LoginStep(secret, (), session=granted)
        first = next(row for row in rows if row.device_id == outcome.devices[0])
        asked = self._ask(connection, identifier, first, values["expires"])
        connection.execute(insert(login).values(values | {"challenge_id": asked.id}))
        self._record(connection, "login.password-accepted", person.user_name_id, login=identifier)
        return LoginStep(secret, self.devices.factors(rows), challenge=asked)

    def _refuse_password(
        self, connection: Connection, attempt: Attempt, refusal: rules.Refusal
    ) -> None:
        self._record(
            connection, "login.refused", attempt.audit_subject, reason=refusal.reason.value
        )
        if refusal.counts and attempt.locks:
            holder = attempt.person.holder_id if attempt.person is not None else ""
            self._tell_of_lock(connection, holder, attempt.name, attempt.at)

    # Challenge

    def challenge(self, secret: str, device_id: str) -> Challenge:
        """A new challenge, which replaces the one before; raises LoginFailed."""
        with self.database.write() as connection:
            row = connection.execute(
                select(login.c.id.label("login_id"), login.c.expires, *device_columns())
                .join_from(login, binding, binding.c.user_name_id == login.c.user_name_id)
                .join(device, device.c.id == binding.c.device_id)
                .where(*self._is_open(secret), device.c.id == device_id)
            ).first()
            if row is None or not is_usable(row):
                raise LoginFailed
            asked = self._ask(connection, row.login_id, row, row.expires)
            connection.execute(
                update(login).where(login.c.id == row.login_id).values(challenge_id=asked.id)
            )
        return asked

    def progress(self, secret: str) -> LoginStep:
        """Where an open log-in stands, with its latest challenge; raises LoginFailed."""
        with self.database.read() as connection:
            row = connection.execute(
                select(login.c.user_name_id, challenge)
                .outerjoin_from(login, challenge, challenge.c.id == login.c.challenge_id)
                .where(*self._is_open(secret))
            ).first()
            if row is None:
                raise LoginFailed
            rows = self.devices.bound(connection, row.user_name_id)
        asked = (
            Challenge(row.id, row.device_id, row.question or "", row.expires) if row.id else None
        )
        return LoginStep(secret, self.devices.factors(rows), challenge=asked)

    def status(self, secret: str) -> LoginStatus:
        """Whether a log-in waits, was completed or has lapsed; raises LoginFailed if unknown."""
        with self.database.read() as connection:
            row = connection.execute(
                select(login.c.expires, _HAS_SESSION.label("finished")).where(
                    login.c.secret_hash == token_hash(secret)
                )
            ).first()
        if row is None:
            raise LoginFailed
        return rules.status(finished=row.finished, expires=row.expires, now=self.clock.now())

    def _is_open(self, secret: str) -> tuple[Any, ...]:
        return (
            login.c.secret_hash == token_hash(secret),
            login.c.expires > self.clock.now(),
            ~_HAS_SESSION,
        )

    def _ask(
        self, connection: Connection, login_id: str, row: Row[Any], latest: datetime
    ) -> Challenge:
        """A question that this device was never asked before."""
        now = self.clock.now()
        record, plugin = self.devices.record(row), authenticator(row.kind)
        for _attempt in range(QUESTIONS_TRIED):
            made = plugin.begin(record, now, self.random)
            expires = min(made.expires, now + rules.LONGEST_CHALLENGE, latest)
            values = {
                "id": made.id,
                "login_id": login_id,
                "device_id": row.device_id,
                "question": made.question or None,
                "expires": expires,
            }
            if insert_new(connection, challenge, values):
                return Challenge(made.id, row.device_id, made.question, expires)
        raise Refused(
            "device-used-up",
            _("This device has answered every challenge that it can be asked."),
            hint=_("Ask an administrator of your desk for a new one."),
        )

    # Answer

    def answer(self, secret: str, device_id: str, text: str, origin: Origin) -> SessionGranted:
        """Take the answer to the latest challenge.

        Raises:
            MalformedAnswer: it cannot be an answer at all; the challenge stays open.
            ChallengeExpired, LoginFailed: the challenge is used up.
        """
        with self.database.write() as connection:
            row = self._answered(connection, secret, device_id)
            outcome = self._judge(connection, row, text)
            if isinstance(outcome, rules.Accepted):
                return self._grant(
                    connection, row.login_id, row.user_name_id, outcome, origin, row.device_id
                )
        raise ChallengeExpired if outcome.reason is rules.Reason.EXPIRED else LoginFailed

    def _answered(self, connection: Connection, secret: str, device_id: str) -> Row[Any]:
        row = connection.execute(
            select(
                login.c.id.label("login_id"),
                login.c.subject,
                STANDING,
                challenge.c.id.label("challenge_id"),
                challenge.c.question,
                challenge.c.expires,
                *device_columns(),
            )
            .join_from(login, STANDING, STANDING.c.user_name_id == login.c.user_name_id)
            .join(challenge, challenge.c.id == login.c.challenge_id)
            .join(device, device.c.id == challenge.c.device_id)
            .join(
                binding,
                and_(
                    binding.c.device_id == device.c.id,
                    binding.c.user_name_id == login.c.user_name_id,
                ),
            )
            .where(*self._is_open(secret), device.c.id == device_id)
        ).first()
        if row is None or not is_usable(row):
            raise LoginFailed
        return row

    def _judge(
        self, connection: Connection, row: Row[Any], text: str
    ) -> rules.Refusal | rules.Accepted:
        now, plugin = self.clock.now(), authenticator(row.kind)
        answer = plugin.read_answer(text)
        subjects = (row.subject, *lockout.device_subjects(row.user_name_id, row.device_id))
        tallies = lockout.take(connection, subjects, now)
        asked = Challenge(row.challenge_id, row.device_id, row.question or "", row.expires)
        verdict = plugin.verify(self.devices.record(row), asked, answer, now)
        what = {"device_id": row.device_id, "what": verdict.spends, "at": now}
        fresh = insert_new(connection, spent, what)
        if fresh and verdict.new_state is not None:
            fresh = self.devices.remember(connection, row, verdict.new_state)
        outcome = rules.after_answer(
            standing_of(row),
            right=verdict.accepted,
            locked=any(tally.is_locked(now) for tally in tallies.values()),
            spent=not fresh,
            expired=now >= row.expires,
            amr=plugin.amr,
            protection_level=plugin.protection_level,
        )
        self._count(connection, row, outcome, tallies, now)
        return outcome

    def _count(
        self,
        connection: Connection,
        row: Row[Any],
        outcome: rules.Refusal | rules.Accepted,
        tallies: dict[str, Tally],
        now: datetime,
    ) -> None:
        if isinstance(outcome, rules.Accepted):
            lockout.put(connection, dict.fromkeys(tallies, Tally()), now)
            return
        self._record(
            connection,
            "login.refused",
            row.user_name_id,
            login=row.login_id,
            device=row.device_id,
            reason=outcome.reason.value,
        )
        if not outcome.counts:
            return
        counted = {subject: tally.with_failure(now) for subject, tally in tallies.items()}
        lockout.put(connection, counted, now)
        if any(tally.is_locked(now) for tally in counted.values()):
            self._tell_of_lock(connection, row.holder_id, row.name, now)

    # What both ends share

    def _grant(
        self,
        connection: Connection,
        login_id: str,
        user_name_id: str,
        accepted: rules.Accepted,
        origin: Origin,
        device_id: str = "",
    ) -> SessionGranted:
        token, expires = self.sessions.start(connection, login_id, user_name_id, accepted, origin)
        browser = origin.browser if is_token(origin.browser) else new_token()
        if origin.interactive:
            insert_or_update(
                connection,
                known_browser,
                {"token_hash": token_hash(browser).hex(), "user_name_id": user_name_id},
                {"expires": self.clock.now() + BROWSER_LIFETIME},
            )
        detail = {"login": login_id, "amr": "+".join(accepted.amr), "scope": accepted.scope.value}
        self._record(
            connection,
            "login.succeeded",
            user_name_id,
            actor=user_name_id,
            **detail | ({"device": device_id} if device_id else {}),
        )
        return SessionGranted(
            token, browser, expires, accepted.protection_level, accepted.amr, accepted.scope
        )

    def _tell_of_lock(
        self, connection: Connection, holder_id: str, name: str, now: datetime
    ) -> None:
        """Write to whoever was locked. For nobody, do the same and take it back: it costs alike."""
        address = self.directory.email(connection, holder_id)
        subject, body = lock_notice(name if address else "", now + lockout.WINDOW)
        with connection.begin_nested() as savepoint:
            self.mail.enqueue(connection, address or "nobody@localhost", subject, body)
            if address is None:
                savepoint.rollback()

    def _record(
        self,
        connection: Connection,
        event: str,
        subject: str,
        *,
        actor: str | None = None,
        **detail: str,
    ) -> None:
        self.audit.record(connection, event, actor=actor, subject=subject, detail=detail)


def standing_of(row: Row[Any]) -> rules.Standing:
    """What the directory says of a user name, in a row of its `STANDING`."""
    status = AccountStatus(row.account_status) if row.account_status else None
    return rules.Standing(enabled=bool(row.enabled), account=status)


_HAS_SESSION = exists().where(session.c.login_id == login.c.id)
