"""A large desk in PostgreSQL by COPY: people, user names, cards, each as the product stores it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from deskside.foundation.database import new_id

PASSWORD, PIN = "seven grey herons", "2805"
TABLES = {
    "holder": ("id", "kind", "identity", "created"),
    "account": ("id", "holder_id", "status", "created"),
    "user_name": (
        "id",
        "name",
        "holder_id",
        "account_id",
        "enabled",
        "password_hash",
        "password_since",
        "created",
    ),
    "user_role": ("user_name_id", "role"),
    "device": (
        "id",
        "kind",
        "serial",
        "label",
        "secret",
        "public",
        "state",
        "version",
        "status",
        "created",
    ),
    "binding": ("user_name_id", "device_id", "status", "since", "approved_by"),
}
PIECE = 20_000


@dataclass(frozen=True)
class Card:
    """One card for all people of the desk: what it stores, and the virtual device."""

    secret: bytes
    public: str
    virtual: dict[str, str]


def a_card() -> Card:
    """Issue one card; each person gets a record of their own with the same key and PIN."""
    import json

    from deskside.foundation.clock import SystemRandomness
    from deskside.secure_login.authenticators import authenticator

    issued = authenticator("dsc-plus").issue(SystemRandomness(), pin=PIN)
    assert issued.virtual_device is not None
    return Card(issued.secret, json.dumps(dict(issued.public)), dict(issued.virtual_device))


def people(keyring: Any, card: Card, password_hash: str, count: int) -> Iterator[dict[str, tuple]]:
    """One row for each table, for each person: secrets and names sealed as the product does."""
    from deskside.directory.model import Identity
    from deskside.directory.sealed import seal_identity

    now = datetime.now(UTC)
    for number in range(count):
        holder, account, name_id, device = new_id(), new_id(), new_id(), new_id()
        identity = seal_identity(keyring, holder, Identity(f"Person {number}"))
        context = f"authenticator:{device}:dsc-plus"
        secret = keyring.seal(card.secret, context=context)
        serial = f"{number:012d}"
        yield {
            "holder": (holder, "person", identity, now),
            "account": (account, holder, "open", now),
            "user_name": (
                name_id,
                name_of(number),
                holder,
                account,
                True,
                password_hash,
                now,
                now,
            ),
            "user_role": (name_id, "trader"),
            "device": (
                device,
                "dsc-plus",
                serial,
                "",
                secret,
                card.public,
                "{}",
                1,
                "active",
                now,
            ),
            "binding": (name_id, device, "active", now, None),
        }


def name_of(number: int) -> str:
    """The user name of a person."""
    return f"user{number:07d}"


def copy_in(url: str, keyring: Any, card: Card, password_hash: str, count: int) -> None:
    """Fill a migrated database, and let it look at what it holds."""
    import psycopg

    with psycopg.connect(url, autocommit=False) as connection:
        piece: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
        for number, rows in enumerate(people(keyring, card, password_hash, count), 1):
            for table, row in rows.items():
                piece[table].append(row)
            if number % PIECE == 0 or number == count:
                _flush(connection, piece)
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def _flush(connection: Any, piece: dict[str, list[tuple[Any, ...]]]) -> None:
    for table, columns in TABLES.items():
        with connection.cursor() as cursor:
            statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            with cursor.copy(statement) as copy:
                for row in piece[table]:
                    copy.write_row(row)
        piece[table].clear()


def chosen(count: int, how_many: int) -> list[str]:
    """So many user names, all over the desk."""
    return [name_of(secrets.randbelow(count)) for _each in range(how_many)]
