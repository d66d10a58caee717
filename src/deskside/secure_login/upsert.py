"""Insertions that a unique constraint may turn away, in the words of either engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def dialect_insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insertion that knows ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless a constraint forbids it; whether it was inserted.

    Of several that try at once exactly one succeeds, on either engine: the others wait for its
    transaction to end.
    """
    statement = dialect_insert(connection, table).values(values).on_conflict_do_nothing()
    returned = connection.execute(statement.returning(*table.primary_key.columns))
    return returned.first() is not None


def insert_or_update(
    connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Insert a row, or update the one with that primary key."""
    statement = dialect_insert(connection, table).values({**key, **values})
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(values)))
