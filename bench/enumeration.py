"""Whether the time of an answer tells a user name that exists from one that does not.

The portal is the product as it is started, with passwords hashed as they are. Four kinds of
attempt are mixed at random: an unknown name, a wrong password, a name that is locked, and a name
without a device. A classifier that sees nothing but the time is as good as the area under its
curve (AUC): 0.5 is guessing, 1.0 is certainty. Status and body are compared byte by byte.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.measure import show
from bench.settings_server import portal

KINDS = ("unknown name", "wrong password", "locked name", "name without device")
EACH = int(os.environ.get("ENUMERATION_EACH", "2000"))
PER_NAME = 8
"""Attempts at one name: fewer than lock it."""

LEAST, MOST = 0.45, 0.55


def auc(ones: Sequence[float], others: Sequence[float]) -> float:
    """How often a value of the one kind is larger than one of the other (Mann and Whitney)."""
    ranked = sorted([(value, 0) for value in ones] + [(value, 1) for value in others])
    above, wins, index = 0, 0.0, 0
    while index < len(ranked):
        end = index
        while end < len(ranked) and ranked[end][0] == ranked[index][0]:
            end += 1
        same = [label for _value, label in ranked[index:end]]
        wins += same.count(0) * (above + same.count(1) / 2)
        above += same.count(1)
        index = end
    return wins / (len(ones) * len(others))


def seed(folder: Path, names: int) -> None:
    """A desk with so many names of each kind that exists."""
    from deskside.directory.model import HolderKind, Identity
    from deskside.foundation.config import Config
    from deskside.portal import open_services
    from deskside.secure_login import lockout
    from deskside.secure_login.passwords import hash_now

    stored, now = hash_now("seven grey herons"), datetime.now(UTC)
    full = lockout.Tally(tuple(now - timedelta(minutes=m) for m in range(lockout.LIMIT, 0, -1)))
    with open_services(Config.load(flags={"portal.data": str(folder)}), folder) as services:
        for kind in (1, 2, 3):
            for number in range(names):
                name = name_of(kind, number)
                holder = services.directory.add_holder(HolderKind.PERSON, Identity("A Person"))
                user = services.directory.add_user_name(name, holder.id)
                if kind != 3:
                    services.secure_login.issue_device([user], "dsc-plus", pin="2805")
                hashed = services.keyring.keyed_hash("login name", name.encode()).hex()
                with services.database.write() as connection:
                    services.directory.store_password(connection, user.id, stored)
                    if kind == 2:
                        subject = lockout.name_subject(hashed, None)
                        lockout.put(connection, {subject: full}, now)


def name_of(kind: int, number: int) -> str:
    """A name of one of the kinds; those of kind 0 are nobody's."""
    return f"person-{(kind * 7919 + number * 104729) % 1_000_003:06d}-{kind}"


def attempts(port: int, each: int) -> tuple[list[list[float]], set[tuple[int, bytes]]]:
    """Milliseconds of every attempt by kind, and all the different answers."""
    order = [(kind, turn // PER_NAME) for kind in range(4) for turn in range(each)]
    random.SystemRandom().shuffle(order)
    connection = http.client.HTTPConnection("localhost", port)
    times: list[list[float]] = [[], [], [], []]
    answers = set()
    for kind, number in order[:20] + order:
        body = json.dumps({"username": name_of(kind, number), "password": "not the password"})
        started = time.perf_counter()
        connection.request("POST", "/api/v1/login", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        times[kind].append((time.perf_counter() - started) * 1000)
        answers.add((answer.status, content))
    return times, answers


def measured(folder: Path, each: int) -> dict[str, Any]:
    """One run: the AUC of each kind against the unknown names, and how many faces failures had."""
    for limit in ("USER", "ADDRESS", "DESK"):
        os.environ[f"DESKSIDE_LOGIN_PER_{limit}"] = "0"
    seed(folder, -(-each // PER_NAME) + 1)
    with portal(f"sqlite:///{folder / 'deskside.sqlite3'}", folder) as (_process, port):
        times, answers = attempts(port, each)
    found = {KINDS[kind]: auc(times[kind], times[0]) for kind in (1, 2, 3)}
    return {"auc": found, "answers": len(answers), "times": times}


def run(*, peers: bool) -> None:
    """Measure and print; takes four minutes."""
    with tempfile.TemporaryDirectory() as folder:
        result = measured(Path(folder), EACH)
    rows: list[list[object]] = []
    for kind, times in zip(KINDS, result["times"], strict=True):
        ordered = sorted(times)
        value = result["auc"].get(kind)
        told = ["–", "–"] if value is None else [f"{value:.3f}", _verdict(value)]
        rows.append([kind, len(ordered), ordered[len(ordered) // 2], *told])
    headings = ["attempts at", "count", "p50 ms", "AUC against unknown", f"{LEAST} to {MOST}"]
    show(
        f"What the time of a failure tells; different answers: {result['answers']}", headings, rows
    )


def _verdict(value: float) -> str:
    return "yes" if LEAST <= value <= MOST else "NO"
