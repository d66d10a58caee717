"""Sharing a device step by step in the browser, as article 2481 describes it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.system.conftest import Portal, run_deskside
from tests.system.test_main_job import log_in, shown_challenge

pytestmark = pytest.mark.browser


def prove_the_device(page: Page, portal: Portal, owner: dict[str, Any], data: Path) -> None:
    """From the first page to the answer of the owner's device."""
    page.goto(f"{portal.address}/account")
    page.get_by_role("link", name="Share a security device").click()
    expect(page.get_by_role("main")).to_contain_text("Before you start")
    page.get_by_role("link", name="Start", exact=True).click()
    page.get_by_label("Owner's user name").fill(owner["username"])
    page.get_by_label("Owner's password").fill(owner["password"])
    page.get_by_role("button", name="Continue").click()
    challenge = shown_challenge(page)
    card = run_deskside("card", "respond", *portal.card(owner), "--challenge", challenge, data=data)
    page.get_by_label("Code that the device shows").fill(card.stdout.strip())
    page.get_by_role("button", name="Continue").click()


def test_a_device_is_shared_and_the_sharing_cancelled(
    browser_page: Page, portal: Portal, tmp_path: Path
) -> None:
    page, main = browser_page, browser_page.get_by_role("main")
    log_in(page, portal, portal.named("alba.savings"), tmp_path)
    prove_the_device(page, portal, portal.named("alba"), tmp_path)
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your answers")
    expect(main).to_contain_text("alba.savings")
    page.get_by_role("button", name="Share the device").click()
    expect(main).to_contain_text(re.compile("reference", re.IGNORECASE))

    page.goto(f"{portal.address}/account/share")
    page.get_by_role("link", name="Cancel").first.click()
    page.get_by_role("button", name="Cancel the sharing").click()
    expect(page).to_have_url(f"{portal.address}/account/share")
    expect(page.get_by_role("link", name="Cancel")).to_have_count(0)


def test_different_persons_cannot_share(browser_page: Page, portal: Portal, tmp_path: Path) -> None:
    page = browser_page
    log_in(page, portal, portal.named("bruno.savings"), tmp_path)
    prove_the_device(page, portal, portal.named("bruno"), tmp_path)
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "Different identification information"
    )
    expect(page.get_by_role("main")).to_contain_text("an old document may be on record")


def test_a_wrong_password_of_the_owner_tells_nothing(
    browser_page: Page, portal: Portal, tmp_path: Path
) -> None:
    page = browser_page
    log_in(page, portal, portal.named("bruno.savings"), tmp_path)
    said = []
    for name in ("alba", "nobody.at.all"):
        page.goto(f"{portal.address}/account/share/owner")
        page.get_by_label("Owner's user name").fill(name)
        page.get_by_label("Owner's password").fill("not the password")
        page.get_by_role("button", name="Continue").click()
        said.append(page.get_by_role("alert").inner_text())
    assert said[0] == said[1]
