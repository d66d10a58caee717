"""Deciding, and remembering what was allowed: decide, then commit or release.

    (asked) ──allowed──▶ reserved ──commit──▶ used
       ╰──denied            │  ╰──release──▶ released
                            ╰──not in time──▶ lapsed

What is reserved or used counts. The decisions on one user name are made one after the other, on all
nodes, so that no two can exceed a ceiling together. A key that the asking program chooses makes
each step repeatable: a request whose answer was lost is sent again, and counts once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, func, insert, select, update

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, exclusive, new_id
from deskside.foundation.errors import NotFound, NotLoggedIn, Refused, UsageProblem
from deskside.foundation.text import _
from deskside.secure_login.rights.calendar import DeskCalendar
from deskside.secure_login.rights.rules import (
    Amounts,
    Ceilings,
    Denial,
    Used,
    parse_amount,
    parse_ceilings,
    refusal,
    remaining,
)
from deskside.secure_login.rights.store import rights_use
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.step_up.service import StepUp, StepUpNeeded
from deskside.secure_login.store import session
from deskside.web.model import Visitor

RESERVED, USED, RELEASED, LAPSED = "reserved", "used", "released", "lapsed"
COUNT = (RESERVED, USED)

CEILINGS = "0=50000/100000, 20=200000/600000, 30=1000000/1500000, 40=unlimited"
"""The usual ones, in US dollars; see docs/security/rights.md for where they come from."""


@dataclass(frozen=True, slots=True)
class RightsPolicy:
    """What the desk has chosen: actions, ceilings, its calendar, how long a reservation holds."""

    actions: tuple[str, ...] = ("withdrawal",)
    ceilings: Ceilings = field(default_factory=lambda: parse_ceilings(CEILINGS))
    calendar: DeskCalendar = field(default_factory=lambda: DeskCalendar(UTC))
    reservation: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a user name may do today at a protection level, and what counts already."""

    level: int
    ceiling: Amounts
    used: Used

    @property
    def left(self) -> Amounts:
        return remaining(self.ceiling, self.used)


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer. One that allows has an id, to be committed or released before `expires`."""

    action: str
    cents: int
    standing: Standing
    denial: Denial | None = None
    id: str = ""
    status: str = ""
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """An amount that was allowed."""

    id: str
    action: str
    cents: int
    level: int
    status: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rights:
    """What sessions may do, up to which amounts."""

    database: Database
    clock: Clock
    audit: Audit
    step_up: StepUp
    policy: RightsPolicy

    def decide(
        self, visitor: Visitor, action: str, amount: str, key: str, proof: str = ""
    ) -> Decision:
        """Whether the session may do an action up to an amount of US dollars.

        Args:
            visitor: whose session asks.
            action: one of the desk's.
            amount: such as `1234.50`.
            key: the asking program's own name for this request; asked again, it is answered alike.
            proof: of a fresh step-up for an amount, whose device then counts in place of the
                session's.

        Raises:
            UsageProblem: amount or key is malformed.
            StepUpNeeded: there is no such proof, or it was used.
            Refused: the key stands for another request (`key-reused`).
        """
        cents = _cents(amount)
        if not re.fullmatch(r"[A-Za-z0-9._:-]{1,80}", key):
            raise UsageProblem(
                "malformed-key",
                _("A key has up to 80 letters, digits, dots, colons, hyphens and underscores."),
            )
        with self.database.write() as connection:
            exclusive(connection, f"rights:{visitor.user_name_id}")
            earlier = self._earlier(connection, visitor, key)
            if earlier is not None:
                return self._again(connection, visitor, earlier, action, cents)
            self._lapse(connection, visitor.user_name_id)
            level = self._level(connection, visitor, proof)
            standing = self._standing(connection, visitor.user_name_id, level)
            denial = refusal(
                action,
                cents,
                actions=self.policy.actions,
                scope=visitor.scope,
                ceiling=standing.ceiling,
                used=standing.used,
            )
            if denial is not None:
                known = action if action in self.policy.actions else "unknown"
                self._record(
                    connection, "rights.denied", visitor, action=known, reason=denial.value
                )
                return Decision(action, cents, standing, denial)
            return self._reserve(connection, visitor, action, cents, key, standing)

    def commit(self, visitor: Visitor, use_id: str) -> Use:
        """It was done: the reservation becomes a use. Twice is once.

        Raises:
            NotFound: the visitor has no such reservation.
            Refused: it was released, or is too old (`decision-over`); decide again.
        """
        return self._end(visitor, use_id, USED)

    def release(self, visitor: Visitor, use_id: str) -> Use:
        """It was not done: the amount no longer counts. Raises as `commit`."""
        return self._end(visitor, use_id, RELEASED)

    def own(self, visitor: Visitor) -> Standing:
        """What the visitor's session may do now."""
        with self.database.read() as connection:
            return self._standing(
                connection, visitor.user_name_id, self._level(connection, visitor, "")
            )

    def used(self, user_name_id: str) -> Used:
        """What counts for a user name today and in its window."""
        with self.database.read() as connection:
            return self._used(connection, user_name_id)

    def uses(self, user_name_id: str, limit: int = 50) -> list[Use]:
        """The amounts that a user name was allowed in the present window, the latest first."""
        first = self.policy.calendar.window_from(self._today())
        query = (
            select(rights_use)
            .where(rights_use.c.user_name_id == user_name_id, rights_use.c.day >= first)
            .order_by(rights_use.c.id.desc())
            .limit(limit)
        )
        now = self.clock.now()
        with self.database.read() as connection:
            return [_use(dict(row), now) for row in connection.execute(query).mappings()]

    # Inside a transaction

    def _today(self) -> Any:
        return self.policy.calendar.day_of(self.clock.now())

    def _earlier(
        self, connection: Connection, visitor: Visitor, key: str
    ) -> Mapping[str, Any] | None:
        query = select(rights_use).where(
            rights_use.c.user_name_id == visitor.user_name_id, rights_use.c.key == key
        )
        found = connection.execute(query).mappings().first()
        return dict(found) if found is not None else None

    def _again(
        self,
        connection: Connection,
        visitor: Visitor,
        earlier: Mapping[str, Any],
        action: str,
        cents: int,
    ) -> Decision:
        if (earlier["action"], earlier["cents"]) != (action, cents):
            raise Refused(
                "key-reused",
                _("This key stands for another action or amount."),
                hint=_("Choose a new key for each request."),
            )
        standing = self._standing(connection, visitor.user_name_id, earlier["level"])
        status = _status(earlier, self.clock.now())
        return Decision(action, cents, standing, None, earlier["id"], status, earlier["expires"])

    def _level(self, connection: Connection, visitor: Visitor, proof: str) -> int:
        if proof:
            proven = self.step_up.use(connection, visitor, Task.AMOUNT, proof)
            if proven is None:
                raise StepUpNeeded(Task.AMOUNT)
            return proven.level
        level = connection.execute(
            select(session.c.protection_level).where(session.c.id == visitor.session_id)
        ).scalar()
        if level is None:
            raise NotLoggedIn(
                "not-logged-in",
                _("You are not logged in, or your session has ended."),
                hint=_("Log in and try again."),
            )
        return int(level)

    def _standing(self, connection: Connection, user_name_id: str, level: int) -> Standing:
        return Standing(level, self.policy.ceilings.of(level), self._used(connection, user_name_id))

    def _used(self, connection: Connection, user_name_id: str) -> Used:
        today, now = self._today(), self.clock.now()
        counts = and_(
            rights_use.c.user_name_id == user_name_id,
            rights_use.c.day >= self.policy.calendar.window_from(today),
            rights_use.c.status.in_(COUNT),
            (rights_use.c.status == USED) | (rights_use.c.expires > now),
        )
        row = connection.execute(
            select(
                func.coalesce(
                    func.sum(case((rights_use.c.day == today, rights_use.c.cents), else_=0)), 0
                ).label("day"),
                func.coalesce(func.sum(rights_use.c.cents), 0).label("window"),
            ).where(counts)
        ).one()
        return Used(int(row.day), int(row.window))

    def _lapse(self, connection: Connection, user_name_id: str) -> None:
        # What no longer counts can no longer be committed, whatever another node's clock says.
        connection.execute(
            update(rights_use)
            .where(
                rights_use.c.user_name_id == user_name_id,
                rights_use.c.status == RESERVED,
                rights_use.c.expires <= self.clock.now(),
            )
            .values(status=LAPSED)
        )

    def _reserve(
        self,
        connection: Connection,
        visitor: Visitor,
        action: str,
        cents: int,
        key: str,
        standing: Standing,
    ) -> Decision:
        now, identifier = self.clock.now(), new_id()
        expires = now + self.policy.reservation
        connection.execute(
            insert(rights_use).values(
                id=identifier,
                user_name_id=visitor.user_name_id,
                key=key,
                action=action,
                cents=cents,
                level=standing.level,
                day=self._today(),
                status=RESERVED,
                at=now,
                expires=expires,
            )
        )
        self._record(
            connection,
            "rights.allowed",
            visitor,
            action=action,
            cents=cents,
            level=standing.level,
            use=identifier,
        )
        after = Used(standing.used.day + cents, standing.used.window + cents)
        left = Standing(standing.level, standing.ceiling, after)
        return Decision(action, cents, left, None, identifier, RESERVED, expires)

    def _end(self, visitor: Visitor, use_id: str, status: str) -> Use:
        with self.database.write() as connection:
            exclusive(connection, f"rights:{visitor.user_name_id}")
            self._lapse(connection, visitor.user_name_id)
            row = (
                connection.execute(
                    select(rights_use).where(
                        rights_use.c.id == use_id,
                        rights_use.c.user_name_id == visitor.user_name_id,
                    )
                )
                .mappings()
                .first()
            )
            if row is None:
                raise NotFound("unknown-decision", _("You have no such decision."))
            if row["status"] not in (RESERVED, status):
                raise Refused(
                    "decision-over",
                    _("This decision was committed or released already, or is too old."),
                    hint=_("Ask for a new decision, with a new key."),
                )
            if row["status"] == RESERVED:
                connection.execute(
                    update(rights_use).where(rights_use.c.id == use_id).values(status=status)
                )
                self._record(
                    connection, f"rights.{status}", visitor, action=row["action"], use=use_id
                )
            return _use({**row, "status": status}, self.clock.now())

    def _record(
        self, connection: Connection, event: str, visitor: Visitor, **detail: str | int
    ) -> None:
        self.audit.record(
            connection,
            event,
            actor=visitor.user_name_id,
            subject=visitor.user_name_id,
            detail=detail,
        )


def _cents(amount: str) -> int:
    try:
        return parse_amount(amount)
    except ValueError as error:
        raise UsageProblem(
            "malformed-amount",
            _("An amount is US dollars above 0 with at most two decimals, such as 1234.50."),
        ) from error


def _status(row: Mapping[str, Any], now: datetime) -> str:
    lapsed = row["status"] == RESERVED and row["expires"] <= now
    return LAPSED if lapsed else str(row["status"])


def _use(row: Mapping[str, Any], now: datetime) -> Use:
    return Use(row["id"], row["action"], row["cents"], row["level"], _status(row, now), row["at"])
