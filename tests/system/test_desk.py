"""The operator's console in the browser, by keyboard alone; a session that changes its address."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.system.conftest import Portal, start_portal, stop_portal
from tests.system.test_main_job import log_in

pytestmark = pytest.mark.browser

TABS = 60
"""No page of the console has more stops for the Tab key."""


def reach(page: Page, target: Locator) -> None:
    """Go on with the Tab key until the target has the focus."""
    expect(target).to_be_visible()
    for _stop in range(TABS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key does not reach {target}")


def press(page: Page, name: str, role: str = "link") -> None:
    """Reach a link or a button of the main part and press Enter."""
    found = page.get_by_role("main").get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
    reach(page, found)
    page.keyboard.press("Enter")


def test_a_device_is_locked_and_unlocked_by_keyboard_alone(
    browser_page: Page, portal: Portal, tmp_path: Path
) -> None:
    page = browser_page
    log_in(page, portal, portal.user("operator"), tmp_path)
    page.goto(f"{portal.address}/desk")
    reach(page, page.get_by_role("searchbox"))
    page.keyboard.type("bruno.savings")
    page.keyboard.press("Enter")
    press(page, "bruno.savings")
    for action, done, state in (
        ("Lock the device", "The device is locked", "Locked"),
        ("Unlock the device", "The device is unlocked", "Active"),
    ):
        reach(page, page.get_by_role("main").get_by_role("link", name=re.compile(action)).first)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(action)
        press(page, action, role="button")
        expect(page.get_by_role("alert")).to_contain_text("Choose why.")
        reach(page, page.get_by_role("radio").first)
        page.keyboard.press("Space")
        press(page, action, role="button")
        expect(page.get_by_role("main")).to_contain_text(done)
        expect(page.get_by_role("heading", level=3).first).to_contain_text(state)
    press(page, "The whole audit trail")
    expect(page.get_by_role("main")).to_contain_text("The holder asked for it")


def test_who_is_no_staff_sees_no_desk(browser_page: Page, portal: Portal, tmp_path: Path) -> None:
    log_in(browser_page, portal, portal.user("trader"), tmp_path)
    expect(browser_page.get_by_role("link", name="Desk", exact=True)).to_have_count(0)


def test_a_session_that_moves_says_why(browser_page: Page, tmp_path: Path) -> None:
    """Behind a proxy that names another address for every request, as a load balancer would."""
    moving = start_portal(
        tmp_path / "strict",
        "--demo",
        "--trusted-proxy",
        "127.0.0.0/8, ::1/128",
        env={"DESKSIDE_SESSION_ADDRESSES": "strict"},
    )
    try:
        browser_page.set_extra_http_headers({"x-forwarded-for": "192.0.2.7"})
        log_in(browser_page, moving, moving.user("trader"), tmp_path)
        browser_page.set_extra_http_headers({"x-forwarded-for": "198.51.100.9"})
        told = browser_page.goto(f"{moving.address}/account")
        assert told is not None
        expect(browser_page.get_by_role("heading", level=1)).to_have_text("Your session has ended")
        for words in ("192.0.2.7", "198.51.100.9", "load balancer", "deskside network test"):
            expect(browser_page.get_by_role("main")).to_contain_text(words)
        browser_page.get_by_role("main").get_by_role("link", name=re.compile("KB2816")).click()
        expect(browser_page).to_have_url(re.compile(r"/kb/2816#session-moved"))
        browser_page.goto(f"{moving.address}/login")
        expect(browser_page.get_by_role("heading", level=1)).to_contain_text("Log in")
    finally:
        stop_portal(moving)
