"""`deskside devices`, against a real portal: what its refusals are, then a device's whole life."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import NotAllowed, NotFound, Refused, UsageProblem
from deskside.foundation.portal_client import StoredSession, store_session
from deskside.secure_login.authenticators.clocked import ClockedSecret
from deskside.secure_login.authenticators.totp import key_text
from deskside.secure_login.endings import LoginFailed
from deskside.secure_login.own_commands import devices
from tests.secure_login.browser import portal
from tests.secure_login.desk import PASSWORD, PIN, Desk
from tests.secure_login.test_sharing_commands import Run, command


class Person:
    """Answers what the commands ask: the card with its PIN, the app with its code."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk, self.notes, self.pin, self.app = desk, list[str](), PIN, {}
        for module in ("own_commands", "step_up.commands"):
            monkeypatch.setattr(f"deskside.secure_login.{module}.note", self.notes.append)
        monkeypatch.setattr(click, "prompt", self.answer)

    def answer(self, text: str, **_options: Any) -> str:
        if "password" in text:
            return PASSWORD
        if self.app:
            return ClockedSecret.from_document(self.app).code(self.desk.clock.now())
        return self.desk.respond("anna", self.notes[-1].removeprefix("Challenge: "), self.pin)


@pytest.fixture
def anna(small_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Person:
    return Person(small_desk, monkeypatch)


@pytest.fixture
def run(small_desk: Desk) -> Iterator[Run]:
    small_desk.person("anna")
    with portal(small_desk) as address:
        store_session(StoredSession(address, small_desk.log_in("anna").token, "anna", ""))
        yield command


def serial(run: Run) -> str:
    return str(run(devices, "list")[1]["devices"][0]["serial"])


def test_what_is_refused(run: Run, anna: Person, tmp_path: Path) -> None:
    card = serial(run)
    for words in (("activate", "X-1"), ("lost", "X-1", "--yes"), ("pin", "X-1", "--pin", "-")):
        with pytest.raises(NotFound):
            run(devices, *words, answers=("7391",))
    with pytest.raises(NotAllowed):
        run(devices, "add", "dsc-plus")
    with pytest.raises(Refused, match="confirmation"):
        run(devices, "lost", card)
    with pytest.raises(click.UsageError):
        run(devices, "pin", card, "--pin", "7391")
    with pytest.raises(click.UsageError):
        run(devices, "pin", card)
    with pytest.raises(UsageProblem, match="run of digits"):
        run(devices, "pin", card, "--pin", "-", answers=("1234",))
    there = tmp_path / "card.json"
    there.write_text("mine")
    with pytest.raises(Refused):
        run(devices, "add", "totp", "--file", str(there))
    assert there.read_text() == "mine"
    assert [one["status"] for one in run(devices, "list")[1]["devices"]] == ["active"]


def test_an_app_is_added_and_activated(run: Run, anna: Person, tmp_path: Path) -> None:
    path = tmp_path / "app.json"
    _code, made = run(devices, "add", "totp", "--file", str(path))
    assert (made["status"], path.stat().st_mode & 0o777) == ("waiting", 0o600)
    anna.app = json.loads(path.read_text())
    assert "key" not in made
    assert run(devices, "activate", made["serial"])[1]["status"] == "active"
    with pytest.raises(Refused):
        run(devices, "activate", made["serial"])
    assert {one["kind"] for one in run(devices, "list")[1]["devices"]} == {"dsc-plus", "totp"}


@pytest.mark.parametrize("kind", ["totp", "code-card", "recovery-code"])
def test_what_is_shown_once_can_be_read(run: Run, anna: Person, kind: str) -> None:
    told = CliRunner().invoke(devices, ["add", kind], catch_exceptions=False).stdout
    made = next(each for each in anna.desk.service.list_devices() if each.kind == kind)
    if kind == "recovery-code":
        assert "It works from now on" in told
        assert len(told.split("\n\n")[0].splitlines()) >= 10
        return
    assert f"deskside devices activate {made.serial}" in told
    if kind == "code-card":
        assert told.startswith("001 ")
        assert "224 " in told
    else:
        assert "Key for the app: " in told
        assert key_text({"key": "00" * 20})[:4] == "AAAA"


def test_a_card_gets_another_pin(run: Run, anna: Person) -> None:
    card, anna.pin = serial(run), "7391"
    assert run(devices, "pin", card, "--pin", "-", answers=("7391",))[0] == 0
    assert anna.notes[-2:-1] == ["Operate the card with the new PIN."]
    step = anna.desk.begin("anna")
    assert step.challenge
    assert anna.desk.answer(step, anna.desk.respond("anna", step.challenge.question, "7391")).token


def test_lost_and_found_again(run: Run, anna: Person, clock: FrozenClock) -> None:
    card = serial(run)
    clock.advance(timedelta(minutes=6))
    assert run(devices, "lost", card, "--dry-run")[1]["changed"] is False
    assert run(devices, "lost", card, "--yes")[1]["status"] == "lost"
    assert anna.notes[0].startswith("Verify your identity")
    with pytest.raises(LoginFailed):
        anna.desk.begin("anna")
    assert run(devices, "activate", card)[1]["status"] == "active"
    assert anna.desk.log_in("anna").token
