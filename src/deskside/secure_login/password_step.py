"""The password's step of a log-in.

    limits looked at ──▶ hash ──▶ one transaction: take, judge, count, record, commit

No transaction may stay open while a password is hashed, so what is looked at before decides
nothing: it only spares the hash where a limit is reached already. Whoever comes to the transaction
first is judged first, and finds there what the others before have counted. A password that was
right is worth nothing to whoever comes after ten failures: however many guesses run at once, ten
are told apart (docs/decisions/0007). What an unknown user name, a wrong password and a lock make
the database do is the same, statement by statement.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
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
    """An attempt at a password: whose, and what it counts for."""

    name: str
    subject: str
    limits: Mapping[str, float]
    audit_subject: str
    recognised: bool
    person: Row[Any] | None

    @property
    def standing(self) -> rules.Standing | None:
        return standing_of(self.person) if self.person is not None else None

    @property
    def password_hash(self) -> str | None:
        return self.person.password_hash if self.person is not None else None


@dataclass(frozen=True, slots=True)
class Counts:
    """What an attempt counts for, held until the transaction ends."""

    attempt: Attempt
    at: datetime
    tally: Tally
    attempts: Mapping[str, Tally]

    @property
    def locked(self) -> bool:
        return self.tally.is_locked(self.at)

    def put(self, connection: Connection, tally: Tally) -> None:
        """Store the attempt, and the failures as they are from now on."""
        lockout.put(connection, {self.attempt.subject: tally, **self.attempts}, self.at)


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
        attempt = self._look(username, origin)
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
        attempt = self._look(username, origin)
        right = self.pool.verify(attempt.password_hash, normal_password(password))
        with self.database.write() as connection:
            counts = self._take(connection, attempt)
            refusal = rules.refusal_of_password(attempt.standing, right=right, locked=counts.locked)
            if refusal is None:
                counts.put(connection, counts.tally)
                return
            self._refuse_password(connection, counts, refusal)
        raise LoginFailed

    def name_hash(self, username: str) -> str:
        """What stands for a user name, known or not, where guesses at it are counted."""
        given = username.encode("utf-8", "surrogatepass")
        return self.keyring.keyed_hash("login name", given).hex()

    def _look(self, username: str, origin: Origin) -> Attempt:
        """Who is meant; raises TooManyAttempts where a limit is reached already."""
        name_hash, now = self.name_hash(username), self.clock.now()
        browser = token_hash(origin.browser).hex()
        called = username if is_user_name(username) else ""
        limits = self.rates.subjects(name_hash, origin.address, secrets.randbits(16))
        with self.database.read() as connection:
            rates.counted(lockout.tallies_of(connection, limits), limits, now)
            person = connection.execute(
                _BY_NAME, {"called": called, "hash": browser, "now": now}
            ).first()
        recognised = person is not None and person.browser is not None
        return Attempt(
            name=username,
            subject=lockout.name_subject(name_hash, browser if recognised else None),
            limits=limits,
            audit_subject=person.user_name_id if person is not None else name_hash[:26],
            recognised=recognised,
            person=person,
        )

    def _take(self, connection: Connection, attempt: Attempt) -> Counts:
        now = self.clock.now()
        taken = lockout.take(connection, [attempt.subject, *attempt.limits], now)
        counted = rates.counted(taken, attempt.limits, now)
        return Counts(attempt, now, taken[attempt.subject], counted)

    def _settle(
        self, attempt: Attempt, right: bool, renewed: str | None, origin: Origin
    ) -> LoginStep | None:
        with self.database.write() as connection:
            counts = self._take(connection, attempt)
            refusal = rules.refusal_of_password(attempt.standing, right=right, locked=counts.locked)
            if refusal is None:
                assert attempt.person is not None
                if renewed is not None:
                    self.directory.store_password(
                        connection,
                        attempt.person.user_name_id,
                        renewed,
                        replacing=attempt.password_hash,
                    )
                step = self._after_password(connection, counts, attempt.person, origin)
                if isinstance(step, LoginStep):
                    return step
                refusal = step
            self._refuse_password(connection, counts, refusal)
        return None

    def _after_password(
        self, connection: Connection, counts: Counts, person: Row[Any], origin: Origin
    ) -> LoginStep | rules.Refusal:
        rows = self.devices.bound(connection, person.user_name_id)
        outcome = rules.after_password(
            standing_of(person), self.devices.holdings(rows), self.devices.last_used(rows)
        )
        if isinstance(outcome, rules.Refusal):
            return outcome
        # Failures are forgotten only where the password was all that is due.
        complete = isinstance(outcome, rules.Accepted)
        counts.put(connection, Tally() if complete else counts.tally)
        values = {
            "id": new_id(),
            "user_name_id": person.user_name_id,
            "subject": counts.attempt.subject,
            "interactive": origin.interactive,
            "created": counts.at,
            "expires": counts.at + rules.LOGIN_LIFETIME,
        }
        if isinstance(outcome, rules.Accepted):
            return self._finish(connection, counts.attempt, values, outcome, origin)
        first = next(row for row in rows if row.device_id == outcome.first)
        return self._go_on(connection, values, first, self.devices.factors(rows))

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
        self, connection: Connection, counts: Counts, refusal: rules.Refusal
    ) -> None:
        attempt, tally = counts.attempt, counts.tally
        if refusal.counts:
            tally = tally.with_failure(counts.at)
        counts.put(connection, tally)
        self.endings.record(
            connection, "login.refused", attempt.audit_subject, reason=refusal.reason.value
        )
        if refusal.counts and tally.is_locked(counts.at):
            person = attempt.person
            holder, language = (person.holder_id, person.language) if person else ("", None)
            self.endings.tell_of_lock(connection, holder, attempt.name, counts.at, language)


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
