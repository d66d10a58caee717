"""How versions lie in the database: packed, sealed, some onto others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, literal, select, update

from deskside.workspace.portal_store.tables import settings_snapshot, settings_workspace

LONGEST_CHAIN = 64
"""Steps from a version to its whole copy that are followed; ours are shorter by far."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A version as it lies in the database.

    Attributes:
        base: id of the version that it is packed onto.
    """

    id: str
    number: int
    sha256: str
    size: int
    coding: int
    base: str | None
    sealed: bytes


_PIECE = tuple(
    settings_snapshot.c[name]
    for name in ("id", "number", "sha256", "size", "coding", "base_id", "sealed")
)


def _chain() -> Select[Any]:
    table = settings_snapshot.c
    first = select(table.id, table.base_id, literal(0).label("step"))
    steps = first.where(table.id == bindparam("version")).cte("steps", recursive=True)
    steps = steps.union_all(
        select(table.id, table.base_id, steps.c.step + 1)
        .join(steps, steps.c.base_id == table.id)
        .where(steps.c.step < LONGEST_CHAIN)
    )
    return select(*_PIECE).join(steps, steps.c.id == table.id).order_by(steps.c.step)


_CHAIN = _chain()


def chain(connection: Connection, identifier: str) -> list[Piece]:
    """A version and all that it is packed onto, down to the whole copy."""
    return [Piece(*row) for row in connection.execute(_CHAIN, {"version": identifier})]


def based_on(connection: Connection, identifier: str) -> list[Piece]:
    """The versions that are packed onto one, the oldest first."""
    table = settings_snapshot.c
    query = select(*_PIECE).where(table.base_id == identifier).order_by(table.number)
    return [Piece(*row) for row in connection.execute(query)]


def replace_piece(connection: Connection, workspace: str, before: Piece, after: Piece) -> bool:
    """Pack a version anew; false if it has been so meanwhile, or is gone."""
    table = settings_snapshot
    changed = connection.execute(
        update(table)
        .where(table.c.id == before.id, table.c.sealed == before.sealed)
        .values(base_id=after.base, coding=after.coding, sealed=after.sealed)
    )
    account(connection, workspace, len(after.sealed) - len(before.sealed))
    return bool(changed.rowcount)


def account(
    connection: Connection, workspace: str, stored: int, *, last_number: int | None = None
) -> None:
    """Keep the workspace's account of what its versions take, and of the last number given."""
    table = settings_workspace
    values: dict[str, Any] = {"stored": table.c.stored + stored}
    if last_number is not None:
        values["last_number"] = last_number
    connection.execute(update(table).where(table.c.id == workspace).values(values))
