"""What single rows of the ASVS list promise and no other test shows by itself."""

from __future__ import annotations

import ast
import re
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from sqlalchemy import func, select

from deskside import secure_login
from deskside.directory.store import user_name
from deskside.foundation.clock import FrozenClock, SystemRandomness
from deskside.secure_login.events import SHOWN
from deskside.web.middleware import SESSION_COOKIE
from tests.secure_login.browser import Browser, portal
from tests.secure_login.desk import PASSWORD, Desk
from tests.secure_login.test_life import seen

FORMS = ("/login", "/account/password", "/account/share/owner")


@pytest.fixture
def browser(small_desk: Desk) -> Iterator[Browser]:
    small_desk.person("anna", card=False)
    with portal(small_desk) as address:
        yield Browser(address)


def logged_in(browser: Browser) -> Browser:
    browser.follow(browser.post("/login", username="anna", password=PASSWORD))
    return browser


def test_every_password_is_masked_and_may_be_pasted(browser: Browser) -> None:
    """6.2.6, 6.2.7: every field for a password, on every page that has one."""
    pages = [browser.get(FORMS[0]).text]
    logged_in(browser)
    pages += [browser.get(path).text for path in FORMS[1:]]
    fields = [
        field
        for page in pages
        for field in re.findall(r"<input[^>]*>", page)
        if re.search(r'name="[a-z_]*password"', field)
    ]
    assert len(fields) == 4
    for field in fields:
        assert 'type="password"' in field
        assert "autocomplete=" in field
        assert "onpaste" not in field


def test_a_password_never_expires(desk: Desk, clock: FrozenClock) -> None:
    """6.2.10."""
    desk.person("anna", card=False)
    clock.advance(timedelta(days=3650))
    assert desk.log_in("anna").token


def test_a_new_desk_has_no_accounts(desk: Desk) -> None:
    """6.3.2."""
    with desk.database.read() as connection:
        found = connection.execute(select(func.count()).select_from(user_name)).scalar_one()
    assert found == 0


OF_A_FACTOR = {
    *("device.bound", "device.activated", "device.lost", "device.parked", "device.sent-back"),
    *("device.pin-changed", "device.locked", "device.unlocked"),
    *("share.approved", "share.given", "share.cancelled"),
    *("directory.password-chosen", "directory.link-issued", "directory.user-name-enabled"),
}


def test_every_event_of_a_factor_is_a_notice(desk: Desk) -> None:
    """6.3.7: and the changes that people make themselves arrive as letters."""
    assert {name for name in OF_A_FACTOR if not SHOWN[name].notice} == set()
    user = desk.person("anna")
    card, lives = desk.service.list_devices()[0].id, desk.service.lives
    asked, sealed = lives.ask_for_pin(seen(user), card, "7391")
    answer = desk.respond("anna", asked.challenge.question, "7391")
    lives.change_pin(seen(user), card, asked.challenge.id, sealed, answer)
    lives.lose(seen(user), card)
    subjects = [subject for _to, subject, _body in desk.mails()]
    assert subjects[-2:] == [
        "The PIN of a security device was changed: anna",
        "A security device was reported lost: anna",
    ]


def test_chance_comes_from_the_operating_system() -> None:
    """6.5.3: nothing of the part knows another source, and ours is `secrets`."""
    folder = Path(secure_login.__file__).parent
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert "random" not in {alias.name for alias in node.names}, path
            if isinstance(node, ast.ImportFrom):
                assert node.module != "random", path
    chance = SystemRandomness()
    with mock.patch.object(secrets, "token_bytes", return_value=b"four") as drawn:
        assert chance.token_bytes(4) == b"four"
    assert drawn.call_count == 1
    with mock.patch.object(secrets, "randbelow", return_value=7) as drawn:
        assert chance.below(10) == 7
    assert drawn.call_count == 1


def test_each_log_in_has_a_token_of_its_own(browser: Browser, small_desk: Desk) -> None:
    """7.2.4: whatever the browser brought along."""
    planted = "A" * 43
    browser.cookies[SESSION_COOKIE] = planted
    tokens = [logged_in(browser).cookies[SESSION_COOKIE]]
    browser.cookies.pop(SESSION_COOKIE)
    tokens.append(logged_in(browser).cookies[SESSION_COOKIE])
    assert len({planted, *tokens}) == 3
    assert small_desk.service.resolve(planted) is None


@pytest.mark.parametrize("path", ["/", "/account", "/account/events", "/account/password"])
def test_no_page_of_a_session_is_kept_and_each_ends_it(browser: Browser, path: str) -> None:
    """7.4.1, 7.4.4: the *Back* button shows nothing, and every page logs out."""
    page = logged_in(browser).get(path)
    assert page.status_code == 200
    assert "no-store" in page.headers["cache-control"]
    assert re.search(r'<form[^>]*method="post"[^>]*action="/logout"', page.text)
    assert browser.post("/logout").status_code == 303
    assert browser.get("/account").headers["location"].startswith("/login")
