"""`deskside sharing`, `ceilings` and `admin sharing`, `admin ceilings`, against a real portal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner, Result

from deskside.directory.model import Identity, Role
from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import NotAllowed, NotFound, Refused
from deskside.foundation.portal_client import StoredSession, store_session
from deskside.secure_login.endings import LoginFailed
from deskside.secure_login.rights.commands import ceilings, desk_ceilings
from deskside.secure_login.sharing import admin_commands
from deskside.secure_login.sharing.commands import sharing
from deskside.secure_login.sharing.rules import ReviewPolicy
from deskside.secure_login.step_up.service import OnlyTheDesk
from deskside.secure_login.values import DeviceStatus
from tests.secure_login.browser import portal
from tests.secure_login.desk import HASH, PASSWORD, Desk
from tests.secure_login.test_sharing import proven, somebody, visitor

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def address(small_desk: Desk) -> Iterator[str]:
    somebody(small_desk, "owner")
    somebody(small_desk, "second")
    with portal(small_desk) as where:
        yield where


@pytest.fixture
def run(small_desk: Desk, address: str) -> Run:
    """Runs a command as `second`, answering what it asks; its exit code and JSON."""
    token = small_desk.log_in("second").token
    store_session(StoredSession(address, token, "second", ""))
    return command


def command(group: Any, *words: str, answers: tuple[str, ...] = ()) -> tuple[int, Any]:
    result: Result = CliRunner().invoke(
        group,
        [*words, "--json"],
        input="".join(f"{answer}\n" for answer in answers),
        catch_exceptions=False,
        standalone_mode=False,
    )
    if result.exception is not None:
        raise result.exception
    return int(result.return_value or 0) or result.exit_code, json.loads(result.stdout)


class Card:
    """Answers as the owner's device does, whatever the portal asks."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        import click

        self.desk, self.questions = desk, list[str]()
        self.passwords = {"Password of owner": PASSWORD, "Your password": PASSWORD}
        note = "deskside.secure_login.{}.commands.note"
        for part in ("sharing", "step_up"):
            monkeypatch.setattr(note.format(part), self.questions.append)
        monkeypatch.setattr(click, "prompt", self.answer)

    def answer(self, text: str, **_options: Any) -> str:
        if text in self.passwords:
            return self.passwords[text]
        who = "owner" if "owner" in text else "second"
        return self.desk.respond(who, self.questions[-1].removeprefix("Challenge: "))


@pytest.fixture
def card(small_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Card:
    return Card(small_desk, monkeypatch)


def test_the_whole_way(run: Run, card: Card, small_desk: Desk) -> None:
    assert run(sharing, "list") == (0, {"shares": []})
    _code, looked = run(sharing, "request", "owner", "--dry-run")
    assert looked["status"] == "proven"
    with pytest.raises(Refused, match="confirmation"):
        run(sharing, "request", "owner")
    code, done = run(sharing, "request", "owner", "--yes")
    assert (code, done["status"]) == (0, "active")
    assert run(sharing, "show", done["reference"])[1]["status"] == "active"
    assert run(sharing, "cancel", done["reference"], "--dry-run")[1]["status"] == "active"
    with pytest.raises(Refused) as caught:
        run(sharing, "cancel", done["reference"], "--send-back", "--yes")
    assert caught.value.code == "last-device"
    assert run(sharing, "cancel", done["reference"], "--yes")[1]["status"] == "cancelled"
    with pytest.raises(NotFound):
        run(sharing, "show", "SH-NOSUCH")


def test_an_old_session_proves_who_it_is_first(
    run: Run, card: Card, small_desk: Desk, clock: FrozenClock
) -> None:
    clock.advance(timedelta(minutes=6))
    assert run(sharing, "request", "owner", "--yes")[1]["status"] == "active"
    assert card.questions[0].startswith("Verify your identity")
    assert ("step-up.proved", small_desk.directory.find("second").id) in small_desk.events()


def test_ceilings(run: Run, small_desk: Desk, tmp_path: Path, clock: FrozenClock) -> None:
    assert run(ceilings)[1]["ceiling"] == {"day": None, "five_days": None}
    place = ["--data", str(tmp_path), "--database", f"sqlite:///{small_desk.database.file}"]
    levels = run(desk_ceilings, *place)[1]["ceilings"]
    assert levels[0] == {"level": 0, "day": "50000.00", "five_days": "100000.00"}
    assert levels[-1] == {"level": 40, "day": None, "five_days": None}
    clock.advance(datetime.now(UTC) - clock.now())  # the command has a clock of its own
    bare = small_desk.person("bare", card=False)
    token = small_desk.log_in("bare").token
    with portal(small_desk) as where, httpx2.Client(base_url=f"{where}/api/v1") as client:
        body = {"action": "withdrawal", "amount": "12.30", "key": "k"}
        asked = client.post(
            "/me/decisions", json=body, headers={"authorization": f"Bearer {token}"}
        )
    assert asked.json()["allowed"]
    told = run(desk_ceilings, bare.name, *place)[1]
    assert told["used"] == {"day": "12.30", "five_days": "12.30"}
    assert [use["status"] for use in told["uses"]] == ["reserved"]


# The review, at the desk's computer


@pytest.fixture
def review(small_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    somebody(small_desk, "owner")
    second = somebody(small_desk, "second", card=False)
    small_desk.review = ReviewPolicy.ALWAYS
    small_desk.sharing.confirm(visitor(second), proven(small_desk, second).id)
    somebody(small_desk, "rita", Identity("Rita"), roles=Role.REVIEWER)
    place = ["--data", str(tmp_path), "--database", f"sqlite:///{small_desk.database.file}"]

    def run(*words: str) -> Any:
        return command(admin_commands.sharing, *words, *place)[1]

    return run


class Rita:
    """Answers what a reviewer is asked at the desk's computer."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.password = desk, PASSWORD
        self.asked, self.notes = list[str](), list[str]()
        self.wrong = 0

    def prompt(self, text: str, **_options: Any) -> str:
        self.asked.append(text)
        if text == "Your password":
            return self.password
        question = self.notes[-1].removeprefix("Challenge: ")
        if self.wrong:
            self.wrong -= 1
            return self.desk.wrong("rita", question)
        return self.desk.respond("rita", question)


@pytest.fixture
def rita(small_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Rita:
    answering = Rita(small_desk)
    monkeypatch.setattr("deskside.secure_login.step_up.commands.note", answering.notes.append)
    monkeypatch.setattr("click.prompt", answering.prompt)
    return answering


def test_a_reviewer_decides(review: Run, rita: Rita, small_desk: Desk) -> None:
    listed: Any = review("list", "--reviewer", "rita")
    (waiting,) = listed["reviews"]
    shown: Any = review("show", waiting["reference"], "--reviewer", "rita")
    assert {each["name"] for each in shown["evidence"]} >= {"name", "document_number"}
    assert "YA1234567" not in json.dumps(shown)
    decide = ("decide", waiting["reference"], "approve", "--reviewer", "rita", "--reason", "seen")
    assert review(*decide, "--dry-run")["approvals"] == 0  # type: ignore[call-overload]
    rita.password = "not hers"
    with pytest.raises(LoginFailed):
        review(*decide, "--yes")
    assert rita.asked == ["Your password"], "no device is asked for a stranger"
    rita.password, rita.wrong = PASSWORD, 1
    done: Any = review(*decide, "--yes")
    assert rita.asked[1:] == ["Your password", "Response", "Response"]
    assert done["status"] == "active"
    assert ("step-up.proved", small_desk.directory.find("rita").id) in small_desk.events()
    assert any("approved" in subject for to, subject, _text in small_desk.mails())
    with pytest.raises(NotFound):
        review(*decide, "--yes")


def test_a_reviewer_whose_device_is_locked_does_not_decide(
    review: Run, rita: Rita, small_desk: Desk
) -> None:
    (waiting,) = review("list", "--reviewer", "rita")["reviews"]  # type: ignore[call-overload]
    own = small_desk.service.list_devices(user_name_id=small_desk.directory.find("rita").id)
    small_desk.service.set_device_status(own[0].serial, DeviceStatus.LOCKED)
    words = ("approve", "--reviewer", "rita", "--reason", "seen", "--yes")
    with pytest.raises(OnlyTheDesk):
        review("decide", waiting["reference"], *words)
    small_desk.service.set_device_status(own[0].serial, DeviceStatus.ACTIVE)
    assert review("list", "--reviewer", "rita")["reviews"]  # type: ignore[call-overload]


def test_of_several_devices_the_reviewer_names_one(
    review: Run, rita: Rita, small_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (waiting,) = review("list", "--reviewer", "rita")["reviews"]  # type: ignore[call-overload]
    first = small_desk.cards["rita"]
    small_desk.issue(small_desk.directory.find("rita"))
    both = [first, small_desk.cards["rita"]]

    def prompt(text: str, **options: Any) -> Any:
        if text == "Which device answers?":
            small_desk.cards["rita"] = both[1]
            return 2
        return rita.prompt(text, **options)

    monkeypatch.setattr("click.prompt", prompt)
    words = ("approve", "--reviewer", "rita", "--reason", "seen", "--yes")
    done: Any = review("decide", waiting["reference"], *words)
    assert done["status"] == "active"
    assert [line[0] for line in rita.notes[:2]] == ["1", "2"]


def test_nobody_else_decides(review: Run, rita: Rita, small_desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        review("list", "--reviewer", "second")
    requester = small_desk.directory.find("second")
    small_desk.directory.add_user_name(
        "second.staff", requester.holder_id, frozenset({Role.REVIEWER})
    )
    with small_desk.database.write() as connection:
        staff = small_desk.directory.find("second.staff")
        small_desk.directory.store_password(connection, staff.id, HASH)
    (waiting,) = review("list", "--reviewer", "rita")["reviews"]  # type: ignore[call-overload]
    words = ("approve", "--reviewer", "second.staff", "--reason", "mine", "--yes")
    with pytest.raises(NotAllowed) as caught:
        review("decide", waiting["reference"], *words)
    assert caught.value.code == "own-request"
