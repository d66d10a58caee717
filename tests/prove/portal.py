"""One portal, killed again and again while people log in and push settings."""

from __future__ import annotations

import os
import random
import subprocess
import threading
import time
from pathlib import Path
from typing import TypeVar

import httpx2

from deskside.foundation.database import Database
from deskside.foundation.keyring import Keyring
from tests.prove.client import Client, Ledger, Person
from tests.prove.inspection import audit_is_whole, has_session, inspect
from tests.system.conftest import DESKSIDE, Portal, start_portal

T = TypeVar("T")

PEOPLE = ("tessa", "alba", "bruno", "olivia")
SAMPLE = 6
"""Of what was acknowledged before the last kill, how much is asked for over HTTP."""


def batch(seed: int, rounds: int, folder: Path) -> dict[str, int]:
    """Kill one portal so many times; raise if a promise was broken."""
    rng, data = random.Random(seed), folder / "portal"
    portal = start_portal(data, "--demo")
    users = {user["username"]: user for user in portal.demo["users"]}
    ledgers = [Ledger(Person.of(users[name])) for name in PEOPLE]
    refused = rows = 0
    for _round in range(rounds):
        load = Load(portal, ledgers, rng.randrange(10**9))
        time.sleep(0.2 + rng.random() * 1.5)
        kill(portal)
        load.stop()
        if rng.random() < 0.25:
            kill_while_starting(data, rng.random() * 2)
        portal = start_portal(data, "--demo")
        refused += ask_again(portal, ledgers, data, rng)
        rows = look(data, ledgers)
    kill(portal)
    return {
        "sessions acknowledged": sum(len(ledger.sessions) for ledger in ledgers),
        "snapshots acknowledged": sum(len(ledger.snapshots) for ledger in ledgers),
        "audit rows": rows,
        "answers refused the second time": refused,
        "promises broken": 0,
    }


def kill(portal: Portal) -> None:
    """End a portal as a power cut would."""
    portal.process.kill()
    portal.process.wait()
    assert portal.process.stdout is not None
    portal.process.stdout.close()


def kill_while_starting(data: Path, after: float) -> None:
    """Start a portal and kill it before or soon after it is ready."""
    command = [*DESKSIDE, "serve", "--demo", "--listen", "localhost:0", "--data", str(data)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return
    raise AssertionError(f"the portal ended by itself with {process.returncode}")


class Load:
    """Everybody at work, each in a thread, until the portal is gone."""

    def __init__(self, portal: Portal, ledgers: list[Ledger], seed: int) -> None:
        self._stopping = False
        self._trouble: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._work, args=(portal, ledger, seed + number))
            for number, ledger in enumerate(ledgers)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Wait for all; raise what went wrong other than the portal's end."""
        self._stopping = True
        for thread in self._threads:
            thread.join()
        if self._trouble:
            raise self._trouble[0]

    def _work(self, portal: Portal, ledger: Ledger, seed: int) -> None:
        rng = random.Random(seed)
        try:
            with Client(portal.address, ledger) as client:
                while not self._stopping:
                    if rng.random() < 0.2:
                        client.guess_wrong()
                    token = client.log_in()
                    for _push in range(rng.randrange(3)):
                        client.push(token, rng)
        except httpx2.TransportError:
            pass  # the portal is gone; what was unclear is on the ledger
        except BaseException as error:  # noqa: BLE001 - told by stop()
            self._trouble.append(error)


def ask_again(portal: Portal, ledgers: list[Ledger], data: Path, rng: random.Random) -> int:
    """Ask the new portal for all that the dead one acknowledged; how many answers it refused."""
    database = Database.open(data / "deskside.sqlite3")
    refused = 0
    for ledger in ledgers:
        with Client(portal.address, ledger) as client:
            refused += _ask(client, database, rng)
    database.close()
    return refused


def _ask(client: Client, database: Database, rng: random.Random) -> int:
    ledger = client.ledger
    for token in recent(ledger.sessions, rng):
        assert client.who(token) == ledger.person.name, "an acknowledged session is gone"
    for snapshot in recent(list(ledger.snapshots), rng):
        digest = client.digest_of(ledger.sessions[-1], snapshot)
        assert digest == ledger.snapshots[snapshot], "an acknowledged snapshot is not there"
    again = recent(ledger.answered, rng)
    for answer in again:
        assert client.submit(answer).status_code == 401, "a code revived"
    settle(client, database)
    return len(again)


def settle(client: Client, database: Database) -> None:
    """What died with its portal either never happened, and may now, or happened for good."""
    ledger = client.ledger
    for answer in ledger.unclear:
        again = client.submit(answer)
        if again.status_code == 200:
            ledger.sessions.append(again.json()["session"])
        assert has_session(database, answer.login), "a code was spent on nothing"
        ledger.answered.append(answer)
    ledger.unclear.clear()


def recent(acknowledged: list[T], rng: random.Random) -> list[T]:
    """The latest ones, and some of the older."""
    late, early = acknowledged[-SAMPLE:], acknowledged[:-SAMPLE]
    return [*late, *rng.sample(early, min(SAMPLE, len(early)))]


def look(data: Path, ledgers: list[Ledger]) -> int:
    """The database and its audit trail; how many rows the trail has."""
    database = Database.open(data / "deskside.sqlite3")
    try:
        audit_is_whole(
            database, Keyring.open(database, data / "keys"), [data / "audit-heads.jsonl"]
        )
        return inspect(database, ledgers)
    finally:
        database.close()
