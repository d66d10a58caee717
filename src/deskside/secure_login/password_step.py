"""The password's step of a log-in.

It is two transactions, since none may stay open while a password is hashed: the first reserves
the attempt, the second settles it. What an unknown user name, a wrong password and a lock make
the database do is the same, statement by statement.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, insert, select

from deskside.directory.rules import is_user_name, normal_password
from deskside.directory.service import STANDING, DirectoryService
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, new_id
from deskside.foundation.keyring import Keyring
from deskside.secure_login import lockout, rates, rules
from deskside.secure_login.device_step import DeviceStep
from deskside.secure_login.devices import Devices
from deskside.secure_login.endings import Endings, LoginFailed, standing_of
from deskside.secure_login.lockout import Tally
from deskside.secure_login.passwords import PasswordPool, is_outdated
from deskside.secure_login.rates import Rates
from deskside.secure_login.store import known_browser, login
from deskside.secure_login.tokens import new_token, token_hash
from deskside.secure_login.values import Factor, LoginStep, Origin


@dataclass(frozen=True, slots=True)
class Attempt:
    """A reserved attempt at a password."""

    at: datetime
    name: str
    subject: str
    tally: Tally
    audit_subject: str
    locked: bool
    locks: bool
    recognised: bool
    person: Row[Any] | None

    @property
    def standing(self) -> rules.Standing | None:
        return standing_of(self.person) if self.person is not None else None

    @property
    def password_hash(self) -> str | None:
        return self.person.password_hash if self.person is not None else None


@dataclass(frozen=True, slots=True)
class PasswordStep:
    """Taking user name and password."""

    database: Database
    keyring: Keyring
    clock: Clock
    directory: DirectoryService
    devices: Devices
    pool: PasswordPool
    device_step: DeviceStep
    endings: Endings
    rates: Rates

    def begin(self, username: str, password: str, origin: Origin) -> LoginStep:
        """Take user name and password; raises LoginFailed, TooManyAttempts. Runs in the pool."""
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

    def confirm(self, username: str, password: str, origin: Origin) -> None:
        """Take the password of somebody who is logged in; counted as at a log-in.

        Raises:
            LoginFailed: it is not the password, or too many were tried.
            TooManyAttempts: a limit is reached.
        """
        attempt = self._reserve(username, origin)
        right = self.pool.verify(attempt.password_hash, normal_password(password))
        with self.database.write() as connection:
            refusal = rules.refusal_of_password(
                attempt.standing, right=right, locked=attempt.locked
            )
            if refusal is None:
                self._give_back(connection, attempt, complete=False)
                return
            self._refuse_password(connection, attempt, refusal)
        raise LoginFailed

    def name_hash(self, username: str) -> str:
        """What stands for a user name, known or not, where guesses at it are counted."""
        given = username.encode("utf-8", "surrogatepass")
        return self.keyring.keyed_hash("login name", given).hex()

    def _reserve(self, username: str, origin: Origin) -> Attempt:
        now = self.clock.now()
        name_hash = self.name_hash(username)
        browser = token_hash(origin.browser).hex()
        with self.database.write() as connection:
            person = connection.execute(
                _BY_NAME,
                {
                    "called": username if is_user_name(username) else "",
                    "hash": browser,
                    "now": now,
                },
            ).first()
            recognised = browser if person is not None and person.browser else None
            subject = lockout.name_subject(name_hash, recognised)
            limits = self.rates.subjects(name_hash, origin.address, secrets.randbits(16))
            taken = lockout.take(connection, [subject, *limits], now)
            counted = rates.counted(taken, limits, now)
            tally = taken[subject]
            locked = tally.is_locked(now)
            tally = tally if locked else tally.with_failure(now)
            lockout.put(connection, {subject: tally, **counted}, now)
        return Attempt(
            at=now,
            name=username,
            subject=subject,
            tally=tally,
            audit_subject=person.user_name_id if person is not None else name_hash[:26],
            locked=locked,
            locks=not locked and tally.is_locked(now),
            recognised=recognised is not None,
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
        outcome = rules.after_password(
            standing_of(person), self.devices.holdings(rows), self.devices.last_used(rows)
        )
        if isinstance(outcome, rules.Refusal):
            return outcome
        complete = isinstance(outcome, rules.Accepted)
        self._give_back(connection, attempt, complete=complete)
        now = self.clock.now()
        values = {
            "id": new_id(),
            "user_name_id": person.user_name_id,
            "subject": attempt.subject,
            "interactive": origin.interactive,
            "created": now,
            "expires": now + rules.LOGIN_LIFETIME,
        }
        if isinstance(outcome, rules.Accepted):
            return self._finish(connection, attempt, values, outcome, origin)
        first = next(row for row in rows if row.device_id == outcome.first)
        return self._go_on(connection, values, first, self.devices.factors(rows))

    def _give_back(self, connection: Connection, attempt: Attempt, *, complete: bool) -> None:
        """The reserved attempt was right: it is no failure, nor are any if that was all."""
        kept = Tally() if complete else attempt.tally.without_failure(attempt.at)
        if lockout.replace(connection, attempt.subject, attempt.tally, kept, attempt.at):
            return
        # Somebody has tried the same name meanwhile.
        tally = lockout.take(connection, [attempt.subject], attempt.at)[attempt.subject]
        kept = Tally() if complete else tally.without_failure(attempt.at)
        lockout.put(connection, {attempt.subject: kept}, attempt.at)

    def _finish(
        self,
        connection: Connection,
        attempt: Attempt,
        values: dict[str, Any],
        accepted: rules.Accepted,
        origin: Origin,
    ) -> LoginStep:
        secret = new_token()
        connection.execute(
            _INSERT, {**values, "secret_hash": token_hash(secret), "challenge_id": None}
        )
        granted = self.endings.grant(
            connection, values["id"], values["user_name_id"], accepted, origin
        )
        if not attempt.recognised:
            self.endings.record(connection, "login.password-alone", values["user_name_id"])
        return LoginStep(secret, (), session=granted)

    def _go_on(
        self,
        connection: Connection,
        values: dict[str, Any],
        first: Row[Any],
        factors: tuple[Factor, ...],
    ) -> LoginStep:
        secret = new_token()
        asked = self.device_step.ask(connection, values["id"], first, values["expires"])
        connection.execute(
            _INSERT, {**values, "secret_hash": token_hash(secret), "challenge_id": asked.id}
        )
        self.endings.record(
            connection, "login.password-accepted", values["user_name_id"], login=values["id"]
        )
        return LoginStep(secret, factors, challenge=asked)

    def _refuse_password(
        self, connection: Connection, attempt: Attempt, refusal: rules.Refusal
    ) -> None:
        self.endings.record(
            connection, "login.refused", attempt.audit_subject, reason=refusal.reason.value
        )
        if refusal.counts and attempt.locks:
            person = attempt.person
            holder, language = (person.holder_id, person.language) if person else ("", None)
            self.endings.tell_of_lock(connection, holder, attempt.name, attempt.at, language)


_INSERT = insert(login)
_BY_NAME = (
    select(STANDING, known_browser.c.token_hash.label("browser"))
    .outerjoin(
        known_browser,
        and_(
            known_browser.c.user_name_id == STANDING.c.user_name_id,
            known_browser.c.token_hash == bindparam("hash"),
            known_browser.c.expires > bindparam("now"),
        ),
    )
    .where(STANDING.c.name == bindparam("called"))
)
"""A user name with what the directory says of it, and whether its browser is known."""
