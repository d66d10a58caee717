"""Three portals over one PostgreSQL, one of them killed at random while codes are submitted.

Every response is submitted to all nodes at once, more than once: it must make one session.
"""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2

from deskside.foundation.config import Config
from deskside.foundation.database import Database
from deskside.foundation.keyring import Keyring
from deskside.portal import open_services
from deskside.secure_login import demo
from tests.postgres import running_server
from tests.prove.client import Answer, Client, Ledger, Person
from tests.prove.inspection import audit_is_whole, inspect
from tests.prove.portal import PEOPLE, kill, recent, settle
from tests.system.conftest import Portal, start_portal

NODES, TIMES = 3, 2
SUBMISSIONS = ThreadPoolExecutor(len(PEOPLE) * NODES * TIMES)


def batch(seed: int, rounds: int, folder: Path) -> dict[str, int]:
    """Kill one of the nodes so many times; raise if a response made two sessions, or none."""
    os.environ["DESKSIDE_KEK"] = secrets.token_hex(32)
    with running_server() as server:
        return Cluster(server.url(server.new_database()), folder, random.Random(seed)).run(rounds)


class Cluster:
    """The nodes, and who works with them."""

    def __init__(self, url: str, folder: Path, rng: random.Random) -> None:
        self.url, self.folder, self.rng = url, folder, rng
        self.database = Database.open(url)
        self.ledgers = [Ledger(person) for person in self._desk()]
        self.nodes = [self._start(number) for number in range(NODES)]
        self.trouble: list[BaseException] = []
        self.counting = threading.Lock()
        self.responses = self.refused = 0

    def run(self, rounds: int) -> dict[str, int]:
        """So many kills, each looked at."""
        rows = 0
        try:
            for _round in range(rounds):
                victim = self.rng.randrange(NODES)
                self._work_and_kill(victim)
                self._settle()
                self.nodes[victim] = self._start(victim)
                rows = self._look()
        finally:
            for node in self.nodes:
                kill(node)
            self.database.close()
        return {
            "responses": self.responses,
            "sessions acknowledged": sum(len(ledger.sessions) for ledger in self.ledgers),
            "submissions refused": self.refused,
            "audit rows": rows,
            "promises broken": 0,
        }

    def _desk(self) -> list[Person]:
        """Fill the empty database with the demonstration's people."""
        data = self.folder / "first"
        config = Config.load(flags={"portal.database": self.url, "portal.data": str(data)})
        with open_services(config, data) as services:
            demo.fill(services, data, "")
        users = demo._users(data)
        return [
            Person.of({"username": u.username, "password": u.password, "devices": u.devices})
            for u in users
            if u.username in PEOPLE
        ]

    def _start(self, number: int) -> Portal:
        return start_portal(self.folder / f"node{number}", "--database", self.url)

    def _work_and_kill(self, victim: int) -> None:
        stopping = threading.Event()
        threads = [
            threading.Thread(target=self._work, args=(ledger, stopping, self.rng.randrange(10**9)))
            for ledger in self.ledgers
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.2 + self.rng.random())
        self.nodes[victim].process.kill()
        time.sleep(self.rng.random() * 0.5)
        stopping.set()
        for thread in threads:
            thread.join()
        if self.trouble:
            raise self.trouble[0]
        kill(self.nodes[victim])

    def _work(self, ledger: Ledger, stopping: threading.Event, seed: int) -> None:
        rng = random.Random(seed)
        try:
            with ExitStack() as stack:
                clients = [stack.enter_context(Client(node.address, ledger)) for node in self.nodes]
                while not stopping.is_set():
                    with suppress(httpx2.TransportError):  # the node was killed: another will do
                        self._everywhere(clients, rng.choice(clients).begin(), ledger)
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            self.trouble.append(error)

    def _everywhere(self, clients: list[Client], answer: Answer, ledger: Ledger) -> None:
        """One response to all nodes at once."""
        waiting = [SUBMISSIONS.submit(_submit, client, answer) for client in clients * TIMES]
        replies = [reply for each in waiting if (reply := each.result()) is not None]
        granted = [reply.json()["session"] for reply in replies if reply.status_code == 200]
        assert {reply.status_code for reply in replies} <= {200, 401}, replies
        assert len(granted) <= 1, "one response made two sessions"
        with self.counting:
            self.responses += 1
            self.refused += len(replies) - len(granted)
        ledger.sessions += granted
        (ledger.answered if granted else ledger.unclear).append(answer)

    def _settle(self) -> None:
        node = next(node for node in self.nodes if node.process.returncode is None)
        for ledger in self.ledgers:
            with Client(node.address, ledger) as client:
                settle(client, self.database)

    def _look(self) -> int:
        for ledger in self.ledgers:
            for node in self.nodes:
                with Client(node.address, ledger) as client:
                    for token in recent(ledger.sessions, self.rng):
                        assert client.who(token) == ledger.person.name, "a session is gone"
                    for answer in recent(ledger.answered, self.rng):
                        assert client.submit(answer).status_code == 401, "a code revived"
        heads = list(self.folder.glob("*/audit-heads.jsonl"))
        keyring = Keyring.open(self.database, self.folder / "first" / "keys")
        audit_is_whole(self.database, keyring, heads)
        return inspect(self.database, self.ledgers)


def _submit(client: Client, answer: Answer) -> httpx2.Response | None:
    try:
        return client.submit(answer)
    except httpx2.TransportError:
        return None
