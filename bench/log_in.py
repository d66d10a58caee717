"""Whole log-ins per second against a running portal, beside Argon2id alone in the same run.

The portal is the product as it is started (`deskside serve --demo`); each client is one of its
demonstration users with its own card, and does both steps. The clients share the two cores with
the portal, so their CPU is listed and set apart.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.measure import DESKSIDE, show, verdict
from deskside.secure_login.card.device import VirtualCard
from deskside.secure_login.card.file import parse

SECONDS = 6.0
ROUNDS = 5
BOUND = 85.0
"""Per cent of the raw Argon2id rate."""

JSON = {"content-type": "application/json"}


def raw_rate(seconds: float = 5.0) -> tuple[float, float]:
    """Argon2id at the fixed parameters on all cores: hashes per second, CPU ms of one."""
    from argon2 import PasswordHasher

    hasher = PasswordHasher(2, 19 * 1024, 1)
    stored = hasher.hash("correct horse")
    end = time.monotonic() + seconds

    def work() -> int:
        count = 0
        while time.monotonic() < end:
            hasher.verify(stored, "correct horse")
            count += 1
        return count

    cores, used, started = os.cpu_count() or 1, time.process_time(), time.monotonic()
    with ThreadPoolExecutor(cores) as pool:
        count = sum(pool.map(lambda _n: work(), range(cores)))
    wall = time.monotonic() - started
    return count / wall, (time.process_time() - used) / count * 1000


class Client:
    """One person who logs in again and again over one connection."""

    def __init__(self, port: int, user: dict[str, Any]) -> None:
        self.http = http.client.HTTPConnection("localhost", port)
        self.name, self.password = user["username"], user["password"]
        device = user["devices"][0]
        self.pin = device["pin"]
        self.card = VirtualCard.from_document(parse(Path(device["file"]).read_text()))

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One request of the API."""
        self.http.request("POST", f"/api/v1{path}", json.dumps(body), JSON)
        answer = self.http.getresponse()
        content = json.loads(answer.read())
        assert answer.status in (200, 201), (answer.status, content)
        return dict(content)

    def log_in(self) -> None:
        """Password, challenge, response, session."""
        step = self.post("/login", {"username": self.name, "password": self.password})
        challenge = step["challenge"]
        response = self.card.respond(challenge["question"], self.pin)
        granted = self.post(
            f"/login/{step['login']}/answer", {"device": challenge["device"], "answer": response}
        )
        assert granted["session"]


def clients(port: int, users: list[dict[str, Any]], seconds: float) -> tuple[int, float]:
    """Log in with all users at once for a while: how often, and in how many seconds."""
    people = [Client(port, user) for user in users]
    counts = [0] * len(people)
    for person in people:
        person.log_in()
    started = time.monotonic()
    end = started + seconds

    def work(index: int) -> None:
        while time.monotonic() < end:
            people[index].log_in()
            counts[index] += 1

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(people))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts), time.monotonic() - started


@dataclass(frozen=True)
class Round:
    """One turn of hashing alone and one of whole log-ins, right after each other."""

    raw: float
    hash_cpu: float
    rate: float
    server_cpu: float
    client_cpu: float

    @property
    def apart(self) -> float:
        """Log-ins per second of what the clients left of the cores."""
        cores = os.cpu_count() or 1
        return self.rate / (1 - self.rate * self.client_cpu / 1000 / cores)

    @property
    def share(self) -> float:
        """Per cent of the raw rate."""
        return self.apart / self.raw * 100


def one_round(portal: subprocess.Popen[str], port: int, users: list[dict[str, Any]]) -> Round:
    """Measure both, one after the other."""
    raw, hash_cpu = raw_rate(SECONDS / 2)
    watched = psutil.Process(portal.pid)
    server, own = sum(watched.cpu_times()[:2]), time.process_time()
    count, wall = clients(port, users, SECONDS)
    server, own = sum(watched.cpu_times()[:2]) - server, time.process_time() - own
    return Round(raw, hash_cpu, count / wall, server / count * 1000, own / count * 1000)


def run(*, peers: bool) -> None:
    """Measure and print; the machine's moods hit both halves of a round alike."""
    with tempfile.TemporaryDirectory() as folder:
        portal, port = start(folder)
        try:
            users = [
                user
                for user in json.loads((Path(folder) / "demo.json").read_text())["users"]
                if [device["kind"] for device in user["devices"]] == ["dsc-plus"]
            ]
            rounds = [one_round(portal, port, users) for _round in range(ROUNDS)]
        finally:
            portal.terminate()
            portal.wait()
    rounds.sort(key=lambda each: each.share)
    middle = rounds[len(rounds) // 2]
    rows: list[list[object]] = [
        ["Argon2id alone (19 MiB, t=2, p=1)", middle.raw, middle.hash_cpu, "", "", ""],
        [
            "log-ins, both steps, clients' CPU set apart",
            middle.apart,
            middle.server_cpu,
            f"{middle.share:.0f} % ({rounds[0].share:.0f} to {rounds[-1].share:.0f})",
            f"≥ {BOUND:.0f} %",
            verdict(middle.share, BOUND, at_least=True),
        ],
        ["the same, clients on the same cores", middle.rate, "", "", "", ""],
        ["clients", "", middle.client_cpu, "", "", ""],
    ]
    headings = ["", "per second", "CPU ms each", "of raw", "bound", "held"]
    title = f"Log-ins end to end, {len(users)} at once, SQLite, median of {ROUNDS} rounds"
    show(title, headings, rows)


def start(folder: str) -> tuple[subprocess.Popen[str], int]:
    """The portal with its demonstration desk, and its port."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    limits = {f"DESKSIDE_LOGIN_PER_{whom}": "0" for whom in ("USER", "ADDRESS", "DESK")}
    portal = subprocess.Popen(
        [DESKSIDE, "serve", "--demo", "--listen", f"localhost:{port}", "--data", folder],
        stdout=subprocess.PIPE,
        stderr=sys.stderr,
        text=True,
        env=os.environ | limits,
    )
    assert portal.stdout is not None
    for line in portal.stdout:
        if "Ctrl+C" in line:
            break
    return portal, int(port)
