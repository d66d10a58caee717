"""Logging in, as somebody who guesses, repeats, comes late, or types nonsense."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.abuse.conftest import person
from tests.abuse.wire import JSON, Reply, send
from tests.prove.client import Answer, Client, Ledger
from tests.secure_login.browser import Browser, challenge_on
from tests.system.conftest import Portal

OUTBOX_PATIENCE = 20.0

NONSENSE = [
    "",
    " ",
    "abcdefgh",
    "1234567",
    "123456789",
    "12345678" * 1000,
    "１２３４５６７８",
    "١٢٣٤٥٦٧٨",
    "1234567²",
    "1234_5678",
    "+1234567",
    "0x123456",
    "1e100000",
    "12345678\0",
    "\ud800",
]


def begin(portal: Portal, name: str, password: str) -> Reply:
    body = json.dumps({"username": name, "password": password}).encode()
    return send(portal, "POST", "/api/v1/login", JSON, body=body)


def answer(portal: Portal, given: Answer, text: str | None = None) -> Reply:
    body = given.body | ({} if text is None else {"answer": text})
    path = f"/api/v1/login/{given.login}/answer"
    return send(portal, "POST", path, JSON, body=json.dumps(body).encode())


def test_nonsense_is_no_guess_and_leaves_the_challenge_open(portal: Portal, client: Client) -> None:
    right = client.begin()
    for text in NONSENSE:  # more than the ten guesses that lock
        assert answer(portal, right, text).status in (400, 401)
    assert answer(portal, right).status == 200


def test_nonsense_on_the_page_says_what_is_wrong(portal: Portal) -> None:
    who, browser = person(portal, "alba"), Browser(portal.address)
    browser.post("/login", username=who.name, password=who.password)
    identifier, digits = challenge_on(browser.get("/login/factor").text)
    for text in ("", "abcdefgh", "1234567", "١٢٣٤٥٦٧٨", "1" * 500):
        shown = browser.post("/login/factor", challenge=identifier, answer=text)
        assert shown.status_code == 400
        assert challenge_on(shown.text) == (identifier, digits)
    shown = browser.post("/login/factor", challenge="another", answer="12345678")
    assert shown.status_code == 400
    right = who.card.respond(digits, who.pin)
    assert browser.post("/login/factor", challenge=identifier, answer=right).status_code == 303


def test_an_answer_works_once(portal: Portal, client: Client) -> None:
    right = client.begin()
    assert answer(portal, right).status == 200
    assert answer(portal, right).status == 401


def test_a_wrong_answer_spends_the_challenge(portal: Portal, client: Client) -> None:
    right = client.begin()
    assert answer(portal, right, f"{(int(right.text) + 1) % 10**8:08d}").status == 401
    assert answer(portal, right).status == 401
    client.log_in()


def test_an_answer_to_somebody_elses_challenge(portal: Portal, client: Client) -> None:
    mine, theirs = client.begin(), Client(portal.address, Ledger(person(portal, "bruno")))
    with theirs:
        other = theirs.begin()
    mixed = Answer(mine.person, mine.login, other.device, other.text)
    assert answer(portal, mixed).status == 401
    assert answer(portal, Answer(mine.person, other.login, mine.device, mine.text)).status == 401
    assert answer(portal, mine).status == answer(portal, other).status == 200


def test_an_expired_challenge(portal: Portal, client: Client) -> None:
    late = client.begin()
    file = portal.folder / "deskside.sqlite3"
    with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as database:
        database.execute("UPDATE challenge SET expires = '2020-01-01T00:00:00.000000Z'")
    assert answer(portal, late).status == 401
    client.log_in()


def test_ten_failures_lock_and_tell_the_owner(portal: Portal) -> None:
    """Strangers lock the user name for themselves; the owner's own browser still gets in."""
    who, own = person(portal, "rupert"), Browser(portal.address)
    enter(own, portal)
    wrong = [begin(portal, who.name, "wrong") for _attempt in range(10)]
    right, unknown = begin(portal, who.name, who.password), begin(portal, "nobody", "wrong")
    assert {reply.status for reply in [*wrong, right, unknown]} == {401}
    assert {reply.body for reply in [*wrong, right, unknown]} == {wrong[0].body}

    message = mail_to(portal.folder / "outbox", f"{who.name}@demo.example", "ten failed log-ins")
    assert who.password not in message

    stranger = Browser(portal.address)
    assert stranger.post("/login", username=who.name, password=who.password).status_code == 401
    own.cookies.pop("__Host-session")
    enter(own, portal)


def enter(browser: Browser, portal: Portal) -> None:
    """Log in through the pages as the one who will be locked."""
    who = person(portal, "rupert")
    assert browser.post("/login", username=who.name, password=who.password).status_code == 303
    identifier, digits = challenge_on(browser.get("/login/factor").text)
    right = who.card.respond(digits, who.pin)
    assert browser.post("/login/factor", challenge=identifier, answer=right).status_code == 303
    assert "__Host-session" in browser.cookies


def mail_to(outbox: Path, address: str, words: str) -> str:
    """The message to an address with some words in it, which comes soon."""
    deadline = time.monotonic() + OUTBOX_PATIENCE
    while time.monotonic() < deadline:
        for file in outbox.glob("*.eml"):
            text = file.read_text()
            if f"To: {address}" in text and words in text:
                return text
        time.sleep(0.05)
    pytest.fail("no message came")
