"""Whole log-ins with an OCRA device at Deskside and at privacyIDEA, in one run.

Counted is the servers' own CPU of one log-in, both requests, from the operating system's accounts;
once with passwords hashed as each ships it, once with hashing at next to no cost, which shows
everything else. One client at a time, so that nothing waits for its turn. Statements and commits
are counted inside each program. Both run on SQLite.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from bench.measure import show, verdict
from bench.privacyidea.install import VERSION, environment
from bench.privacyidea.instance import PIN, Instance, key_of, response, running

PEOPLE, SECONDS = 8, 8.0
TIMES = 10.0
"""How many times dearer the peer is to be, hashing apart."""


def cpu_of(pid: int) -> float:
    """Seconds of a process and its children."""
    root = psutil.Process(pid)
    return sum(sum(each.cpu_times()[:2]) for each in [root, *root.children(recursive=True)])


def cost(pid: int, log_in: Callable[[int], None]) -> tuple[float, float]:
    """Milliseconds of the server's CPU, and of the clock, of one log-in."""
    for turn in range(4):
        log_in(turn)
    used, started, count = cpu_of(pid), time.monotonic(), 0
    while time.monotonic() < started + SECONDS:
        log_in(count)
        count += 1
    wall = time.monotonic() - started
    return (cpu_of(pid) - used) / count * 1000, wall / count * 1000


def peer(home: Path, *, cheap: bool) -> tuple[float, float, dict[str, int]]:
    """CPU and time of the peer's log-ins, and what it asks of its database."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(home, Path(folder), PEOPLE, cheap=cheap) as instance,
    ):
        users = instance.users
        took = cost(instance.process.pid, lambda n: instance.log_in(users[n % PEOPLE]))
        counts = counted(home, instance) if cheap else {}
    return *took, counts


def counted(home: Path, instance: Instance) -> dict[str, int]:
    """Statements and commits of one of the peer's log-ins, counted inside it."""
    user = instance.users[0]
    program = [str(home / "bin" / "python"), str(Path(__file__).parent / "privacyidea/counting.py")]
    settings = os.environ | {"PRIVACYIDEA_CONFIGFILE": str(instance.folder / "pi.cfg")}
    with subprocess.Popen(
        [*program, user, PIN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=settings,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                found: dict[str, int] = json.loads(line)
                return found
            if (question := line.strip()).isdigit():
                process.stdin.write(response(key_of(user), question) + "\n")
                process.stdin.flush()
    raise RuntimeError("the peer did not finish its log-in")


@contextmanager
def deskside() -> Any:
    """A portal with its demonstration desk, without limits; its process and clients."""
    from bench.log_in import Client, start

    with tempfile.TemporaryDirectory() as folder:
        portal, port = start(folder)
        try:
            users = json.loads((Path(folder) / "demo.json").read_text())["users"]
            with_cards = [u for u in users if any(d["kind"] == "dsc-plus" for d in u["devices"])]
            yield portal.pid, [Client(port, user) for user in with_cards]
        finally:
            portal.terminate()
            portal.wait()


def run(*, peers: bool) -> None:
    """Measure and print; nothing without peers, since `log_in` has our own figures."""
    if not peers:
        return
    from bench.log_in import raw_rate
    from bench.second_factor import steps

    home = environment()
    _rate, hash_cpu = raw_rate(2.0)
    with deskside() as (pid, people):
        ours, our_wall = cost(pid, lambda n: people[n % len(people)].log_in())
    password, answer = steps()
    shipped, shipped_wall, _none = peer(home, cheap=False)
    bare, bare_wall, counts = peer(home, cheap=True)
    own = ours - hash_cpu
    rows: list[list[object]] = [
        ["Deskside, as shipped", ours, our_wall, "", "", ""],
        [
            "Deskside, hash apart",
            own,
            "",
            password[0] + answer[0],
            password[1] + answer[1],
            "",
        ],
        [
            f"privacyIDEA {VERSION}, as shipped",
            shipped,
            shipped_wall,
            "",
            "",
            f"{shipped / ours:.0f} ×",
        ],
        [
            f"privacyIDEA {VERSION}, hashing nearly free",
            bare,
            bare_wall,
            counts["statements"],
            counts["commits"],
            f"{bare / own:.0f} × ({verdict(bare / own, TIMES, at_least=True)}: ≥ {TIMES:.0f} ×)",
        ],
    ]
    headings = ["", "server CPU ms", "ms by the clock", "statements", "commits", "of ours"]
    show("A whole log-in with an OCRA device, SQLite, one client", headings, rows)
