"""The device's step of a log-in: a question, and its one answer.

Each step is one transaction: load, limits, verify, use up, count, record, commit.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, exists, select, update

from deskside.directory.service import STANDING
from deskside.foundation.clock import Clock, Randomness
from deskside.foundation.database import Database
from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.foundation.upsert import insert_new
from deskside.secure_login import lockout, rates, rules
from deskside.secure_login.activation import activate
from deskside.secure_login.authenticators import authenticator
from deskside.secure_login.device_rows import device_columns, is_usable
from deskside.secure_login.devices import Devices
from deskside.secure_login.endings import ChallengeExpired, Endings, LoginFailed, standing_of
from deskside.secure_login.lockout import Tally
from deskside.secure_login.model import Challenge
from deskside.secure_login.rates import Rates
from deskside.secure_login.store import binding, challenge, device, login, session, spent
from deskside.secure_login.tokens import token_hash
from deskside.secure_login.values import (
    DeviceStatus,
    LoginStatus,
    LoginStep,
    Origin,
    SessionGranted,
)

QUESTIONS_TRIED = 50


@dataclass(frozen=True, slots=True)
class DeviceStep:
    """Asking a device, and judging what it answers."""

    database: Database
    clock: Clock
    random: Randomness
    devices: Devices
    endings: Endings
    rates: Rates

    def challenge(self, secret: str, device_id: str) -> Challenge:
        """A new challenge, which replaces the one before; raises LoginFailed."""
        with self.database.write() as connection:
            row = connection.execute(
                select(login.c.id.label("login_id"), login.c.expires, *device_columns())
                .join_from(login, binding, binding.c.user_name_id == login.c.user_name_id)
                .join(device, device.c.id == binding.c.device_id)
                .where(*self._is_open(secret), device.c.id == device_id)
            ).first()
            if row is None or not is_usable(row, self.clock.now()):
                raise LoginFailed
            asked = self.ask(connection, row.login_id, row, row.expires)
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

    def ask(
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

    def answer(self, secret: str, device_id: str, text: str, origin: Origin) -> SessionGranted:
        """Take the answer to the latest challenge.

        Raises:
            MalformedAnswer: it cannot be an answer at all; the challenge stays open.
            TooManyAttempts: a limit is reached; the challenge stays open.
            ChallengeExpired, LoginFailed: the challenge is used up.
        """
        with self.database.write() as connection:
            row = self._answered(connection, secret, device_id)
            outcome = self._judge(connection, row, text, origin)
            if isinstance(outcome, rules.Accepted):
                if row.device_status == DeviceStatus.WAITING:
                    activate(self.devices, connection, row.user_name_id, row)
                return self.endings.grant(
                    connection, row.login_id, row.user_name_id, outcome, origin, row.device_id
                )
        raise ChallengeExpired if outcome.reason is rules.Reason.EXPIRED else LoginFailed

    def prove(
        self, connection: Connection, secret: str, device_id: str, text: str, origin: Origin
    ) -> rules.Refusal | rules.Accepted:
        """Judge the answer to the latest challenge of a log-in that is not to become a session.

        Raises as `answer`, but returns a refusal: the caller commits what it counted.
        """
        row = self._answered(connection, secret, device_id)
        return self._judge(connection, row, text, origin)

    def _answered(self, connection: Connection, secret: str, device_id: str) -> Row[Any]:
        row = connection.execute(
            _ANSWERED,
            {"hash": token_hash(secret), "now": self.clock.now(), "asked": device_id},
        ).first()
        if row is None or not is_usable(row, self.clock.now()):
            raise LoginFailed
        return row

    def _judge(
        self, connection: Connection, row: Row[Any], text: str, origin: Origin
    ) -> rules.Refusal | rules.Accepted:
        now, plugin = self.clock.now(), authenticator(row.kind)
        answer = plugin.read_answer(text)
        subjects = (row.subject, *lockout.device_subjects(row.user_name_id, row.device_id))
        limits = self.rates.subjects(
            lockout.hash_of(row.user_name_id), origin.address, secrets.randbits(16)
        )
        taken = lockout.take(connection, [*subjects, *limits], now)
        counted = rates.counted(taken, limits, now)
        tallies = {subject: taken[subject] for subject in subjects}
        asked = Challenge(row.challenge_id, row.device_id, row.question or "", row.expires)
        verdict = plugin.verify(self.devices.record(row), asked, answer, now)
        # Each must be inserted, so that no two answers burn one code between them.
        fresh = all(
            insert_new(connection, spent, {"device_id": row.device_id, "what": what, "at": now})
            for what in (verdict.spends, *verdict.also_spends)
        )
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
            portal_only=verdict.portal_only,
        )
        self._count(connection, row, outcome, tallies, counted, now)
        return outcome

    def _count(
        self,
        connection: Connection,
        row: Row[Any],
        outcome: rules.Refusal | rules.Accepted,
        tallies: dict[str, Tally],
        attempts: dict[str, Tally],
        now: datetime,
    ) -> None:
        if isinstance(outcome, rules.Accepted):
            lockout.put(connection, dict.fromkeys(tallies, Tally()) | attempts, now)
            return
        self.endings.record(
            connection,
            "login.refused",
            row.user_name_id,
            login=row.login_id,
            device=row.device_id,
            reason=outcome.reason.value,
        )
        if not outcome.counts:
            if attempts:
                lockout.put(connection, attempts, now)
            return
        counted = {subject: tally.with_failure(now) for subject, tally in tallies.items()}
        lockout.put(connection, counted | attempts, now)
        if any(tally.is_locked(now) for tally in counted.values()):
            self.endings.tell_of_lock(connection, row.holder_id, row.name, now, row.language)


_HAS_SESSION = exists().where(session.c.login_id == login.c.id)

_ANSWERED = (
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
    .where(
        login.c.secret_hash == bindparam("hash"),
        login.c.expires > bindparam("now"),
        ~_HAS_SESSION,
        device.c.id == bindparam("asked"),
    )
)
"""All that an answer needs to know of an open log-in and the device that it asks; built once."""
