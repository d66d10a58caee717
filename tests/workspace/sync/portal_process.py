"""A portal that keeps settings and nothing else: in a thread of a test, or a process of its own.

    python -m tests.workspace.sync.portal_process FOLDER

prints its address and serves until it is killed. Every session token is a user of that name.
"""

from __future__ import annotations

import hashlib
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import SystemClock
from deskside.foundation.database import Database
from deskside.foundation.keyring import Keyring
from deskside.web.model import NavigationItem, Resolved, Visitor
from deskside.web.service import Shell
from deskside.web.shell import build_app
from deskside.workspace.api import routes
from deskside.workspace.pages import portal_pages
from deskside.workspace.service import SettingsStore

USER = "darykq"
ENDED: set[str] = set()
"""Sessions that the portal has ended."""


def tws(**values: object) -> bytes:
    """Small settings: one element for each value, in order."""
    lines = [f'\t<Item varName="{name}" value="{value}"/>\n' for name, value in values.items()]
    text = "".join(['<?xml version="1.0" encoding="UTF-8"?>\n<Settings mode="TWS">\n', *lines])
    return f"{text}</Settings>\n".encode()


def resolve(token: str, _address: str) -> Resolved | None:
    """Every token stands for a user of that name."""
    who = hashlib.sha256(token.encode()).hexdigest()[:26]
    return None if token in ENDED else Resolved(Visitor(who, token, token, frozenset(), "session"))


@contextmanager
def portal_app(folder: Path) -> Iterator[Callable[..., Any]]:
    database, clock = Database.open(folder / "deskside.sqlite3"), SystemClock()
    database.migrate()
    store = SettingsStore(database, Keyring.open(database, folder / "keys"), clock, Audit(clock))
    services = {"settings_store": store}
    shell = Shell(["deskside.workspace"], [NavigationItem("/settings", "Settings")])
    yield build_app(shell, portal_pages(), api=routes(), dependencies=services, resolve=resolve)
    database.close()


def portal_server(app: Callable[..., Any]) -> uvicorn.Server:
    return uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", lifespan="off"))


def main() -> None:
    with socket.socket() as listener, portal_app(Path(sys.argv[1])) as app:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # before the address is told, or the first to come would be refused
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        portal_server(app).run(sockets=[listener])


if __name__ == "__main__":
    main()
