"""Writing to holders before an end: of a window of activation, or of a device that expires."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select

from deskside.directory.service import STANDING
from deskside.foundation.recurring import Recurring
from deskside.foundation.text import speaking
from deskside.foundation.upsert import insert_new
from deskside.secure_login.notices import reminder_notice
from deskside.secure_login.orders import rules
from deskside.secure_login.orders.service import Orders
from deskside.secure_login.orders.store import reminder
from deskside.secure_login.store import binding, device
from deskside.secure_login.values import DeviceStatus
from deskside.secure_login.words import kind_name

EVERY = timedelta(hours=1)
ENDED_LATELY = timedelta(days=30)
"""How long after the end of a window its holder is still told, should the portal have paused."""


@dataclass(frozen=True, slots=True)
class Reminders:
    """Reminders about devices."""

    orders: Orders

    def running(self, every: timedelta = EVERY) -> AbstractContextManager[None]:
        """Remind in the background while the block runs; any number of nodes may."""
        return Recurring("orders.remind", self.send, every.total_seconds()).running()

    def send(self) -> int:
        """Write what is due now; how many devices were written about."""
        part, sent = self.orders.secure_login, 0
        now = part.clock.now()
        with part.database.read() as connection:
            rows = connection.execute(self._concerned(now)).all()
        for row in rows:
            what, end, key = self._due(row, now)
            if not key:
                continue
            with part.database.write() as connection:
                values = {"device_id": row.id, "what": key, "at": now}
                if insert_new(connection, reminder, values):
                    self._write(connection, row, what, end)
                    sent += 1
        return sent

    def _concerned(self, now: datetime) -> Any:
        ahead = now + timedelta(days=max(self.orders.policy.remind, default=0))
        waiting = and_(
            device.c.status == DeviceStatus.WAITING.value,
            device.c.activate_by > now - ENDED_LATELY,
            device.c.activate_by <= ahead,
        )
        expiring = and_(
            device.c.status == DeviceStatus.ACTIVE.value,
            device.c.expires > now,
            device.c.expires <= ahead,
        )
        return select(
            device.c.id,
            device.c.kind,
            device.c.serial,
            device.c.status,
            device.c.activate_by,
            device.c.expires,
        ).where(or_(waiting, expiring))

    def _due(self, row: Row[Any], now: datetime) -> tuple[str, datetime, str]:
        """What is to be said of a device, about which moment, and its key; empty for nothing."""
        waits = row.status == DeviceStatus.WAITING
        what, end = ("activate", row.activate_by) if waits else ("expires", row.expires)
        if waits and now >= end:
            return "ended", end, "ended" if self.orders.policy.remind else ""
        days = rules.reminder_due(now, end, self.orders.policy.remind)
        # With the end in its key: a window that begins anew is reminded of anew.
        return what, end, "" if days is None else f"{what}-{days}-{end:%Y%m%d}"

    def _write(self, connection: Connection, row: Row[Any], what: str, end: datetime) -> None:
        part = self.orders.secure_login
        people = connection.execute(
            select(STANDING.c.name, STANDING.c.holder_id, STANDING.c.language)
            .join_from(binding, STANDING, STANDING.c.user_name_id == binding.c.user_name_id)
            .where(binding.c.device_id == row.id, binding.c.status == "active")
        ).all()
        for person in people:
            address = part.directory.email(connection, person.holder_id)
            if address is None:
                continue
            with speaking(person.language or part.directory.language):
                subject, body = reminder_notice(
                    what, kind_name(row.kind), row.serial, person.name, end
                )
            part.endings.mail.enqueue(connection, address, subject, body)
        part.audit.record(
            connection, "device.reminded", actor=None, subject=row.id, detail={"of": what}
        )
