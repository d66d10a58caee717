"""Searching people: by user name, and by the words of names that are stored sealed.

Of each word of a holder's name the desk keeps a keyed hash. Whoever reads the database learns from
it no more than that two holders share a word.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, union

from deskside.directory import sealed
from deskside.directory.rules import is_user_name, name_words
from deskside.directory.store import holder, holder_word, standing, user_name
from deskside.foundation.keyring import Keyring

PAGE = 1000
"""Holders whose words are hashed in one statement when a database is brought up to date."""


def remember_words(
    connection: Connection, keyring: Keyring, names: Iterable[tuple[str, str]]
) -> None:
    """Keep the words of holders' names: pairs of holder's id and name."""
    rows = [
        {"word": hash_of(keyring, word), "holder_id": holder_id}
        for holder_id, name in names
        for word in sorted(name_words(name))
    ]
    if rows:
        connection.execute(insert(holder_word), rows)


def catch_up(connection: Connection, keyring: Keyring) -> None:
    """Keep the words of all holders, where the desk comes from a release that kept none."""
    if connection.execute(select(holder_word.c.word).limit(1)).first() is not None:
        return
    after = ""
    while True:
        rows = connection.execute(
            select(holder.c.id, holder.c.identity)
            .where(holder.c.id > after)
            .order_by(holder.c.id)
            .limit(PAGE)
        ).all()
        if not rows:
            return
        after = rows[-1].id
        names = [(r.id, sealed.open_identity(keyring, r.id, r.identity).name) for r in rows]
        remember_words(connection, keyring, names)


def matching(keyring: Keyring, query: str, limit: int) -> Select[Any]:
    """Rows of `standing` that a text finds.

    The user name begins so; or the holder's name has all its words; or it is the id of the user
    name, its account or its holder, as the audit trail names them.
    """
    text = query.strip().lower()
    # Each by its own index: an OR over the joined tables would read them whole.
    found = [select(user_name.c.id).where(column == text) for column in _IDS]
    if is_user_name(text.ljust(3, "a")):
        begins = user_name.c.name.like(_escaped(text) + "%", escape="/")
        found.append(select(user_name.c.id).where(begins))
    if words := [hash_of(keyring, word) for word in sorted(name_words(query))]:
        having = (
            select(holder_word.c.holder_id)
            .where(holder_word.c.word.in_(words))
            .group_by(holder_word.c.holder_id)
            .having(func.count() == len(words))
        )
        found.append(select(user_name.c.id).where(user_name.c.holder_id.in_(having)))
    chosen = standing.c.user_name_id.in_(union(*found))
    return select(standing).where(chosen).order_by(standing.c.name).limit(limit)


_IDS = (user_name.c.id, user_name.c.account_id, user_name.c.holder_id)


def hash_of(keyring: Keyring, word: str) -> bytes:
    """What is kept of a word."""
    return keyring.keyed_hash("holder word", word.encode("utf-8", "surrogatepass"))[:16]


def _escaped(text: str) -> str:
    return text.replace("/", "//").replace("_", "/_").replace("%", "/%")
