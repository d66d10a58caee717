"""Insertions that a unique constraint may turn away, in the words of either engine."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert


def dialect_insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insertion that knows ON CONFLICT."""
    return _insert(connection.dialect.name, table)


def _insert(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def _insert_new(dialect: str, table: Table) -> ReturningInsert[Any]:
    statement = _insert(dialect, table).on_conflict_do_nothing()
    return statement.returning(*table.primary_key.columns)


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless a constraint forbids it; whether it was inserted.

    Of several that try at once exactly one succeeds, on either engine: the others wait for its
    transaction to end.
    """
    statement = _insert_new(connection.dialect.name, table)
    return connection.execute(statement, dict(values)).first() is not None


def insert_or_update(
    connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Insert a row, or update the one with that primary key."""
    statement = dialect_insert(connection, table).values({**key, **values})
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(values)))
