"""The portal as it is started: a hundred workstations at once, killed in the midst of pushes."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
from itertools import count
from pathlib import Path

import pytest
from bench.settings_server import WORKSPACE, portal, seed, small, storm

from deskside.foundation.database import Database, new_id

from .conftest import document
from .stored_settings import account_is_right

SNAPSHOTS = f"/api/v1/me/settings/{WORKSPACE}/snapshots"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKSIDE_KEK", "5e" * 32)


@pytest.mark.parametrize(("kind", "nodes"), [("sqlite", 1), ("postgresql", 2)])
def test_workstations_that_save_at_once_lose_nothing(
    kind: str, nodes: int, tmp_path: Path, keys: None, request: pytest.FixtureRequest
) -> None:
    url = str(request.getfixturevalue(f"{kind}{'_database' if kind == 'sqlite' else ''}_url"))
    seen = storm(url, tmp_path, nodes=nodes, names=25, each=4, make=small)
    assert seen.answers[200] == 200
    assert set(seen.answers) <= {200, 409}
    assert seen.answers[409] >= 75, "of four on one base one wins"
    database = Database.open(url)
    account_is_right(database)
    database.close()


class Client:
    """One connection of one person."""

    def __init__(self, port: int, token: str) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.bearer = {"authorization": f"Bearer {token}", "host": "localhost"}

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        sent = {key.replace("_", "-"): value for key, value in headers.items()} | self.bearer
        self.http.request(method, path, body or None, sent)
        answer = self.http.getresponse()
        return answer.status, answer.read()

    def push(self, content: bytes, base: str) -> tuple[int, bytes]:
        digest = hashlib.sha256(content).hexdigest()
        return self.ask("POST", SNAPSHOTS, content, deskside_sha256=digest, deskside_base=base)


def test_what_was_acknowledged_survives_the_portals_death(
    sqlite_database_url: str, tmp_path: Path, keys: None
) -> None:
    tokens = seed(sqlite_database_url, tmp_path / "seed", 4)
    acknowledged: dict[str, list[tuple[str, bytes]]] = {token: [] for token in tokens}
    numbers = count()

    def work(port: int, token: str, enough: threading.Event) -> None:
        client, mine = Client(port, token), acknowledged[token]
        status, answer = client.ask("GET", SNAPSHOTS)
        base = json.loads(answer)["snapshots"][0]["id"] if status == 200 else ""
        try:
            while True:
                content = document(f"{next(numbers)}" + "x" * 6000)
                status, answer = client.push(content, base)
                assert status == 200, answer
                base = json.loads(answer)["snapshot"]
                mine.append((base, content))
                if len(mine) % 10 == 9:
                    enough.set()
        except (OSError, http.client.HTTPException):
            client.http.close()  # the portal is gone

    for _round in range(2):
        with portal(sqlite_database_url, tmp_path / "node") as (process, port):
            enough = threading.Event()
            threads = [threading.Thread(target=work, args=(port, t, enough)) for t in tokens]
            for thread in threads:
                thread.start()
            assert enough.wait(20)
            process.kill()
            for thread in threads:
                thread.join()
    assert all(len(mine) >= 2 for mine in acknowledged.values())
    with portal(sqlite_database_url, tmp_path / "node") as (_process, port):
        for token, mine in acknowledged.items():
            client = Client(port, token)
            for snapshot, content in mine:
                assert client.ask("GET", f"{SNAPSHOTS}/{snapshot}") == (200, content)
            listed = json.loads(client.ask("GET", SNAPSHOTS)[1])["snapshots"]
            client.http.close()
            assert len(mine) <= len(listed) <= len(mine) + 2, "at most one unseen for each kill"
        assert said_twice(port, tokens[0]) == 400


def said_twice(port: int, token: str) -> int:
    """The status of a push that names two bases."""
    content = document("twice")
    connection = http.client.HTTPConnection("localhost", port, timeout=20)
    connection.putrequest("POST", SNAPSHOTS)
    for name, value in (
        ("authorization", f"Bearer {token}"),
        ("content-length", str(len(content))),
        ("deskside-sha256", hashlib.sha256(content).hexdigest()),
        ("deskside-base", ""),
        ("Deskside-Base", new_id()),
    ):
        connection.putheader(name, value)
    connection.endheaders(content)
    with connection.getresponse() as answer:
        status = answer.status
    connection.close()
    return status
