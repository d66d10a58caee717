"""Logging in with a browser, JavaScript or not."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from deskside.directory.model import LinkPurpose
from deskside.foundation.clock import FrozenClock
from deskside.secure_login import demo
from deskside.web.middleware import SESSION_COOKIE
from tests.secure_login.browser import Browser, challenge_on, portal
from tests.secure_login.desk import PASSWORD, Desk


@pytest.fixture
def browser(small_desk: Desk) -> Iterator[Browser]:
    small_desk.person("anna")
    with portal(small_desk) as address:
        yield Browser(address)


def to_factor(browser: Browser, name: str = "anna", goal: str = "") -> str:
    """The page with the challenge."""
    fields = {"next": goal} if goal else {}
    return browser.follow(browser.post("/login", username=name, password=PASSWORD, **fields)).text


def log_in(browser: Browser, desk: Desk, name: str = "anna") -> None:
    identifier, question = challenge_on(to_factor(browser, name))
    answered = browser.post(
        "/login/factor", challenge=identifier, answer=desk.respond(name, question)
    )
    assert answered.headers["location"] == "/"


def test_the_whole_way(browser: Browser, small_desk: Desk) -> None:
    assert "__Host-login" not in browser.cookies
    shown = to_factor(browser)
    assert set(browser.cookies) == {"__Host-login"}
    identifier, question = challenge_on(shown)
    spaced = small_desk.respond("anna", question)
    answered = browser.post(
        "/login/factor", challenge=identifier, answer=f"{spaced[:4]} {spaced[4:]}"
    )
    assert answered.status_code == 303
    assert set(browser.cookies) == {SESSION_COOKIE, "__Host-browser"}
    for attributes in browser.attributes.values():
        assert "secure" in attributes
        assert "httponly" in attributes
        assert "samesite=lax" in attributes
        assert "path=/" in attributes
        assert "domain" not in attributes
    assert "anna" in browser.get("/account").text
    assert browser.get("/login").status_code == 303
    session = browser.cookies[SESSION_COOKIE]
    assert browser.post("/logout").status_code == 303
    assert set(browser.cookies) == {"__Host-browser"}
    assert small_desk.service.resolve(session) is None


def test_where_one_wanted_to_go(browser: Browser, small_desk: Desk) -> None:
    asked = browser.get("/account")
    assert asked.headers["location"] == "/login?next=/account"
    identifier, question = challenge_on(to_factor(browser, goal="/account"))
    answered = browser.post(
        "/login/factor?next=/account",
        challenge=identifier,
        answer=small_desk.respond("anna", question),
    )
    assert answered.headers["location"] == "/account"


def test_never_to_another_site(browser: Browser, small_desk: Desk) -> None:
    small_desk.person("nora", card=False)
    for goal in ("//evil.example", "https://evil.example", "/\\evil.example", "evil"):
        answered = browser.post("/login", username="nora", password=PASSWORD, next=goal)
        assert answered.headers["location"] == "/"


def test_one_message_for_every_wrong_password(browser: Browser) -> None:
    pages = [
        browser.post("/login", username=name, password="wrong")
        for name in ("anna", "nobody", "nobody\x00")
    ]
    assert {answered.status_code for answered in pages} == {401}
    plain = {re.sub(r'value="nobody[^"]*"|value="anna"', "", answered.text) for answered in pages}
    assert len(plain) == 1
    assert "The log-in failed" in pages[0].text


def test_missing_fields_are_named(browser: Browser, small_desk: Desk) -> None:
    answered = browser.post("/login", username="", password="")
    assert answered.status_code == 400
    assert "Enter your user name." in answered.text
    assert "Enter your password." in answered.text
    assert small_desk.count("guesses") == 0


def test_what_cannot_be_an_answer_keeps_the_challenge(browser: Browser, small_desk: Desk) -> None:
    identifier, question = challenge_on(to_factor(browser))
    for answer, message in (
        ("", "The response is empty."),
        ("1234", "too short"),
        ("1234567890", "too long"),
        ("abcdefgh", "only the digits"),
        ("١٢٣٤٥٦٧٨", "only the digits"),
    ):
        answered = browser.post("/login/factor", challenge=identifier, answer=answer)
        assert answered.status_code == 400
        assert message in html.unescape(answered.text)
        assert challenge_on(answered.text) == (identifier, question)
    right = small_desk.respond("anna", question)
    assert browser.post("/login/factor", challenge=identifier, answer=right).status_code == 303


def test_a_wrong_answer_brings_a_new_challenge(browser: Browser, small_desk: Desk) -> None:
    identifier, question = challenge_on(to_factor(browser))
    answered = browser.post(
        "/login/factor", challenge=identifier, answer=small_desk.wrong("anna", question)
    )
    assert answered.status_code == 401
    assert "new challenge" in answered.text
    second, question = challenge_on(answered.text)
    assert second != identifier
    # The answer of a tab that was left behind is judged against nothing.
    stale = browser.post("/login/factor", challenge=identifier, answer="12345678")
    assert stale.status_code == 400
    assert challenge_on(stale.text) == (second, question)
    right = small_desk.respond("anna", question)
    assert browser.post("/login/factor", challenge=second, answer=right).status_code == 303


def test_an_expired_challenge_says_so(
    browser: Browser, small_desk: Desk, clock: FrozenClock
) -> None:
    identifier, question = challenge_on(to_factor(browser))
    clock.advance(timedelta(minutes=2))
    right = small_desk.respond("anna", question)
    answered = browser.post("/login/factor", challenge=identifier, answer=right)
    assert answered.status_code == 401
    assert "expired" in answered.text
    clock.advance(timedelta(minutes=2))
    reloaded = browser.get("/login/factor")
    assert reloaded.status_code == 200
    assert "expired" in reloaded.text
    identifier, question = challenge_on(reloaded.text)
    right = small_desk.respond("anna", question)
    assert browser.post("/login/factor", challenge=identifier, answer=right).status_code == 303


def test_a_new_challenge_on_request(browser: Browser) -> None:
    identifier, question = challenge_on(to_factor(browser))
    assert challenge_on(browser.get("/login/factor").text) == (identifier, question)
    renewed = browser.follow(browser.post("/login/factor/new"))
    assert challenge_on(renewed.text) != (identifier, question)


def test_broken_cookies_start_again(browser: Browser) -> None:
    names = ("__Host-login", "__Host-session", "__Host-browser")
    for value in ("", "x", "%00", '"', "a" * 43, "é", "a" * 4000, "\x7f;;=,"):
        for method, path in (
            (browser.get, "/login/factor"),
            (browser.post, "/login/factor"),
            (browser.post, "/login/factor/new"),
        ):
            browser.cookies = dict.fromkeys(names, value)
            answered = method(path)
            if "\x7f" in value:  # no header may hold it (RFC 9110 section 5.5)
                assert answered.status_code in {400, 401}
                continue
            assert answered.status_code == 401, (value, path)
            assert "Start the log-in again" in answered.text
        assert browser.get("/login").status_code in ({200, 400} if "\x7f" in value else {200})
    browser.cookies = {}
    assert to_factor(browser)


def test_a_finished_login_cannot_be_answered_again(browser: Browser, small_desk: Desk) -> None:
    identifier, question = challenge_on(to_factor(browser))
    secret = browser.cookies["__Host-login"]
    right = small_desk.respond("anna", question)
    browser.post("/login/factor", challenge=identifier, answer=right)
    again = Browser(browser.address, {"__Host-login": secret})
    answered = again.post("/login/factor", challenge=identifier, answer=right)
    assert answered.status_code == 401
    assert SESSION_COOKIE not in again.cookies


def test_an_oversized_form(browser: Browser) -> None:
    assert browser.post("/login", username="anna", password="x" * 70_000).status_code == 413


def test_the_account_lists_and_ends_sessions(browser: Browser, small_desk: Desk) -> None:
    log_in(browser, small_desk)
    other = Browser(browser.address)
    log_in(other, small_desk)
    shown = browser.get("/account").text
    assert shown.count("Firefox on Linux") >= 2
    assert shown.count("This session") == 1
    (session,) = re.findall(r'name="session" value="([a-z0-9]+)"', shown)
    ended = browser.post("/account/sessions/end", session=session)
    assert ended.status_code == 200
    assert "That session has ended." in ended.text
    assert other.get("/account").status_code == 303
    assert browser.post("/account/sessions/end", session=session).status_code == 400
    log_in(other, small_desk)
    assert browser.post("/account/sessions/end-others").status_code == 200
    assert other.get("/account").status_code == 303
    assert browser.get("/account").status_code == 200


def test_a_renewed_token_reaches_the_browser(
    browser: Browser, small_desk: Desk, clock: FrozenClock
) -> None:
    log_in(browser, small_desk)
    before = browser.cookies[SESSION_COOKIE]
    clock.advance(timedelta(minutes=20))
    assert browser.get("/account").status_code == 200
    assert browser.cookies[SESSION_COOKIE] != before
    clock.advance(timedelta(minutes=2))
    assert browser.get("/account").status_code == 200


def test_a_link_sets_a_password_once(browser: Browser, small_desk: Desk) -> None:
    user = small_desk.directory.find("anna")
    token = small_desk.directory.issue_link(user, LinkPurpose.RESET)
    shown = browser.get(f"/reset/{token}")
    assert shown.status_code == 200
    assert shown.headers["referrer-policy"] == "no-referrer"
    refused = browser.post(f"/reset/{token}", password="anna12345")
    assert refused.status_code == 400
    assert "user name" in refused.text
    saved = browser.post(f"/reset/{token}", password="eleven quiet otters")
    assert saved.status_code == 200
    assert "Your password is set" in saved.text
    assert browser.get(f"/reset/{token}").status_code == 404
    assert browser.post(f"/reset/{token}", password="other quiet otters").status_code == 404
    assert browser.post("/login", username="anna", password=PASSWORD).status_code == 401
    assert (
        browser.post("/login", username="anna", password="eleven quiet otters").status_code == 303
    )


def test_the_card_on_the_screen(small_desk: Desk, tmp_path: Path) -> None:
    demo.fill(small_desk, tmp_path, "http://localhost:1")
    users = {user.username: user for user in demo._users(tmp_path)}
    with portal(small_desk, demo=True, data=tmp_path) as address:
        browser = Browser(address)
        answered = browser.post("/login", username="tessa", password=users["tessa"].password)
        identifier, question = challenge_on(browser.follow(answered).text)
        shown = browser.get("/demo/card").text
        assert question in shown
        for key in ("press", *users["tessa"].devices[0]["pin"], "OK", *question, "OK"):
            form = re.search(r'action="(/demo/card[^"]*)"', shown)
            state = re.search(r'id="card-state" value="([^"]*)"', shown)
            assert form
            assert state
            shown = browser.post(html.unescape(form[1]), key=key, state=state[1]).text
        display = re.search(r'id="card-display">\s*<span>(\d{8})</span>', shown)
        assert display
        done = browser.post("/login/factor", challenge=identifier, answer=display[1])
        assert done.status_code == 303
        assert browser.post("/demo/card", key="zzz", state="nonsense").status_code == 200


def test_there_is_no_card_outside_the_demonstration(browser: Browser) -> None:
    assert browser.get("/demo/card").status_code == 404
    assert browser.post("/demo/card", key="press").status_code == 404
