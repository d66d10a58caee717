"""The second-factor step: statements, commits and CPU of the portal, hashing apart.

The portal's application is called in this process, without a network or a client library, so
that what is counted is its own.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import event
from sqlalchemy.engine import Engine

from bench.measure import show, verdict

ROUNDS = 300
COUNTED = 10
"""Log-ins of which the statements are counted; they warm up what is timed after them."""

STATEMENTS, COMMITS, CPU = 8, 1, 5.0
"""Bounds of one step; CPU in milliseconds for both steps without the hash."""


@dataclass
class Counter:
    """What the database was asked to do."""

    statements: int = 0
    commits: int = 0


@contextmanager
def counted() -> Iterator[Counter]:
    """Count statements and commits of every engine."""
    counter = Counter()

    def statement(_connection: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        if not text.startswith("BEGIN"):
            counter.statements += 1

    def commit(_connection: Any) -> None:
        counter.commits += 1

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "commit", commit)
    try:
        yield counter
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
        event.remove(Engine, "commit", commit)


async def post(app: Any, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """One request, straight into the application."""
    content, chunks = json.dumps(body).encode(), []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": f"/api/v1{path}",
        "raw_path": f"/api/v1{path}".encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"localhost"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
        "state": {},
    }
    messages = iter([{"type": "http.request", "body": content, "more_body": False}])

    async def receive() -> Any:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        chunks.append(message)

    await app(scope, receive, send)
    answer = b"".join(chunk.get("body", b"") for chunk in chunks)
    assert chunks[0]["status"] in (200, 201), answer
    return dict(json.loads(answer))


def run(*, peers: bool) -> None:
    """Measure and print."""
    password, answer = steps()
    asked = max(round(password[0]), round(answer[0]))
    both = password[2] + answer[2]
    rows: list[list[object]] = [
        ["password", *password],
        ["second factor", *answer],
        ["both", "", "", both],
        [
            "held",
            verdict(asked, STATEMENTS),
            verdict(max(round(password[1]), round(answer[1])), COMMITS),
            verdict(both, CPU),
        ],
    ]
    headings = ["step", f"statements ≤ {STATEMENTS}", "commits", f"CPU ms, hash apart ≤ {CPU}"]
    show("One log-in, inside the portal, SQLite", headings, rows)


def steps() -> list[list[float]]:
    """Statements, commits and CPU milliseconds of the password's step and the device's.

    Passwords are hashed at next to no cost, which tells what the rest costs without a difference
    of two large figures.
    """
    from deskside.foundation.config import Config
    from deskside.portal import create_app, open_services
    from deskside.secure_login import demo, passwords
    from deskside.secure_login.card.device import VirtualCard
    from deskside.secure_login.card.file import parse
    from deskside.secure_login.hashing import Hasher

    limits = {f"login.per_{whom}": 1_000_000 for whom in ("user", "address", "desk")}
    cheap = mock.patch.object(passwords, "_hasher", Hasher(1, 8))
    with tempfile.TemporaryDirectory() as name, cheap:
        folder = Path(name)
        config = Config.load(flags={"portal.data": name, **limits})
        with open_services(config, folder, demo=True) as services:
            demo.welcome(services, folder, "http://localhost")
            users = json.loads((folder / "demo.json").read_text())["users"]
            user = next(u for u in users if u["devices"][:1] and _has_card(u))
            device = user["devices"][0]
            card = VirtualCard.from_document(parse(Path(device["file"]).read_text()))
            return asyncio.run(_steps(create_app(services), user, card, device["pin"]))


def _has_card(user: dict[str, Any]) -> bool:
    return bool(user["devices"][0]["kind"] == "dsc-plus")


async def _steps(app: Any, user: dict[str, Any], card: Any, pin: str) -> list[list[float]]:
    """Statements, commits and CPU milliseconds of each step, on average.

    What is counted is not timed: a listener makes SQLAlchemy's every statement dearer.
    """
    sums = [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    for _round in range(COUNTED):
        log_in = _LogIn(app, user, card, pin)
        for index, step in enumerate((log_in.password, log_in.answer)):
            with counted() as counter:
                await step()
            sums[index][0] += counter.statements / COUNTED
            sums[index][1] += counter.commits / COUNTED
    for _round in range(ROUNDS):
        log_in = _LogIn(app, user, card, pin)
        for index, step in enumerate((log_in.password, log_in.answer)):
            started = time.process_time()
            await step()
            sums[index][2] += (time.process_time() - started) * 1000 / ROUNDS
    return sums


@dataclass
class _LogIn:
    """One log-in, step by step."""

    app: Any
    user: dict[str, Any]
    card: Any
    pin: str
    begun: dict[str, Any] = field(default_factory=dict)

    async def password(self) -> None:
        credentials = {"username": self.user["username"], "password": self.user["password"]}
        self.begun = await post(self.app, "/login", credentials)

    async def answer(self) -> None:
        challenge = self.begun["challenge"]
        response = self.card.respond(challenge["question"], self.pin)
        body = {"device": challenge["device"], "answer": response}
        await post(self.app, f"/login/{self.begun['login']}/answer", body)
