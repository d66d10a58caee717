"""Recording what happened."""

from __future__ import annotations

from sqlalchemy import Connection

from deskside.foundation.audit import store
from deskside.foundation.audit.model import Detail, Row, checked_detail, checked_id
from deskside.foundation.clock import Clock
from deskside.foundation.database import new_id


class Audit:
    """The audit trail, for those who record in it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def record(
        self,
        connection: Connection,
        event: str,
        *,
        actor: str | None,
        subject: str | None,
        detail: Detail | None = None,
    ) -> str:
        """Record an event inside the caller's transaction; return the row's id.

        Args:
            connection: the write transaction that does what is recorded.
            event: what happened, such as `login.succeeded`.
            actor: id of who did it; None is Deskside itself or somebody unknown.
            subject: id of what it was done to.
            detail: ids, counts and codes; never personal data, never free text.

        Raises:
            ValueError: something could be personal data.
        """
        row = Row(
            id=new_id(),
            at=self._clock.now(),
            event=event,
            actor=checked_id(actor),
            subject=checked_id(subject),
            detail=checked_detail(event, detail),
        )
        store.add(connection, row)
        return row.id
