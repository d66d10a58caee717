"""Telling people what happened to their user names, and taking their "this wasn't me".

Whatever is recorded in the audit trail and is to be told (`events.SHOWN`) is written about in the
same transaction, wherever in the product it was caused. The message holds a link by which the
person, without logging in, locks the user name at once: all sessions end, nobody logs in, and only
the desk opens it again, after checking who asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from deskside.directory.model import Role
from deskside.directory.service import STANDING, DirectoryService
from deskside.foundation.audit.model import Row as AuditRow
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database
from deskside.foundation.errors import NotFound
from deskside.foundation.mail import Mail
from deskside.foundation.text import _, speaking
from deskside.secure_login.events import SHOWN
from deskside.secure_login.notices import disowned_notice, event_notice
from deskside.secure_login.store import alarm_link, binding, device
from deskside.secure_login.tokens import new_token, token_hash
from deskside.secure_login.words import kind_name

LIFETIME = timedelta(days=7)
"""How long a person may say that it was somebody else."""


class AlarmGone(NotFound):
    """The link was used or has expired, or never existed."""

    def __init__(self) -> None:
        super().__init__(
            "alarm-gone",
            _("This link has been used or has expired."),
            hint=_("If somebody else uses your user name, tell your desk now: they can lock it."),
        )


@dataclass(frozen=True, slots=True)
class Alarms:
    """Notices, and the links in them."""

    database: Database
    clock: Clock
    directory: DirectoryService
    mail: Mail
    portal: Callable[[], str | None]

    def tell(self, connection: Connection, row: AuditRow) -> None:
        """Write to whom an event concerns, if it is one to be written about."""
        told = SHOWN.get(row.event)
        if told is None or not told.notice or row.subject is None:
            return
        for person in connection.execute(_concerned(row.subject)).all():
            address = self.directory.email(connection, person.holder_id)
            if address is None:
                continue
            link = self._issue(connection, person.user_name_id, row.event)
            with speaking(person.language or self.directory.language):
                about = _device_of(connection, row)
                subject, body = event_notice(
                    _(told.words), person.name, row.at, about, link, LIFETIME
                )
            self.mail.enqueue(connection, address, subject, body)

    def named(self, token: str) -> str:
        """The user name that a link would lock, without using it up; raises AlarmGone."""
        with self.database.read() as connection:
            name = connection.execute(
                select(STANDING.c.name)
                .join_from(
                    alarm_link, STANDING, STANDING.c.user_name_id == alarm_link.c.user_name_id
                )
                .where(*self._is_open(token))
            ).scalar_one_or_none()
        if name is None:
            raise AlarmGone
        return str(name)

    def spend(self, connection: Connection, token: str) -> Row[Any]:
        """Use a link up; its `user_name_id` and the `event` that was not the person's.

        Raises:
            AlarmGone: somebody was faster, or it is no open link.
        """
        spent = connection.execute(
            update(alarm_link)
            .where(*self._is_open(token))
            .values(used=self.clock.now())
            .returning(alarm_link.c.user_name_id, alarm_link.c.event)
        ).first()
        if spent is None:
            raise AlarmGone
        return spent

    def tell_desk(self, connection: Connection, user_name_id: str) -> None:
        """Write to operators and helpdesk that an owner has locked a user name."""
        name = connection.execute(
            select(STANDING.c.name).where(STANDING.c.user_name_id == user_name_id)
        ).scalar_one()
        with speaking(self.directory.language):
            subject, body = disowned_notice(name, self.portal())
        for address in self.directory.emails_of(connection, Role.OPERATOR, Role.HELPDESK):
            self.mail.enqueue(connection, address, subject, body)

    def sweep(self, connection: Connection) -> None:
        """Forget links that have expired."""
        connection.execute(alarm_link.delete().where(alarm_link.c.expires <= self.clock.now()))

    def _issue(self, connection: Connection, user_name_id: str, event: str) -> str | None:
        portal = self.portal()
        if portal is None:
            return None
        token, now = new_token(), self.clock.now()
        values = {
            "token_hash": token_hash(token),
            "user_name_id": user_name_id,
            "event": event,
            "created": now,
            "expires": now + LIFETIME,
        }
        connection.execute(insert(alarm_link).values(values))
        return f"{portal.rstrip('/')}/alarm/{token}"

    def _is_open(self, token: str) -> tuple[ColumnElement[bool], ...]:
        return (
            alarm_link.c.token_hash == token_hash(token),
            alarm_link.c.used.is_(None),
            alarm_link.c.expires > self.clock.now(),
        )


def _device_of(connection: Connection, row: AuditRow) -> str:
    """The device that an event is about, in the present language; nothing for other events."""
    if not row.event.startswith(("device.", "share.")):
        return ""
    identifier = str(row.fields.get("device", "")) or row.subject
    found = connection.execute(
        select(device.c.kind, device.c.label, device.c.serial).where(device.c.id == identifier)
    ).first()
    return f"{found.label or kind_name(found.kind)}, {found.serial}" if found else ""


def _concerned(subject: str) -> Any:
    """The user name of that id, or all that the device of that id is bound to."""
    bound = select(binding.c.user_name_id).where(binding.c.device_id == subject)
    return select(
        STANDING.c.user_name_id, STANDING.c.name, STANDING.c.holder_id, STANDING.c.language
    ).where(or_(STANDING.c.user_name_id == subject, STANDING.c.user_name_id.in_(bound)))
