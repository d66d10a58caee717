"""What the tests of the portal's store share."""

from __future__ import annotations

import random

from sqlalchemy import select

from deskside.foundation.database import Database
from deskside.workspace.portal_store.model import WorkstationName
from deskside.workspace.portal_store.tables import settings_snapshot, settings_workspace
from deskside.workspace.service import SettingsStore

OWNER, STRANGER = "o" * 26, "s" * 26
NAME = "darykq.tws"
DESK = WorkstationName("d" * 26, "desk")
LAPTOP = WorkstationName("1" * 26, "laptop")

AGE = (
    b"age-encryption.org/v1\n-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc\n"
    b"EmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U\n"
    b"--- Vn+54jqiiUCE+WZcEVY3f1sqHjlu/z1LCQ/T7Xm7qI0\n"
)
RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


def opaque(text: str) -> bytes:
    """Settings that the program itself encrypted."""
    return b"IBGZENC\0" + text.encode()


def sealed(text: str) -> bytes:
    """Settings that are sealed end to end, as far as anybody can tell."""
    return AGE + text.encode().ljust(40, b".")


def series(count: int, *, seed: int = 1) -> list[bytes]:
    """Saves of one file of some 100 kB, each a little different from the one before."""
    rng = random.Random(seed)
    values = [rng.randrange(10**6) for _value in range(2000)]
    saves = []
    for _save in range(count):
        for _edit in range(5):
            values[rng.randrange(len(values))] = rng.randrange(10**6)
        items = "".join(f'<Column id="{n}" width="{v}"/>\n' for n, v in enumerate(values))
        saves.append(f"<Settings>\n{items}</Settings>\n".encode())
    return saves


def push_all(store: SettingsStore, contents: list[bytes], *, name: str = NAME) -> list[str]:
    """Push one on top of the other; their ids."""
    made: list[str] = []
    for content in contents:
        base = made[-1] if made else ""
        made.append(store.push(OWNER, name, content, base=base).snapshot.id)
    return made


def account_is_right(database: Database) -> None:
    """Every workspace's account is what its versions take, and every base exists."""
    with database.read() as connection:
        rows = connection.execute(select(settings_snapshot)).all()
        for workspace in connection.execute(select(settings_workspace)).all():
            mine = [row for row in rows if row.workspace_id == workspace.id]
            assert workspace.stored == sum(len(row.sealed) for row in mine)
            assert workspace.last_number >= max((row.number for row in mine), default=0)
    ids = {row.id for row in rows}
    assert all(row.base_id in ids for row in rows if row.base_id)
