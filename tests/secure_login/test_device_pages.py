"""One's own devices on pages and by REST: refusals, then the whole way."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest

from deskside.foundation.clock import FrozenClock
from deskside.secure_login.authenticators.code_card import CodeCard
from tests.secure_login.browser import Browser, challenge_on, portal
from tests.secure_login.desk import PASSWORD, PIN, Desk


@pytest.fixture
def address(small_desk: Desk) -> Iterator[str]:
    small_desk.person("anna", card=False)
    small_desk.person("ben")
    with portal(small_desk) as where:
        yield where


@pytest.fixture
def anna(address: str) -> Browser:
    browser = Browser(address)
    browser.follow(browser.post("/login", username="anna", password=PASSWORD))
    return browser


@pytest.fixture
def ben(address: str, small_desk: Desk) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"{address}/api/v1") as client:
        client.headers["authorization"] = f"Bearer {small_desk.log_in('ben').token}"
        yield client


def of_page(pattern: str, html: str) -> str:
    found = re.search(pattern, html)
    assert found is not None, html
    return found[1]


def test_nothing_without_a_session(address: str) -> None:
    with httpx2.Client(base_url=f"{address}/api/v1") as client:
        assert client.get("/me/devices/kinds").status_code == 401
        assert client.post("/me/devices", json={"kind": "totp"}).status_code == 401
        for what in ("challenge", "lost"):
            assert client.post(f"/me/devices/x/{what}").status_code == 401


def test_what_is_not_ones_own(anna: Browser, small_desk: Desk) -> None:
    (card,) = small_desk.service.list_devices()
    for path in ("", "/activate", "/pin"):
        assert anna.get(f"/account/devices/{card.id}{path}").status_code == 404
    assert anna.post(f"/account/devices/{card.id}/lost").status_code == 404
    assert anna.post("/account/devices/new", kind="dsc-plus").status_code == 403
    assert anna.post("/account/devices/new", kind="online-code-card").status_code == 403


def test_a_code_card_is_printed_once_and_activated_by_two_of_its_codes(
    anna: Browser, small_desk: Desk, clock: FrozenClock
) -> None:
    assert "/account/devices/new" in anna.get("/account").text
    assert "Security Code Card" in anna.get("/account/devices/new").text
    made = anna.post("/account/devices/new", kind="code-card")
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    assert "<h1>Security Code Card</h1>" in made.text
    pairs = re.findall(r">(\d{3})</span>&nbsp;<strong>(\w{3})</strong>", made.text)
    assert [int(number) for number, _code in pairs] == list(range(1, 225))
    action = of_page(r'action="(/account/devices/[^"]+/activate)"', made.text)

    wrong = anna.post(action, challenge="none", answer="A3")
    assert wrong.status_code == 400
    assert "too short" in wrong.text
    assert pairs[0][1] not in of_page(r"(?s)<main(.*)</main>", wrong.text).split()

    codes = dict(pairs)
    first, second = of_page(r"(\d{3}\s+\d{3})", re.sub(r"<[^>]+>", " ", wrong.text)).split()
    challenge = of_page(r'name="challenge" value="([^"]+)"', wrong.text)
    done = anna.post(action, challenge=challenge, answer=f"{codes[first]} {codes[second]}".lower())
    assert "Your device is active" in done.text
    step = small_desk.begin("anna")
    assert step.challenge is not None
    card = {"kind": "code-card", "serial": "1", "codes": " ".join(codes.values())}
    answer = CodeCard().simulate(card, step.challenge.question, "", clock.now())
    assert small_desk.answer(step, answer).token


def test_an_app_is_shown_its_key(anna: Browser) -> None:
    made = anna.post("/account/devices/new", kind="totp").text
    assert 'href="otpauth://totp/Deskside:anna?' in made


def test_a_pin_is_changed_by_rest(ben: httpx2.Client, small_desk: Desk) -> None:
    (card,) = small_desk.service.list_devices()
    base = f"/me/devices/{card.id}/pin"
    assert ben.post(base, json={"pin": "1111"}).status_code in (400, 422)
    asked = ben.post(base, json={"pin": "7391"}).json()
    assert len(asked["question"]) == 6
    answers = [
        {
            "challenge": asked["challenge"],
            "pin_change": asked["pin_change"],
            "answer": small_desk.respond("ben", asked["question"], pin),
        }
        for pin in (PIN, "7391")
    ]
    assert ben.post(f"{base}/confirm", json=answers[0]).status_code == 409
    # The question is used up by the wrong answer.
    assert ben.post(f"{base}/confirm", json=answers[1]).status_code == 409
    asked = ben.post(base, json={"pin": "7391"}).json()
    right = small_desk.respond("ben", asked["question"], "7391")
    body = {key: asked[key] for key in ("challenge", "pin_change")} | {"answer": right}
    assert ben.post(f"{base}/confirm", json=body).json() == {"device": card.id, "status": "active"}


def test_lost_and_found_by_rest(ben: httpx2.Client, small_desk: Desk) -> None:
    (card,) = small_desk.service.list_devices()
    base = f"/me/devices/{card.id}"
    assert ben.post(f"{base}/challenge").status_code == 409
    assert ben.post(f"{base}/lost").json() == {"device": card.id, "status": "lost"}
    asked = ben.post(f"{base}/challenge").json()
    answer = small_desk.respond("ben", asked["question"])
    body = {"challenge": asked["challenge"], "answer": answer}
    assert ben.post(f"{base}/activate", json=body).json()["status"] == "active"


def test_recovery_codes_by_rest(ben: httpx2.Client, small_desk: Desk) -> None:
    assert ben.get("/me/devices/kinds").json()["kinds"] == ["totp", "code-card", "recovery-code"]
    made = ben.post("/me/devices", json={"kind": "recovery-code"}).json()
    assert made["status"] == "active"
    assert len(made["shown"]["codes"].split()) == 10


def test_pages_of_a_device(anna: Browser, small_desk: Desk) -> None:
    card = small_desk.issue(small_desk.directory.find("anna"))
    shown = anna.get(f"/account/devices/{card}").text
    assert "Change the PIN" in shown
    assert "I have lost it" in shown
    assert "same PIN again" in anna.get(f"/account/devices/{card}/pin").text
    differ = anna.post(f"/account/devices/{card}/pin", pin="7391", again="7392")
    assert differ.status_code == 400
    asked = anna.post(f"/account/devices/{card}/pin", pin="7391", again="7391").text
    identifier, question = challenge_on(asked)
    done = anna.post(
        f"/account/devices/{card}/pin/confirm",
        challenge=identifier,
        sealed=of_page(r'name="sealed" value="([^"]+)"', asked),
        answer=small_desk.respond("anna", question, "7391"),
    )
    assert "Your PIN is changed" in done.text
    assert anna.post(f"/account/devices/{card}/lost").status_code == 200
    assert "Found it?" in anna.get(f"/account/devices/{card}").text


def test_the_account_lists_the_strongest_first_and_offers_what_fits(
    anna: Browser, small_desk: Desk
) -> None:
    none = anna.get("/account").text
    assert "under a different user name" in none
    user = small_desk.directory.find("anna")
    for kind in ("code-card", "totp"):
        small_desk.service.issue_device([user], kind)
    small_desk.issue(user)
    html = anna.get("/account").text
    levels = re.findall(r"Protection level (\d+)", html)
    assert levels == ["40", "25", "20"]
    assert "Share a security device" in html
    assert "under a different user name" not in html
    own = {info.kind: info.id for info in small_desk.service.list_devices(user_name_id=user.id)}
    assert "Damaged or unreadable" in anna.get(f"/account/devices/{own['code-card']}").text
    assert "Battery empty or broken" in anna.get(f"/account/devices/{own['dsc-plus']}").text


def test_a_security_event_names_its_device(anna: Browser, small_desk: Desk) -> None:
    user = small_desk.directory.find("anna")
    info, _issued = small_desk.service.issue_device([user], "totp")
    assert f"Authenticator app, {info.serial}" in anna.get("/account/events").text


def test_a_pin_change_that_was_tampered_with_is_a_wrong_answer(
    ben: httpx2.Client, small_desk: Desk
) -> None:
    (card,) = small_desk.service.list_devices()
    asked = ben.post(f"/me/devices/{card.id}/pin", json={"pin": "7391"}).json()
    for sealed in ("00", "zz", asked["pin_change"][:-2] + "00"):
        given = {"challenge": asked["challenge"], "answer": "12345678", "pin_change": sealed}
        told = ben.post(f"/me/devices/{card.id}/pin/confirm", json=given)
        assert (told.status_code, told.json()["type"]) == (409, "device-not-proved"), sealed
