"""The pages and the API over the real shell, and somebody who is logged in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from litestar.testing import TestClient

from deskside.network import api
from deskside.network.monitor.service import MonitorService
from deskside.network.service import NetworkService
from deskside.web.model import Resolved, Visitor
from deskside.web.service import Shell
from deskside.web.shell import build_app

TRADER = Visitor("id", "trader", "Trader", frozenset(), "session")
BEARER = {"authorization": "Bearer t"}
SAME_SITE = {"sec-fetch-site": "same-origin"}


def client(
    handlers: list[Any],
    service: NetworkService | None,
    *,
    local: bool,
    monitor: MonitorService | None = None,
    people: Mapping[str, Visitor] | None = None,
) -> TestClient[Any]:
    known = {"t": TRADER} if people is None else people
    watched = monitor or MonitorService(file=Path("/nowhere/monitor.sqlite3"))
    app = build_app(
        Shell([], [], local=local),
        handlers,
        api=api.routes() if service else (),
        dependencies={"network": service, "monitor": watched} if service else {},
        resolve=None
        if local
        else lambda token, _address: Resolved(known[token]) if token in known else None,
        hosts=("testserver.local",),
    )
    return TestClient(app)
