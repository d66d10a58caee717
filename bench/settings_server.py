"""A thousand workstations that save to the portal at once, over HTTP, on either database.

The portal is the product as it is started (`deskside serve`), two processes over PostgreSQL.
Every workstation keeps one connection, saves a file of its own, and when another of the same
user name was faster, it is told so (409), takes up the latest version as its base and saves
again, as the client does. At the end every history is asked for: what was acknowledged must be
there, each version right on top of the base that its sender named; else the run fails, as it does
at any answer but success and a clear conflict, or a request to return that leads to success.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.measure import DESKSIDE, show
from bench.settings_save import SAMPLE, settings

WORKSPACE = "darykq.tws"
SAVES = 2
"""Of each workstation: the first makes a whole copy, the second what changed."""

PATIENCE = 600.0


def large(number: int) -> bytes:
    """Settings of 1.5 MB."""
    return settings(number)


def small(number: int) -> bytes:
    """Settings of 225 kB."""
    return SAMPLE.read_bytes().replace(b'tipIndex="-1"', b'tipIndex="%d"' % number)


@dataclass
class Seen:
    """What happened to all workstations together.

    Attributes:
        acknowledged: id of a version, to its digest and the base that it was put on.
        seconds: of each save that was acknowledged, from the first attempt on.
        attempts: seconds of each single request.
        answers: how often each status came.
        trouble: what was neither stored nor a clear conflict, in the end.
    """

    acknowledged: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    seconds: list[list[float]] = field(default_factory=lambda: [[] for _save in range(SAVES)])
    attempts: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)
    walls: list[float] = field(default_factory=list)


class Workstation:
    """One computer with one connection."""

    def __init__(self, number: int, token: str, port: int, seen: Seen, make: Any) -> None:
        self.id = f"{number:026d}"
        self.number, self.token, self.port, self.seen, self.make = number, token, port, seen, make
        self.base = ""

    async def connect(self) -> None:
        """Open the connection."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def save(self, turn: int) -> None:
        """Save once; a conflict is taken up and saved over."""
        content = self.make(self.number * SAVES + turn)
        digest = hashlib.sha256(content).hexdigest()
        started = time.perf_counter()
        while True:
            status, headers, answer = await self.push(content, digest)
            if status == 409 and answer["type"] == "settings-conflict":
                self.base = answer["latest"]["id"]
            elif status == 503:
                await asyncio.sleep(int(headers["retry-after"]))
            else:
                break
        if status != 200:
            self.seen.trouble.append(f"{status} {answer}")
            return
        self.seen.seconds[turn].append(time.perf_counter() - started)
        stored = self.seen.acknowledged.setdefault(self.token, {})
        stored[answer["snapshot"]] = digest, self.base
        self.base = answer["snapshot"]

    async def push(self, content: bytes, digest: str) -> tuple[int, dict[str, str], Any]:
        """One request."""
        started = time.perf_counter()
        head = (
            f"POST /api/v1/me/settings/{WORKSPACE}/snapshots HTTP/1.1\r\n"
            f"host: localhost\r\nauthorization: Bearer {self.token}\r\n"
            "content-type: application/octet-stream\r\n"
            f"content-length: {len(content)}\r\ndeskside-sha256: {digest}\r\n"
            f"deskside-base: {self.base}\r\ndeskside-workstation: {self.id}\r\n"
            f"deskside-workstation-name: desk-{self.number}\r\n\r\n"
        )
        answer = await self.ask(head.encode() + content)
        self.seen.answers[answer[0]] += 1
        self.seen.attempts.append(time.perf_counter() - started)
        return answer

    async def history(self) -> list[dict[str, Any]]:
        """The versions that the portal has, the oldest first."""
        head = f"GET /api/v1/me/settings/{WORKSPACE}/snapshots HTTP/1.1\r\nhost: localhost\r\n"
        asking = f"{head}authorization: Bearer {self.token}\r\n\r\n".encode()
        _status, _headers, answer = await self.ask(asking)
        return list(reversed(answer["snapshots"]))

    async def ask(self, request: bytes) -> tuple[int, dict[str, str], Any]:
        """One request; anew where the server has closed the idle connection, as it may."""
        try:
            self.writer.write(request)
            return await self.answer()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.writer.close()
            await self.connect()
            self.writer.write(request)
            return await self.answer()

    async def answer(self) -> tuple[int, dict[str, str], Any]:
        """Read one response."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _c, v in (line.partition(":") for line in head[1:])}
        body = await self.reader.readexactly(int(headers["content-length"]))
        return int(head[0].split()[1]), headers, json.loads(body)


async def save_at_once(stations: list[Workstation], seen: Seen) -> None:
    """All save at the same moment; when all are through, all save again."""
    for start in range(0, len(stations), 50):
        await asyncio.gather(*(each.connect() for each in stations[start : start + 50]))
    for turn in range(SAVES):
        started = time.perf_counter()
        await asyncio.wait_for(asyncio.gather(*(each.save(turn) for each in stations)), PATIENCE)
        seen.walls.append(time.perf_counter() - started)
    first = {each.token: each for each in stations}
    for token, station in first.items():
        check(await station.history(), seen.acknowledged.get(token, {}))
    for each in stations:
        each.writer.close()


def check(history: list[dict[str, Any]], acknowledged: dict[str, tuple[str, str]]) -> None:
    """What was acknowledged is there, each right on top of its base; else raise."""
    assert {each["id"] for each in history} == set(acknowledged), "a version is lost, or unasked"
    below = ""
    for version in history:
        digest, base = acknowledged[version["id"]]
        assert version["sha256"] == digest, "a version is another's"
        assert base == below, "an update was lost: something came in between"
        below = version["id"]


def seed(url: str, folder: Path, names: int) -> list[str]:
    """A desk with so many people, each with a user name and a session; the sessions' tokens."""
    from deskside.directory.model import HolderKind, Identity
    from deskside.foundation.config import Config
    from deskside.portal import open_services
    from deskside.secure_login.rules import Accepted
    from deskside.secure_login.values import Origin, Scope

    flags = {"portal.database": url, "portal.data": str(folder)}
    accepted = Accepted(Scope.FULL, ("pwd",), 10)
    tokens = []
    with open_services(Config.load(flags=flags), folder) as services:
        holder = services.directory.add_holder(HolderKind.PERSON, Identity("A Desk"))
        for number in range(names):
            user = services.directory.add_user_name(f"trader{number}", holder.id)
            with services.database.write() as connection:
                sessions = services.secure_login.sessions
                token, _ends = sessions.start(
                    connection, secrets.token_hex(13), user.id, accepted, Origin()
                )
            tokens.append(token)
    return tokens


@contextmanager
def portal(url: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A running portal over a database, and its port."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [DESKSIDE, "serve", "--listen", f"localhost:{port}", "--data", str(folder)]
    process = subprocess.Popen(
        [*command, "--database", url], stdout=subprocess.PIPE, stderr=sys.stderr, text=True
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "Ctrl+C" in line:
                break
        yield process, port
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def storm(url: str, folder: Path, *, nodes: int, names: int, each: int, make: Any) -> Seen:
    """So many user names with so many workstations each save at once."""
    os.environ.setdefault("DESKSIDE_KEK", secrets.token_hex(32))
    tokens = seed(url, folder / "seed", names)
    seen = Seen()
    with ExitStack() as stack:
        ports = [
            stack.enter_context(portal(url, folder / f"node{number}"))[1] for number in range(nodes)
        ]
        stations = [
            Workstation(number, tokens[number % names], ports[number % nodes], seen, make)
            for number in range(names * each)
        ]
        asyncio.run(save_at_once(stations, seen))
    assert not seen.trouble, seen.trouble[:3]
    return seen


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """An empty database of a kind."""
    if kind == "SQLite":
        yield f"sqlite:///{folder / 'deskside.sqlite3'}"
        return
    from tests.postgres import running_server

    with running_server() as server:
        yield server.url(server.new_database())


CASES = [
    (kind, nodes, names, each, make, size)
    for make, size, crowds in (
        (small, "0.2 MB", ((1000, 1), (100, 10))),
        (large, "1.6 MB", ((1000, 1),)),
    )
    for kind, nodes in (("SQLite", 1), ("PostgreSQL", 2))
    for names, each in crowds
]


def run(*, peers: bool) -> None:
    """Measure and print; takes some minutes."""
    rows: list[list[object]] = []
    for kind, nodes, names, each, make, size in CASES:
        with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as url:
            seen = storm(url, Path(folder), nodes=nodes, names=names, each=each, make=make)
        rows += described(f"{kind}, {nodes} portal(s)", size, names, each, seen)
    headings = ["", "file", "user names × each", "save", "per second", "p50 s", "p99 s"]
    headings += ["conflicts in all", "busy in all"]
    show("1,000 workstations save at once", headings, rows)


def described(where: str, size: str, names: int, each: int, seen: Seen) -> list[list[object]]:
    """The table's rows of one storm."""
    rows: list[list[object]] = []
    for turn, seconds in enumerate(seen.seconds):
        ordered = sorted(seconds)
        rate = len(ordered) / seen.walls[turn]
        p50, p99 = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
        told = ("", "") if turn else (seen.answers[409], seen.answers[503])
        name = f"{names} × {each}"
        rows.append([where, size, name, f"{turn + 1}.", rate, p50, p99, *told])
    return rows
