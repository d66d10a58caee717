"""Whoever is logged in changes the password with the present one, and with nothing less."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from deskside.directory.rules import PasswordRefused
from deskside.secure_login.lockout import LIMIT
from deskside.secure_login.service import LoginFailed
from deskside.secure_login.values import Origin
from deskside.web.model import Visitor
from tests.secure_login.browser import Browser, portal
from tests.secure_login.desk import PASSWORD, Desk

NEW = "four slow tortoises"


def logged_in(desk: Desk) -> tuple[str, Visitor]:
    token = desk.log_in("anna").token
    found: Any = desk.service.resolve(token)
    return token, found.visitor


def change(desk: Desk, visitor: Visitor, current: str, chosen: str) -> None:
    asyncio.run(desk.service.change_password(visitor, current, chosen, Origin()))


def test_the_new_one_works_the_old_one_not_and_other_sessions_end(desk: Desk) -> None:
    desk.person("anna", card=False)
    other = desk.log_in("anna").token
    token, visitor = logged_in(desk)
    change(desk, visitor, PASSWORD, NEW)
    assert desk.service.resolve(token)
    assert desk.service.resolve(other) is None
    with pytest.raises(LoginFailed):
        desk.begin("anna")
    assert desk.begin("anna", NEW).session
    assert any("password was changed" in subject for _to, subject, _body in desk.mails())


def test_not_without_the_present_one_and_guesses_count(desk: Desk) -> None:
    desk.person("anna", card=False)
    _token, visitor = logged_in(desk)
    for _time in range(LIMIT):
        with pytest.raises(LoginFailed):
            change(desk, visitor, "not the password", NEW)
    with pytest.raises(LoginFailed):
        change(desk, visitor, PASSWORD, NEW)
    with pytest.raises(LoginFailed):
        desk.begin("anna")


@pytest.mark.parametrize("chosen", ["", "short", "password1", "anna@example.org"])
def test_what_no_password_may_be(small_desk: Desk, chosen: str) -> None:
    small_desk.person("anna", card=False)
    _token, visitor = logged_in(small_desk)
    with pytest.raises(PasswordRefused):
        change(small_desk, visitor, PASSWORD, chosen)
    assert small_desk.begin("anna").session


def test_the_page(small_desk: Desk) -> None:
    small_desk.person("anna", card=False)
    token, _visitor = logged_in(small_desk)
    with portal(small_desk) as address:
        assert Browser(address).get("/account/password").status_code == 303
        browser = Browser(address, {"__Host-session": token})
        assert 'autocomplete="current-password"' in browser.get("/account/password").text
        for fields, told in (
            ({"current_password": "", "password": NEW}, "Enter your present password."),
            (
                {"current_password": "wrong one", "password": NEW},
                "This is not your present password.",
            ),
            ({"current_password": PASSWORD, "password": "x"}, "There is a problem"),
        ):
            answer = browser.post("/account/password", **fields)
            assert answer.status_code == 400
            assert told in answer.text
        done = browser.post("/account/password", current_password=PASSWORD, password=NEW)
    assert "Your password is changed" in done.text
