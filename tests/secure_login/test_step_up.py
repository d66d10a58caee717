"""Verifying one's identity before a sensitive task: the rules, then pages and REST."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.directory.model import AccountStatus, Role
from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import UsageProblem
from deskside.secure_login.proof import NotProved
from deskside.secure_login.step_up.rules import Means, Task, means
from deskside.secure_login.step_up.service import OnlyTheDesk, Proven, StepUpNeeded
from deskside.secure_login.values import DeviceStatus
from deskside.web.model import Resolved, Visitor
from tests.secure_login.browser import Browser, portal
from tests.secure_login.desk import PASSWORD, Desk

LATER = timedelta(minutes=6)


def visitor(desk: Desk, name: str) -> Visitor:
    found = desk.service.resolve(desk.log_in(name).token)
    assert isinstance(found, Resolved)
    return found.visitor


def prove(desk: Desk, who: Visitor, task: Task) -> Proven:
    proofs = desk.service.step_up
    _means, factors = proofs.means(who, task)
    asked = proofs.ask(who, task, factors[0].device)
    response = desk.respond(who.user_name, asked.question)
    return proofs.answer(who, task, asked.device, asked.id, response)


@given(st.sampled_from(Task), st.booleans(), st.booleans())
def test_a_device_that_works_always_answers(task: Task, due: bool, usable: bool) -> None:
    told = means(task, due=due, usable=usable)
    if task is Task.LOST:
        assert told is Means.PASSWORD
    elif usable:
        assert told is Means.DEVICE
    else:
        assert (told is Means.DESK) == due
        assert (told is Means.NOTHING) == (task is Task.PASSWORD and not due)


def test_a_log_in_counts_for_a_while(small_desk: Desk, clock: FrozenClock) -> None:
    small_desk.person("anna")
    who, proofs = visitor(small_desk, "anna"), small_desk.service.step_up
    assert proofs.is_proven(who, Task.DEVICE)
    assert not proofs.is_proven(who, Task.AMOUNT), "for an amount its own device counts"
    clock.advance(LATER)
    with pytest.raises(StepUpNeeded):
        proofs.require(who, Task.DEVICE)


def test_a_proof_serves_one_session_one_kind_of_task_once(desk: Desk, clock: FrozenClock) -> None:
    desk.person("anna")
    who, elsewhere = visitor(desk, "anna"), visitor(desk, "anna")
    clock.advance(LATER)
    proofs = desk.service.step_up
    assert prove(desk, who, Task.PIN).level == 40
    assert proofs.is_proven(who, Task.PIN)
    assert not proofs.is_proven(who, Task.DEVICE)
    assert not proofs.is_proven(elsewhere, Task.PIN)
    with pytest.raises(ZeroDivisionError), proofs.spending(who, Task.PIN):
        raise ZeroDivisionError  # a defect of ours: whether the task was done is unknown
    assert not proofs.is_proven(who, Task.PIN)


def test_a_question_is_answered_for_what_it_was_asked(desk: Desk, clock: FrozenClock) -> None:
    """Not for another kind of task, in another session, or for another of the device's purposes."""
    desk.person("anna")
    who, elsewhere = visitor(desk, "anna"), visitor(desk, "anna")
    clock.advance(LATER)
    proofs, lives = desk.service.step_up, desk.service.lives
    device = desk.service.list_devices()[0].id
    asked = proofs.ask(who, Task.ORDER, device)
    right = desk.respond("anna", asked.question)
    for other, task in ((who, Task.PIN), (elsewhere, Task.ORDER)):
        with pytest.raises(NotProved):
            proofs.answer(other, task, device, asked.id, right)
        assert not proofs.is_proven(other, task)
    assert proofs.answer(who, Task.ORDER, device, asked.id, right), "and it is not spent by that"
    asked_pin, _sealed = lives.ask_for_pin(who, device, "7391")
    answer = desk.respond("anna", asked_pin.challenge.question)
    with pytest.raises(NotProved):
        proofs.answer(who, Task.PIN, device, asked_pin.challenge.id, answer)


def test_a_task_that_is_refused_gives_it_back(small_desk: Desk, clock: FrozenClock) -> None:
    small_desk.person("anna")
    who, proofs = visitor(small_desk, "anna"), small_desk.service.step_up
    clock.advance(LATER)
    prove(small_desk, who, Task.PIN)
    with pytest.raises(UsageProblem), proofs.spending(who, Task.PIN):
        raise UsageProblem("wrong", "wrong")
    with proofs.spending(who, Task.PIN):
        pass
    with pytest.raises(StepUpNeeded):
        proofs.take(who, Task.PIN)


def test_a_proof_lapses(small_desk: Desk, clock: FrozenClock) -> None:
    small_desk.person("anna")
    who = visitor(small_desk, "anna")
    clock.advance(LATER)
    prove(small_desk, who, Task.PIN)
    clock.advance(timedelta(minutes=5))
    assert not small_desk.service.step_up.is_proven(who, Task.PIN)
    small_desk.service.sweep()
    assert small_desk.count("step_up") == 0


def test_of_two_at_once_one_gets_it(desk: Desk, clock: FrozenClock) -> None:
    desk.person("anna")
    who, proofs = visitor(desk, "anna"), desk.service.step_up
    clock.advance(LATER)
    prove(desk, who, Task.SHARING)

    def take(_number: int) -> bool:
        try:
            proofs.take(who, Task.SHARING)
        except StepUpNeeded:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(take, range(6))) == 1


def test_wrong_answers_count_and_prove_nothing(desk: Desk, clock: FrozenClock) -> None:
    desk.person("anna")
    who, proofs = visitor(desk, "anna"), desk.service.step_up
    clock.advance(LATER)
    device = desk.service.list_devices()[0].id
    for _time in range(10):
        asked = proofs.ask(who, Task.DEVICE, device)
        wrong = desk.wrong("anna", asked.question)
        with pytest.raises(NotProved):
            proofs.answer(who, Task.DEVICE, device, asked.id, wrong)
    asked = proofs.ask(who, Task.DEVICE, device)
    right = desk.respond("anna", asked.question)
    with pytest.raises(NotProved):
        proofs.answer(who, Task.DEVICE, device, asked.id, right)
    assert not proofs.is_proven(who, Task.DEVICE)


def test_whose_devices_all_fail_turns_to_the_desk(small_desk: Desk, clock: FrozenClock) -> None:
    small_desk.person("anna")
    who, proofs = visitor(small_desk, "anna"), small_desk.service.step_up
    device = small_desk.service.list_devices()[0]
    small_desk.service.set_device_status(device.serial, DeviceStatus.LOCKED)
    clock.advance(LATER)
    assert proofs.means(who, Task.DEVICE) == (Means.DESK, ())
    with pytest.raises(OnlyTheDesk):
        proofs.ask(who, Task.DEVICE, device.id)


# On pages


@pytest.fixture
def address(small_desk: Desk) -> Iterator[str]:
    small_desk.person("anna", card=False)
    small_desk.person("ben")
    with portal(small_desk) as where:
        yield where


def logged_in(desk: Desk, address: str, name: str) -> Browser:
    browser = Browser(address)
    answer = browser.post("/login", username=name, password=PASSWORD)
    if name == "ben":
        html = browser.follow(answer).text
        answer = browser.post("/login/factor", **of_form(html), answer=response_to(desk, html))
    browser.follow(answer)
    return browser


def of_form(html: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html))


def response_to(desk: Desk, html: str) -> str:
    digits = re.findall(r'<span aria-hidden="true">(\d{3})</span>', html)
    return desk.respond("ben", "".join(digits))


SENSITIVE = (
    "/account/devices/new",
    "/account/password",
    "/account/share/owner",
    "/account/orders/new?kind=code-card",
    "/account/devices/BENS/return",
)


@pytest.mark.parametrize("path", SENSITIVE)
def test_a_page_is_come_back_to(
    small_desk: Desk, address: str, clock: FrozenClock, path: str
) -> None:
    ben = logged_in(small_desk, address, "ben")
    path = path.replace("BENS", small_desk.service.list_devices()[0].id)
    clock.advance(LATER)
    html = ben.follow(ben.get(path)).text
    assert "Verify your identity" in html
    wrong = ben.post("/account/verify", **of_form(html), answer="12345678")
    assert wrong.status_code == 400
    html = wrong.text
    right = ben.post("/account/verify", **of_form(html), answer=response_to(small_desk, html))
    assert right.headers["location"] == path
    assert ben.follow(right).status_code == 200


def test_what_was_entered_is_not_lost(small_desk: Desk, address: str, clock: FrozenClock) -> None:
    ben = logged_in(small_desk, address, "ben")
    clock.advance(LATER)
    fields = {"current_password": PASSWORD, "password": "eleven quiet otters"}
    html = ben.post("/account/password", **fields).text
    assert "Verify your identity" in html
    assert PASSWORD not in html
    assert "eleven quiet otters" not in html
    answer = response_to(small_desk, html)
    html = ben.post("/account/verify", **of_form(html), answer=answer).text
    assert "Your identity is verified" in html
    done = ben.post("/account/password", **of_form(html))
    assert "Your password is changed" in done.text
    assert small_desk.begin("ben", "eleven quiet otters").challenge


def test_what_is_ordered_returned_or_out_of_order_waits_for_the_proof(
    small_desk: Desk, address: str, clock: FrozenClock
) -> None:
    ben = logged_in(small_desk, address, "ben")
    card = small_desk.service.list_devices()[0].id
    wish = {"kind": "code-card", "address": "Ben Rossi\nVia Roma 1\n00100 Roma"}
    checked = ben.post("/account/orders/new", **wish).text
    clock.advance(LATER)
    html = ben.post("/account/orders/place", **of_form(checked)).text
    assert "You are about to order" in html
    answer = response_to(small_desk, html)
    html = ben.post("/account/verify", **of_form(html), answer=answer).text
    placed = ben.follow(ben.post("/account/orders/place", **of_form(html)))
    assert "Your device is ordered" in placed.text
    again = ben.post("/account/orders/place", **of_form(checked))
    assert "You are about to order" in again.text, "the proof is used up"

    html = ben.post(f"/account/devices/{card}/return").text
    assert "send a security device back" in html
    html = ben.post(f"/account/devices/{card}/parked").text
    assert "out of order" in html
    assert small_desk.service.list_devices()[0].status is DeviceStatus.ACTIVE
    html = ben.post("/account/verify", **of_form(html), password=PASSWORD).text
    done = ben.post(f"/account/devices/{card}/parked", **of_form(html))
    assert "The device is out of order" in done.text
    assert small_desk.service.list_devices()[0].status is DeviceStatus.PARKED


def test_closing_an_account_waits_for_the_operators_proof(
    small_desk: Desk, address: str, clock: FrozenClock
) -> None:
    small_desk.person("otto", card=False, account=None, roles=frozenset({Role.OPERATOR}))
    otto = logged_in(small_desk, address, "otto")
    clock.advance(LATER)
    path = "/desk/people/ben/close-account"
    assert "Verify your identity" in otto.follow(otto.get(path)).text
    html = otto.post(path, reason="asked-by-holder").text
    assert "You are about to close an account" in html
    assert small_desk.directory.find("ben").account is AccountStatus.OPEN
    html = otto.post("/account/verify", **of_form(html), password=PASSWORD).text
    assert otto.post(path, **of_form(html)).status_code == 303
    assert small_desk.directory.find("ben").account is AccountStatus.CLOSED


def test_a_kept_form_is_its_senders_and_of_its_address(
    small_desk: Desk, address: str, clock: FrozenClock
) -> None:
    ben, anna = (logged_in(small_desk, address, name) for name in ("ben", "anna"))
    clock.advance(LATER)
    fields = {"current_password": PASSWORD, "password": "eleven quiet otters"}
    kept = of_form(ben.post("/account/password", **fields).text)["kept"]
    assert anna.post("/account/password", kept=kept).status_code == 400
    assert ben.post("/account/devices/new", kept="00").status_code == 400
    html = ben.post("/account/share/owner", kept=kept).text
    assert PASSWORD not in html
    assert small_desk.begin("ben").challenge, "nothing was changed"


def test_nobody_without_a_device_is_locked_out(
    small_desk: Desk, address: str, clock: FrozenClock
) -> None:
    anna = logged_in(small_desk, address, "anna")
    clock.advance(LATER)
    assert anna.get("/account/password").status_code == 200, "its own form takes the password"
    html = anna.follow(anna.get("/account/devices/new")).text
    assert anna.post("/account/verify", **of_form(html), password="no").status_code == 400
    right = anna.post("/account/verify", **of_form(html), password=PASSWORD)
    assert "Security Code Card" in anna.follow(right).text


def test_another_device_may_answer(small_desk: Desk, address: str, clock: FrozenClock) -> None:
    ben = logged_in(small_desk, address, "ben")
    made = ben.post("/account/devices/new", kind="code-card").text
    cells = dict(re.findall(r">(\d{3})</span>&nbsp;<strong>([A-Z0-9]{3})<", made))
    indices = re.findall(r'<span aria-hidden="true">(\d{3})</span>', made)
    action = re.search(r'action="(/account/devices/[^"]+/activate)"', made)
    assert action
    answer = "".join(cells[index] for index in indices)
    assert "active" in ben.post(action[1], **of_form(made), answer=answer).text
    clock.advance(LATER)
    html = ben.follow(ben.get("/account/devices/new")).text
    other = re.search(r'name="other" value="([^"]+)"', html)
    assert other
    html = ben.post("/account/verify", **of_form(html), other=other[1]).text
    assert "Index numbers" in html
    indices = re.findall(r'<span aria-hidden="true">(\d{3})</span>', html)
    answer = "".join(cells[index] for index in indices)
    right = ben.post("/account/verify", **of_form(html), answer=answer)
    assert right.headers["location"] == "/account/devices/new"


def test_no_way_out_to_other_sites(small_desk: Desk, address: str, clock: FrozenClock) -> None:
    anna = logged_in(small_desk, address, "anna")
    for back in ("https://evil.example", "//evil.example", "/\\evil.example"):
        away = anna.get(f"/account/verify?task=device&back={back}")
        assert away.headers["location"] == "/account"
    assert anna.get("/account/verify?task=launch").status_code == 400
    clock.advance(LATER)
    html = anna.get("/account/verify?task=device&back=//evil.example").text
    assert of_form(html)["back"] == "/account"


# By REST


@pytest.fixture
def http(small_desk: Desk, address: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"{address}/api/v1") as client:
        client.headers["authorization"] = f"Bearer {small_desk.log_in('ben').token}"
        yield client


def sensitive(desk: Desk) -> list[tuple[str, dict[str, Any], str]]:
    (card,) = desk.service.list_devices()
    owner = {"owner": {"username": "anna", "password": "no"}}
    return [
        ("/me/devices", {"kind": "totp"}, "device"),
        (f"/me/devices/{card.id}/lost", {}, "lost"),
        (f"/me/devices/{card.id}/pin", {"pin": "4938"}, "pin"),
        ("/me/shares", owner, "sharing"),
        ("/me/orders", {"kind": "dsc-plus", "address": "a\nb"}, "order"),
        (f"/me/devices/{card.id}/parked", {}, "lost"),
        (f"/me/devices/{card.id}/return", {}, "return"),
        ("/reviews/none/decision", {"decision": "approve", "reason": "seen"}, "review"),
    ]


def test_every_sensitive_task_wants_a_proof(
    http: httpx2.Client, small_desk: Desk, clock: FrozenClock
) -> None:
    http.post("/me/proofs", json={"task": "device"})
    clock.advance(LATER)
    for path, body, _task in sensitive(small_desk):
        told = http.post(path, json=body)
        assert (told.status_code, told.json()["type"]) == (403, "step-up-needed"), path


def test_the_whole_way_by_rest(http: httpx2.Client, small_desk: Desk, clock: FrozenClock) -> None:
    clock.advance(LATER)
    for path, body, task in (each for each in sensitive(small_desk) if each[2] != "lost"):
        begun = http.post("/me/proofs", json={"task": task}).json()
        assert begun["means"] == "device"
        asked = begun["challenge"]
        given = {
            "task": task,
            "device": asked["device"],
            "challenge": asked["challenge"],
            "answer": small_desk.respond("ben", asked["question"]),
        }
        proven = http.post("/me/proofs/answer", json=given).json()
        assert (proven["task"], proven["protection_level"]) == (task, 40)
        assert http.post("/me/proofs/answer", json=given).status_code == 409, "answered once"
        told = http.post(path, json=body)
        assert told.json().get("type") != "step-up-needed", "the task itself decides now"
    wrong = http.post("/me/proofs/password", json={"task": "pin", "password": PASSWORD})
    assert wrong.json()["type"] == "device-must-answer"


def test_a_lost_device_is_reported_with_the_password(
    http: httpx2.Client, small_desk: Desk, clock: FrozenClock
) -> None:
    clock.advance(LATER)
    assert http.post("/me/proofs", json={"task": "lost"}).json()["means"] == "password"
    bad = http.post("/me/proofs/password", json={"task": "lost", "password": "no"})
    assert bad.status_code == 401
    good = http.post("/me/proofs/password", json={"task": "lost", "password": PASSWORD})
    assert good.json()["protection_level"] == 0
    (card,) = small_desk.service.list_devices()
    assert http.post(f"/me/devices/{card.id}/lost").json()["status"] == "lost"
