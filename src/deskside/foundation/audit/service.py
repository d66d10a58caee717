"""The audit trail: recording, sealing and verifying what happened."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from sqlalchemy import Connection

from deskside.foundation.audit import store
from deskside.foundation.audit.model import COMMAND_LINE, Detail, Row, checked_detail, checked_id
from deskside.foundation.audit.sealer import HEADS_FILE, Sealer
from deskside.foundation.audit.verifier import verify
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database, new_id

__all__ = ["COMMAND_LINE", "HEADS_FILE", "Audit", "Sealer", "concerning", "latest", "verify"]


Listener = Callable[[Connection, Row], None]


class Audit:
    """The audit trail, for those who record in it.

    Args:
        actor: who did what names no actor, such as COMMAND_LINE.
    """

    def __init__(self, clock: Clock, *, actor: str | None = None) -> None:
        self._clock = clock
        self._actor = actor
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call a listener with each row that is recorded, inside the transaction that does it.

        What follows from an event, such as a notice to the person, so cannot be forgotten where
        the event is caused, and is committed or lost together with it.
        """
        self._listeners.append(listener)

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
            actor: id of who did it; None is the trail's own actor, else Deskside itself or somebody
                unknown.
            subject: id of what it was done to.
            detail: ids, counts and codes; never personal data, never free text.

        Raises:
            ValueError: something could be personal data.
        """
        row = self._row(event, actor, subject, detail)
        self._keep(connection, row)
        return row.id

    def record_all(
        self,
        connection: Connection,
        event: str,
        about: Iterable[tuple[str, Detail]],
        *,
        actor: str | None,
    ) -> None:
        """Record one event about many, each with its detail, in one statement; as `record`."""
        rows = [self._row(event, actor, subject, detail) for subject, detail in about]
        if rows:
            self._keep(connection, *rows)

    def _row(
        self, event: str, actor: str | None, subject: str | None, detail: Detail | None
    ) -> Row:
        return Row(
            id=new_id(),
            at=self._clock.now(),
            event=event,
            actor=checked_id(actor or self._actor),
            subject=checked_id(subject),
            detail=checked_detail(event, detail),
        )

    def _keep(self, connection: Connection, *rows: Row) -> None:
        store.add(connection, *rows)
        for listener in self._listeners:
            for row in rows:
                listener(connection, row)


def latest(
    database: Database, *, limit: int = 50, event: str | None = None
) -> list[tuple[Row, int | None]]:
    """The newest rows with their positions in the chain (None: not sealed yet), newest first.

    Args:
        database: where the trail is.
        limit: how many at most.
        event: only events that begin so, such as `login.`.
    """
    with database.read() as connection:
        return store.latest(connection, limit, event)


def concerning(
    database: Database,
    *identities: str,
    limit: int = 10,
    before: str = "",
    events: Collection[str] = (),
) -> list[Row]:
    """The newest rows about some ids, as actor or subject, newest first.

    Args:
        database: where the trail is.
        identities: the ids.
        limit: how many at most.
        before: only rows older than the one with this id.
        events: only these, where given.
    """
    with database.read() as connection:
        return store.concerning(connection, identities, limit, before=before, events=events)
