"""The administrator's commands, on a database of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deskside.foundation.audit.model import COMMAND_LINE
from deskside.foundation.audit.store import latest
from deskside.foundation.errors import NotFound, Refused, UsageProblem
from deskside.secure_login.admin_commands import first, users
from deskside.secure_login.card.device import VirtualCard
from deskside.secure_login.card.file import read
from deskside.secure_login.device_admin_commands import devices
from deskside.secure_login.service import LoginFailed
from tests.secure_login.desk import Desk

Run = Callable[..., Any]


@pytest.fixture
def run(small_desk: Desk, tmp_path: Path) -> Run:
    """Runs a command on the small desk; its JSON."""
    file = small_desk.database.file

    def command(group: Any, *words: str, stdin: str = "") -> Any:
        place = ["--data", str(tmp_path), "--database", f"sqlite:///{file}", "--json"]
        result: Result = CliRunner().invoke(
            group, [*words, *place], input=stdin, catch_exceptions=False, standalone_mode=False
        )
        if result.exception is not None:
            raise result.exception
        return json.loads(result.stdout)

    return command


def test_the_first_administrator(run: Run, small_desk: Desk) -> None:
    made = run(first, "olivia", "--display-name", "Olivia Grant")
    assert re.fullmatch(r"http://localhost:8737/setup/[\w-]{43}", made["link"])
    again = run(first)
    assert again["username"] == "olivia"
    assert again["link"] != made["link"]
    user = small_desk.directory.find("olivia")
    assert user.roles == {"operator"}
    with small_desk.database.write() as connection:
        small_desk.directory.store_password(connection, user.id, "hash")
    with pytest.raises(Refused):
        run(first, "mallory")


@pytest.mark.parametrize(
    ("kept", "link"),
    [
        (b"https://desk.example/\n", "https://desk.example/setup/"),
        (b"http://localhost:9000\n", "http://localhost:9000/setup/"),
        (b"", "http://localhost:8737/setup/"),
        (b"javascript:alert(1)\n", "http://localhost:8737/setup/"),
        (b"https://a.example\nhttps://b.example\n", "http://localhost:8737/setup/"),
        (b"https://[\n", "http://localhost:8737/setup/"),
        (b"\xff\n", "http://localhost:8737/setup/"),
    ],
)
def test_links_lead_to_where_the_portal_was_last(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bytes, link: str
) -> None:
    (tmp_path / "public-address").write_bytes(kept)
    assert run(first)["link"].startswith(link)
    monkeypatch.setenv("DESKSIDE_URL", "https://set.example")
    assert run(first)["link"].startswith("https://set.example/setup/")


def test_users(run: Run, small_desk: Desk) -> None:
    added = run(users, "add", "tessa", "--display-name", "Tessa Marino", "--role", "trader")
    assert "/setup/" in added["link"]
    run(users, "add", "tessa2", "--display-name", "", "--holder-of", "tessa")
    assert small_desk.directory.find("tessa2").holder_id == (
        small_desk.directory.find("tessa").holder_id
    )
    assert "/reset/" in run(users, "reset", "tessa")["link"]
    listed = run(users, "list")["users"]
    assert [user["username"] for user in listed] == ["tessa", "tessa2"]
    assert listed[0]["account"] == "open"
    with pytest.raises(UsageProblem):
        run(users, "add", "Tessa", "--display-name", "x")
    with pytest.raises(NotFound):
        run(users, "reset", "nobody")


def test_disabling_ends_sessions_for_good(run: Run, small_desk: Desk) -> None:
    small_desk.person("anna")
    token = small_desk.log_in("anna").token
    assert not run(users, "disable", "anna", "--dry-run")["changed"]
    with pytest.raises(Refused):
        run(users, "disable", "anna")
    assert small_desk.service.resolve(token)
    assert run(users, "disable", "anna", "--yes")["changed"]
    assert run(users, "enable", "anna", "--yes")["enabled"]
    assert small_desk.service.resolve(token) is None
    assert small_desk.log_in("anna").token


def test_devices(run: Run, small_desk: Desk, tmp_path: Path) -> None:
    small_desk.person("anna", card=False)
    file = tmp_path / "anna.json"
    issued = run(devices, "issue", "anna", "--file", str(file), "--pin", "-", stdin="2805\n")
    assert file.stat().st_mode & 0o777 == 0o600
    small_desk.cards["anna"] = VirtualCard.from_document(read(file))
    assert small_desk.log_in("anna").token
    assert [info["serial"] for info in run(devices, "list", "anna")["devices"]] == [
        issued["serial"]
    ]
    assert run(devices, "lock", "anna")["status"] == "locked"
    with pytest.raises(LoginFailed):
        small_desk.begin("anna")
    assert run(devices, "unlock", issued["serial"])["status"] == "active"
    assert small_desk.log_in("anna").token
    with pytest.raises(Refused):
        run(devices, "issue", "anna", "--file", str(file), "--pin", "-", stdin="2805\n")
    with pytest.raises(UsageProblem):
        run(devices, "issue", "anna", "--file", f"{file}2", "--pin", "-", stdin="1111\n")
    with pytest.raises(NotFound):
        run(devices, "lock", "nobody")


def test_the_audit_trail_says_that_it_was_a_command(run: Run, small_desk: Desk) -> None:
    run(users, "add", "anna", "--display-name", "Anna Sole")
    run(users, "disable", "anna", "--yes")
    with small_desk.database.read() as connection:
        rows = latest(connection, 10, None)
    assert rows
    assert {row.actor for row, _position in rows} == {COMMAND_LINE}


def test_nothing_is_made_where_no_portal_ever_ran(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        CliRunner().invoke(
            users,
            ["list", "--data", str(tmp_path / "none")],
            catch_exceptions=False,
            standalone_mode=False,
        )
    assert not (tmp_path / "none").exists()
