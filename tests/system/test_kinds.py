"""Every kind of device in the browser: each lets its holder in, the one used last is asked first; a
forgotten PIN, and the way from a lost card over a temporary code to an online card and back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.system.conftest import Portal, run_deskside
from tests.system.test_main_job import log_in, shown_challenge

pytestmark = pytest.mark.browser

REASON = "The holder asked for it, and I checked who they are"


def password(page: Page, portal: Portal, user: dict[str, Any]) -> None:
    page.goto(f"{portal.address}/login")
    page.get_by_label("User name").fill(user["username"])
    page.get_by_label("Password", exact=True).fill(user["password"])
    page.get_by_role("button", name="Continue").click()


def asked(page: Page) -> str:
    """The device that is asked, by its name."""
    told = page.get_by_role("main").get_by_text(re.compile(r"^Device: ")).inner_text()
    return told.removeprefix("Device: ")


def answer(page: Page, device: dict[str, Any], data: Path) -> None:
    """What the device says to the question on the page; some kinds are asked none."""
    shown = page.locator(".ds-challenge__digits [aria-hidden]").all_inner_texts()
    arguments = ["--file", device["file"]]
    if device["pin"]:
        arguments += ["--pin", device["pin"]]
    if shown:
        arguments += ["--challenge", ("" if device["kind"] == "dsc-plus" else " ").join(shown)]
    said = run_deskside("card", "respond", *arguments, data=data)
    page.locator("#answer").fill(said.stdout.strip())
    page.get_by_role("main").locator("form button[type=submit]").first.click()


NAMES = {
    "recovery-code": "Recovery codes",
    "code-card": "Security Code Card",
    "totp": "Authenticator app",
    "dsc-time": "Digital Security Card",
    "dsc-plus": "Digital Security Card+",
}


def test_each_kind_lets_its_holder_in_and_the_last_one_is_asked_first(
    browser_page: Page, portal: Portal, tmp_path: Path, *, scripts: bool
) -> None:
    user = portal.named("dario")
    kinds = {device["kind"]: device for device in user["devices"]}
    assert set(kinds) == set(NAMES)
    # Codes of the moment and recovery codes work once: with and without scripts, other kinds.
    order = (
        ["code-card", "totp", "dsc-plus"] if scripts else ["recovery-code", "code-card", "dsc-time"]
    )
    before = ""
    for kind in order:
        password(browser_page, portal, user)
        if before:
            assert asked(browser_page) == NAMES[before]
        if asked(browser_page) != NAMES[kind]:
            browser_page.get_by_role("button", name=NAMES[kind], exact=True).click()
        assert asked(browser_page) == NAMES[kind]
        answer(browser_page, kinds[kind], tmp_path)
        expect(browser_page.get_by_role("heading", level=1)).to_contain_text("Welcome")
        browser_page.context.clear_cookies()
        before = kind


def test_a_forgotten_pin(browser_page: Page, portal: Portal, tmp_path: Path) -> None:
    """Chosen anew in the portal alone, and proved by a response that was made with it."""
    page, user = browser_page, portal.named("brera")
    device = user["devices"][0]
    chosen = "8264" if device["pin"] == "7391" else "7391"
    log_in(page, portal, user, tmp_path)
    page.goto(f"{portal.address}/account")
    page.get_by_role("link", name="Manage").first.click()
    page.get_by_role("link", name="Change the PIN").click()
    for pin in ("1234", chosen):
        page.get_by_label("New PIN", exact=True).fill(pin)
        page.get_by_label("The same PIN again").fill(pin)
        page.get_by_role("button", name="Continue").click()
        if pin == "1234":
            expect(page.get_by_role("alert")).to_contain_text("run of digits")
    page.wait_for_selector(".ds-challenge__digits")
    answer(page, device | {"pin": chosen}, tmp_path)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your PIN is changed")
    page.context.clear_cookies()
    try:
        password(page, portal, user)
        answer(page, device, tmp_path)
        expect(page.get_by_role("alert")).to_contain_text("not accepted")
        answer(page, device | {"pin": chosen}, tmp_path)
        expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")
    finally:
        device["pin"] = chosen


def temporary_code(page: Page, portal: Portal, name: str, data: Path) -> str:
    """As the helpdesk gives it; a second one in a row is refused."""
    main = page.get_by_role("main")
    log_in(page, portal, portal.user("helpdesk"), data)
    for _time in range(2):
        page.goto(f"{portal.address}/desk/people/{name}/temporary-code")
        page.get_by_label(REASON).check()
        page.get_by_role("button", name="Give a temporary code").click()
        if not _time:
            code = re.search(r"\b[A-Z0-9]{8,}\b", main.inner_text())
    expect(main).to_contain_text("no lasting device since")
    page.context.clear_cookies()
    assert code
    return code[0]


def print_online_card(page: Page, portal: Portal) -> dict[str, str]:
    """With a temporary code nothing else can be made; its codes by their index numbers."""
    main = page.get_by_role("main")
    page.goto(f"{portal.address}/account/devices/new")
    expect(main.get_by_role("button")).to_have_count(1)
    page.get_by_role("button", name="Continue").click()
    codes = dict(re.findall(r"\b(\d{3})\s(\w{3})\b", main.inner_text()))
    assert len(codes) == 224
    type_codes(page, codes)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your device is active")
    expect(main).to_contain_text("It is good until")
    page.context.clear_cookies()
    return codes


def type_codes(page: Page, codes: dict[str, str]) -> None:
    indices = page.locator(".ds-challenge__digits [aria-hidden]").all_inner_texts()
    page.locator("#answer").fill("".join(codes[index] for index in indices))
    page.locator("#answer").press("Enter")


def test_lost_bridged_and_found_again(
    browser_page: Page, portal: Portal, tmp_path: Path, *, scripts: bool
) -> None:
    """Lost, a temporary code by telephone, an online card for the time; the card is found."""
    page, main = browser_page, browser_page.get_by_role("main")
    user = portal.named("bruno.savings" if scripts else "alba.savings")
    log_in(page, portal, user, tmp_path)
    page.goto(f"{portal.address}/account")
    page.get_by_role("link", name="Manage").first.click()
    card = page.url
    page.get_by_role("button", name="I have lost it").click()
    if page.get_by_label("Your password", exact=True).count():
        page.get_by_label("Your password", exact=True).fill(user["password"])
        page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("reported lost")
    page.context.clear_cookies()
    password(page, portal, user)
    expect(page.get_by_role("alert")).to_contain_text("failed")

    code = temporary_code(page, portal, user["username"], tmp_path)
    password(page, portal, user)
    page.locator("#answer").fill(code.lower())
    page.locator("#answer").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("#answer").fill(code)
    page.locator("#answer").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")
    codes = print_online_card(page, portal)

    password(page, portal, user)
    if asked(page) != "Online Security Code Card":
        page.get_by_role("button", name="Online Security Code Card").click()
    type_codes(page, codes)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")
    page.goto(card)
    expect(main).to_contain_text("Compare its serial number")
    page.get_by_role("link", name="Activate it with a code").click()
    shown_challenge(page)
    answer(page, user["devices"][0], tmp_path)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your device is active")
    page.goto(f"{portal.address}/account")
    expect(page.locator("#devices .ds-device")).to_have_count(1)
