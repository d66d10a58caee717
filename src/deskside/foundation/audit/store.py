"""Tables and queries of the audit trail."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    RowMapping,
    String,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    update,
)

from deskside.foundation.audit.model import GENESIS, Head, Row, Sealed
from deskside.foundation.database import UtcDateTime, metadata

audit_event = Table(
    "audit_event",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("event", String(80), nullable=False),
    Column("actor", String(120), index=True),
    Column("subject", String(120), index=True),
    Column("detail", Text, nullable=False),
    # Rows commit in any order; their place in the chain is decided when they are sealed.
    Column("position", Integer, unique=True),
    Column("digest", LargeBinary),
    Column("link", LargeBinary),
    sqlite_with_rowid=False,
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("link", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("public_key", String(64), nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

audit_signer = Table(
    "audit_signer",
    metadata,
    Column("public_key", String(64), primary_key=True),
    Column("proof", LargeBinary, nullable=False),
    Column("added", UtcDateTime, nullable=False),
)
"""Keys that nodes sign with; the proof is made with the keyring, not by writing here alone."""

_rows = audit_event.c
_INSERT = insert(audit_event)


def add(connection: Connection, *rows: Row) -> None:
    values = [
        {
            "id": row.id,
            "at": row.at,
            "event": row.event,
            "actor": row.actor,
            "subject": row.subject,
            "detail": row.detail,
        }
        for row in rows
    ]
    # One row, as at a log-in, is sent as one: the driver's way for many costs more.
    connection.execute(_INSERT, values if len(values) > 1 else values[0])


def unsealed(connection: Connection, limit: int) -> list[Row]:
    query = select(audit_event).where(_rows.position.is_(None)).order_by(_rows.at, _rows.id)
    return [_row(found) for found in connection.execute(query.limit(limit)).mappings()]


def last_link(connection: Connection) -> tuple[int, bytes]:
    """Position and link of the chain's end."""
    query = select(_rows.position, _rows.link).where(_rows.position.is_not(None))
    found = connection.execute(query.order_by(_rows.position.desc()).limit(1)).first()
    return (found.position, found.link) if found else (0, GENESIS)


def seal(connection: Connection, sealed: Sequence[Sealed]) -> None:
    statement = update(audit_event).where(_rows.id == bindparam("row_id"), _rows.position.is_(None))
    connection.execute(
        statement.values(
            position=bindparam("new_position"),
            digest=bindparam("new_digest"),
            link=bindparam("new_link"),
        ),
        [
            {
                "row_id": item.row.id,
                "new_position": item.position,
                "new_digest": item.digest,
                "new_link": item.link,
            }
            for item in sealed
        ],
    )


def chain(connection: Connection) -> Iterator[Sealed]:
    """All sealed rows in the chain's order, a page at a time."""
    after = None
    while True:
        query = select(audit_event).where(_rows.position.is_not(None)).order_by(_rows.position)
        if after is not None:
            query = query.where(_rows.position > after)
        page = connection.execute(query.limit(1000)).mappings().all()
        yield from (_sealed(found) for found in page)
        if len(page) < 1000:
            return
        after = page[-1]["position"]


def latest(connection: Connection, limit: int, event: str | None) -> list[tuple[Row, int | None]]:
    """The newest rows with their positions, newest first."""
    query = select(audit_event).order_by(_rows.id.desc()).limit(limit)
    if event is not None:
        query = query.where(_rows.event.startswith(event, autoescape=True))
    return [(_row(found), found["position"]) for found in connection.execute(query).mappings()]


def concerning(
    connection: Connection,
    identities: Collection[str],
    limit: int,
    *,
    before: str = "",
    events: Collection[str] = (),
) -> list[Row]:
    """The newest rows of which one of some is the actor or the subject, newest first.

    Only rows older than the one with the id `before`, and only some events, where given.
    """
    query = select(audit_event).where(_rows.actor.in_(identities) | _rows.subject.in_(identities))
    if before:
        query = query.where(_rows.id < before)
    if events:
        query = query.where(_rows.event.in_(events))
    found = connection.execute(query.order_by(_rows.id.desc()).limit(limit))
    return [_row(row) for row in found.mappings()]


def add_head(connection: Connection, head: Head) -> None:
    connection.execute(
        insert(audit_head).values(
            position=head.position,
            link=head.link,
            at=head.at,
            public_key=head.public_key,
            signature=head.signature,
        )
    )


def heads(connection: Connection, *, after: int = 0, by: str | None = None) -> list[Head]:
    """The signed heads after a position, perhaps of one signer only, in order."""
    query = select(audit_head).where(audit_head.c.position > after)
    if by is not None:
        query = query.where(audit_head.c.public_key == by)
    found = connection.execute(query.order_by(audit_head.c.position)).mappings()
    return [Head(**row) for row in found]


def signers(connection: Connection) -> dict[str, bytes]:
    """Each signer's public key with its proof."""
    query = select(audit_signer.c.public_key, audit_signer.c.proof)
    return {row.public_key: row.proof for row in connection.execute(query)}


def add_signer(connection: Connection, public_key: str, proof: bytes, added: datetime) -> None:
    connection.execute(insert(audit_signer).values(public_key=public_key, proof=proof, added=added))


def waiting(connection: Connection) -> tuple[int, datetime | None]:
    """How many rows wait to be sealed, and the time of the oldest."""
    query = select(func.count(), func.min(_rows.at)).where(_rows.position.is_(None))
    count, oldest = connection.execute(query).one()
    return count, oldest


def _row(found: RowMapping) -> Row:
    names = ("id", "at", "event", "actor", "subject", "detail")
    return Row(**{name: found[name] for name in names})


def _sealed(found: RowMapping) -> Sealed:
    return Sealed(
        row=_row(found),
        position=found["position"],
        digest=found["digest"] or b"",
        link=found["link"] or b"",
    )
