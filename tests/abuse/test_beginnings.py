"""Portals that start at the same moment, and one that must not start."""

from __future__ import annotations

import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deskside.foundation.config import Config
from deskside.foundation.database import Database, sqlite_url
from deskside.portal import open_services
from deskside.secure_login import demo
from tests.postgres import Server
from tests.prove.client import Client, Ledger, Person
from tests.system.conftest import run_deskside, start_portal, stop_portal


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that nobody has touched."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "shared.sqlite3")
    server: Server = request.getfixturevalue("postgresql_server")
    return server.url(server.new_database())


def test_two_start_at_once_on_an_empty_database(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKSIDE_KEK", secrets.token_hex(32))
    with ThreadPoolExecutor() as pool:
        started = [
            pool.submit(start_portal, tmp_path / name, "--database", empty_database)
            for name in ("one", "two", "three")
        ]
    portals = [each.result() for each in started]
    try:
        ledger = Ledger(a_person(empty_database, tmp_path / "desk"))
        clients = [Client(portal.address, ledger) for portal in portals]
        token = clients[0].log_in()
        assert [client.who(token) for client in clients] == [ledger.person.name] * 3
        content = b"<Settings/>"
        digest = hashlib.sha256(content).hexdigest()
        headers = clients[1].bearer(token) | {"deskside-sha256": digest}
        address = "/me/settings/tws.xml/snapshots"
        assert clients[1].http.post(address, headers=headers, content=content).status_code == 200
        found = clients[2].http.get(f"{address}/latest", headers=headers)
        assert found.content == content
        begun = clients[2].begin()
        assert clients[0].submit(begun).status_code == 200
        assert clients[1].submit(begun).status_code == 401
        strange(clients[0], token)
        for client in clients:
            client.http.close()
    finally:
        for portal in portals:
            stop_portal(portal)


def strange(client: Client, token: str) -> None:
    """What one engine takes and the other does not: no reply may tell which one it is."""
    for text in ("%00", "a%00b", "%ED%A0%80", "'", "%25", "a" * 300):
        for path in (f"/login/{text}", f"/me/settings/{text}/snapshots"):
            answer = client.http.get(path, headers=client.bearer(token))
            assert answer.status_code in (400, 401, 404), (path, answer.text)
        path = f"/me/settings/tws.xml/snapshots/{text}"
        answer = client.http.get(path, headers=client.bearer(token))
        assert answer.status_code in (400, 404), (path, answer.text)
    for text in ("\0", "a\0", "\u2028", "a" * 300):
        begun = client.begin()
        for action, body in (
            ("challenge", {"device": text}),
            ("answer", {"device": text, "answer": "12345678"}),
            ("answer", {"device": begun.device, "answer": text}),
        ):
            answer = client.http.post(f"/login/{begun.login}/{action}", json=body)
            assert answer.status_code in (400, 401), (action, text, answer.text)
        answer = client.http.post("/login", json={"username": text, "password": text})
        assert answer.status_code in (400, 401), (text, answer.text)
        base = client.bearer(token) | {"deskside-base": text.strip("\0\u2028") + "%00"}
        content = b"<Settings n='1'/>"
        base["deskside-sha256"] = hashlib.sha256(content).hexdigest()
        answer = client.http.post("/me/settings/tws.xml/snapshots", headers=base, content=content)
        assert answer.status_code in (400, 409), answer.text


def a_person(url: str, folder: Path) -> Person:
    """Fill the empty desk; one of its traders."""
    config = Config.load(flags={"portal.database": url, "portal.data": str(folder)})
    with open_services(config, folder) as services:
        demo.fill(services, folder, "")
    user = next(user for user in demo._users(folder) if user.username == "alba")
    return Person.of(
        {"username": user.username, "password": user.password, "devices": user.devices}
    )


def test_a_database_newer_than_the_program_is_left_alone(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    database = Database.open(sqlite_database_url)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999_future'")
    database.close()
    assert database.file is not None
    before = database.file.read_bytes()
    command = ["serve", "--listen", "localhost:0", "--database", sqlite_database_url]
    done = run_deskside(*command, "--data", str(tmp_path / "portal"), data=tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "newer" in done.stderr
    assert "deskside: hint:" in done.stderr
    assert "Traceback" not in done.stderr
    assert database.file.read_bytes() == before
