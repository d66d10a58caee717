"""A person makes a Security Code Card in the browser, by keyboard alone, and reports one lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.system.conftest import Portal
from tests.system.test_desk import press, reach
from tests.system.test_main_job import log_in

pytestmark = pytest.mark.browser


def test_a_code_card_by_keyboard_alone(browser_page: Page, portal: Portal, tmp_path: Path) -> None:
    page = browser_page
    user = portal.named("alba")
    log_in(page, portal, user, tmp_path)
    page.goto(f"{portal.address}/account")
    press(page, "Add a device")
    choice = page.locator("form", has_text="Security Code Card").get_by_role("button")
    reach(page, choice)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Security Code Card")
    codes = dict(re.findall(r"\b(\d{3})\s(\w{3})\b", page.get_by_role("main").inner_text()))
    assert len(codes) == 224

    field = page.get_by_label("Code", exact=True)
    reach(page, field)
    page.keyboard.type("A3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("too short")
    asked = page.locator(".ds-challenge").get_by_text(re.compile(r"^\d{3}$")).all_inner_texts()
    reach(page, page.get_by_label("Code", exact=True))
    page.keyboard.type(" ".join(codes[index] for index in asked[:2]).lower())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your device is active")

    press(page, "Your account")
    expect(page.locator("#devices")).to_contain_text("Security Code Card")
    found = page.locator("#devices li", has_text="Security Code Card").get_by_role("link")
    reach(page, found)
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("222 of 224")
    press(page, "I have lost it", role="button")
    expect(page.get_by_role("main")).to_contain_text("The device is reported lost")
