"""Logging in and adding what proves who one is, by the keys alone: Tab, Enter and typing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from deskside.foundation.clock import SystemClock
from deskside.secure_login.authenticators.clocked import ClockedSecret
from tests.system.conftest import Portal, run_deskside
from tests.system.test_desk import press, reach
from tests.system.test_main_job import shown_challenge

pytestmark = pytest.mark.browser


def type_into(page: Page, label: str, text: str) -> None:
    """Reach a field and type."""
    reach(page, page.get_by_label(label, exact=True))
    page.keyboard.type(text)


def enter(page: Page, portal: Portal, user: dict[str, Any], data: Path) -> None:
    """Log in."""
    page.goto(f"{portal.address}/login")
    type_into(page, "User name", user["username"])
    type_into(page, "Password", user["password"])
    page.keyboard.press("Enter")
    challenge = shown_challenge(page)
    card = run_deskside("card", "respond", *portal.card(user), "--challenge", challenge, data=data)
    type_into(page, "Response shown by your card", card.stdout.strip())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")


def add(page: Page, portal: Portal, kind: str) -> None:
    """From the account to a new device."""
    page.goto(f"{portal.address}/account")
    press(page, "Add a device")
    reach(page, page.locator("form", has_text=kind).get_by_role("button"))
    page.keyboard.press("Enter")


def test_an_app_and_recovery_codes(browser_page: Page, portal: Portal, tmp_path: Path) -> None:
    page, main = browser_page, browser_page.get_by_role("main")
    enter(page, portal, portal.named("alba"), tmp_path)
    add(page, portal, "Authenticator app")
    expect(main.get_by_role("img").first).to_be_visible()
    key = main.get_by_text(re.compile(r"^([A-Z2-7]{4} ?)+$")).inner_text()
    assert key.replace(" ", "") in str(main.get_by_role("link", name="Open").get_attribute("href"))
    type_into(page, "Code", "12")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("too short")
    secret = ClockedSecret.from_document(
        {"kind": "totp", "serial": "", "key": from_base32(key), "algorithm": "SHA1"}
        | {"digits": "6", "step": "30"}
    )
    type_into(page, "Code", secret.code(SystemClock().now()))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your device is active")

    add(page, portal, "Recovery codes")
    expect(main.locator("ol.ds-mono > li")).to_have_count(10)
    press(page, "I have saved them")
    expect(page.locator("#devices")).to_contain_text("Recovery codes")


def from_base32(text: str) -> str:
    """The key of an app in hexadecimal."""
    import base64

    plain = text.replace(" ", "")
    return base64.b32decode(plain + "=" * (-len(plain) % 8)).hex()
