"""Whole log-ins at a desk of a million people beside one of a thousand, on one PostgreSQL.

The portal's application is called in this process; passwords are hashed at next to no cost, so
that what the database adds is seen. Both desks are asked in turn, so that the machine's moods hit
both alike. Every log-in is of another person. Seeding takes two minutes.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

from bench.desk_data import PASSWORD, PIN, a_card, chosen, copy_in
from bench.measure import show, verdict
from bench.second_factor import COMMITS, STATEMENTS, counted, post

SIZES = (1_000, 1_000_000)
LOG_INS = 400
BOUND = 1.3


async def log_in(app: Any, card: Any, name: str) -> tuple[float, float, float]:
    """One person's whole log-in: milliseconds, statements and commits of it."""
    started = time.perf_counter()
    with counted() as counter:
        step = await post(app, "/login", {"username": name, "password": PASSWORD})
        challenge = step["challenge"]
        answer = {
            "device": challenge["device"],
            "answer": card.respond(challenge["question"], PIN),
        }
        await post(app, f"/login/{step['login']}/answer", answer)
    return (time.perf_counter() - started) * 1000, counter.statements, counter.commits


async def measured(apps: list[Any], card: Any) -> list[list[tuple[float, float, float]]]:
    """The log-ins of both desks in turn."""
    names = [chosen(size, LOG_INS + 40) for size in SIZES]
    seen: list[list[tuple[float, float, float]]] = [[], []]
    for turn in range(LOG_INS + 40):
        for desk in (0, 1):
            cost = await log_in(apps[desk], card, names[desk][turn])
            if turn >= 40:
                seen[desk].append(cost)
    return seen


def run(*, peers: bool) -> None:
    """Measure and print."""
    from tests.postgres import running_server

    from deskside.foundation.config import Config
    from deskside.portal import create_app, open_services
    from deskside.secure_login import passwords
    from deskside.secure_login.card.device import VirtualCard
    from deskside.secure_login.hashing import Hasher

    os.environ.setdefault("DESKSIDE_KEK", secrets.token_hex(32))
    cheap = Hasher(1, 8)
    stored, card, apps = cheap.hash(PASSWORD.encode()), a_card(), []
    seconds = []
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(passwords, "_hasher", cheap))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(running_server())
        for size in SIZES:
            url, data = server.url(server.new_database()), folder / str(size)
            limits = dict.fromkeys(("login.per_address", "login.per_desk"), 0)
            flags = {"portal.database": url, "portal.data": str(data), **limits}
            services = stack.enter_context(open_services(Config.load(flags=flags), data))
            started = time.monotonic()
            copy_in(url, services.keyring, card, stored, size)
            seconds.append(time.monotonic() - started)
            apps.append(create_app(services))
        virtual = VirtualCard.from_document(card.virtual)
        small, large = asyncio.run(measured(apps, virtual))
    _show(small, large, seconds)


def _show(
    small: list[tuple[float, float, float]],
    large: list[tuple[float, float, float]],
    seconds: list[float],
) -> None:
    first = statistics.median(cost[0] for cost in small)
    rows: list[list[object]] = []
    for size, costs, took in zip(SIZES, (small, large), seconds, strict=True):
        times = sorted(cost[0] for cost in costs)
        middle = statistics.median(times)
        rows.append(
            [
                f"{size:,}",
                middle,
                times[len(times) * 95 // 100],
                costs[0][1],
                costs[0][2],
                f"{middle / first:.2f}",
                verdict(middle / first, BOUND),
                took,
            ]
        )
    headings = ["people and cards", "p50 ms", "p95 ms", "statements", "commits", "ratio"]
    headings += [f"≤ {BOUND}", "seeded in s"]
    show(
        f"A whole log-in at a large desk, PostgreSQL (at most {2 * STATEMENTS} statements and "
        f"{2 + COMMITS} commits for both steps)",
        headings,
        rows,
    )
