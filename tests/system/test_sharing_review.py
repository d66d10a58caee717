"""The compliance review in the browser, verifying one's identity, and sharing by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.system.conftest import Portal, clean_page, run_deskside, start_portal, stop_portal
from tests.system.keyboard import Keyboard
from tests.system.test_main_job import log_in, shown_challenge
from tests.system.test_sharing import prove_the_device

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def careful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A desk where two reviewers must approve."""
    folder = tmp_path_factory.mktemp("careful")
    running = start_portal(folder, "--demo", env={"DESKSIDE_SHARING_SECOND_PERSON": "true"})
    yield running
    stop_portal(running)


@pytest.fixture(scope="module")
def wary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A desk where no log-in counts as a verification."""
    folder = tmp_path_factory.mktemp("wary")
    running = start_portal(folder, "--demo", env={"DESKSIDE_STEPUP_AFTER_LOG_IN": "0 s"})
    yield running
    stop_portal(running)


@pytest.fixture
def pages(chromium: Browser) -> Iterator[Page]:
    yield from clean_page(chromium.new_context(locale="en-GB"))


def ask_for_review(page: Page, portal: Portal, name: str, data: Path) -> str:
    """Somebody whose name differs asks for Greta's card; the reference."""
    log_in(page, portal, portal.named(name), data)
    prove_the_device(page, portal, portal.named("greta"), data)
    page.get_by_role("button", name="Share the device").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Your request is in review")
    return main.locator(".govuk-panel__body strong").inner_text()


def decide(
    page: Page, portal: Portal, reviewer: str, reference: str, decision: str, data: Path
) -> None:
    """A reviewer opens the request, looks at the evidence and decides."""
    page.context.clear_cookies()
    log_in(page, portal, portal.named(reviewer), data)
    page.goto(f"{portal.address}/desk/reviews")
    page.get_by_role("listitem").filter(has_text=reference).get_by_role("link").first.click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Greta Lang")
    expect(main).to_contain_text("Names differ")
    page.get_by_label(decision, exact=True).check()
    page.get_by_label("Reason").fill("Marriage certificate looked at")
    page.get_by_role("button", name="Decide", exact=True).click()


def state_of(page: Page, portal: Portal, name: str, reference: str, data: Path) -> str:
    """What the requester's own page says of the request."""
    page.context.clear_cookies()
    user = portal.named(name)
    log_in(page, portal, user, data)
    page.goto(f"{portal.address}/account/share")
    return page.get_by_role("listitem").filter(has_text=reference).inner_text()


def expect_event(page: Page, portal: Portal, words: str) -> None:
    """What the requester reads among the own security events; by e-mail as well."""
    page.goto(f"{portal.address}/account/events")
    expect(page.get_by_role("main")).to_contain_text(words)


def test_two_reviewers_approve_and_the_requester_is_told(
    pages: Page, careful: Portal, tmp_path: Path
) -> None:
    page = pages
    reference = ask_for_review(page, careful, "greta.lang", tmp_path)
    decide(page, careful, "renata", reference, "Approve", tmp_path)
    # One is not enough, and the same one does not count twice.
    page.goto(f"{careful.address}/desk/reviews")
    page.get_by_role("listitem").filter(has_text=reference).get_by_role("link").first.click()
    expect(page.get_by_role("main")).to_contain_text("1/2")
    page.get_by_label("Approve", exact=True).check()
    page.get_by_label("Reason").fill("Once more")
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("decided on this request already")
    decide(page, careful, "rupert", reference, "Approve", tmp_path)
    page.context.clear_cookies()
    greta = careful.named("greta")
    shared = {**careful.named("greta.lang"), "devices": greta["devices"]}
    log_in(page, careful, shared, tmp_path)
    page.goto(f"{careful.address}/account/share")
    row = page.get_by_role("listitem").filter(has_text=reference)
    expect(row).to_contain_text("Shared")
    expect_event(page, careful, "The sharing of a device was approved")


def test_a_reviewer_declines_and_nothing_changes(
    pages: Page, careful: Portal, tmp_path: Path
) -> None:
    reference = ask_for_review(pages, careful, "greta.savings", tmp_path)
    decide(pages, careful, "renata", reference, "Reject", tmp_path)
    assert "Not approved" in state_of(pages, careful, "greta.savings", reference, tmp_path)
    expect_event(pages, careful, "The sharing of a device was not approved")


def test_whoever_is_no_reviewer_sees_no_request(
    pages: Page, careful: Portal, tmp_path: Path
) -> None:
    log_in(pages, careful, careful.named("tessa"), tmp_path)
    answer = pages.goto(f"{careful.address}/desk/reviews")
    assert answer is not None
    assert answer.status == 403


def test_sharing_by_keyboard_alone(pages: Page, portal: Portal, tmp_path: Path) -> None:
    page, keys = pages, Keyboard(pages)
    page.goto(f"{portal.address}/login")
    user, owner = portal.named("alba.savings"), portal.named("alba")
    keys.fill("User name", user["username"])
    keys.fill("Password", user["password"])
    keys.press("Continue")
    keys.fill("Response shown by your card", respond(page, portal, user, tmp_path))
    keys.press("Log in", role="button")
    page.goto(f"{portal.address}/account")
    keys.press("Share a security device")
    keys.press("Start")
    keys.fill("Owner's user name", owner["username"])
    keys.fill("Owner's password", owner["password"])
    keys.press("Continue")
    keys.fill("Code that the device shows", respond(page, portal, owner, tmp_path))
    keys.press("Continue")
    keys.press("Share the device")
    expect(page.get_by_role("main")).to_contain_text("The device is shared")
    page.goto(f"{portal.address}/account/share")
    keys.press("Cancel")
    keys.press("Cancel the sharing", role="button")
    expect(page).to_have_url(f"{portal.address}/account/share")


def test_verifying_ones_identity(browser_page: Page, wary: Portal, tmp_path: Path) -> None:
    page, user = browser_page, wary.named("tessa")
    log_in(page, wary, user, tmp_path)
    page.goto(f"{wary.address}/account/password")
    expect(page.get_by_role("heading", level=1)).to_have_text("Verify your identity")
    prove(page, wary, user, tmp_path)
    expect(page).to_have_url(f"{wary.address}/account/password")


def test_what_was_entered_goes_on_after_verifying(
    browser_page: Page, wary: Portal, tmp_path: Path
) -> None:
    """The form was open in another tab, and another task has used the proof up meanwhile."""
    page, user = browser_page, wary.named("dario")
    log_in(page, wary, user, tmp_path)
    page.goto(f"{wary.address}/account/devices/new")
    prove(page, wary, user, tmp_path)
    other = page.context.new_page()
    other.goto(f"{wary.address}/account/devices/new")
    add(other, "Recovery codes")
    expect(other.get_by_role("main")).to_contain_text("This is shown only now")
    add(page, "Security Code Card")
    expect(page.get_by_role("heading", level=1)).to_have_text("Verify your identity")
    prove(page, wary, user, tmp_path)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your identity is verified")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Security Code Card")


def add(page: Page, kind: str) -> None:
    """Choose a kind of device on the page that offers them."""
    heading = page.get_by_role("heading", name=kind, exact=True)
    page.locator("form").filter(has=heading).get_by_role("button").click()


def respond(page: Page, portal: Portal, user: dict[str, Any], data: Path) -> str:
    """What a person's card shows for the challenge on the page."""
    challenge = shown_challenge(page)
    card = run_deskside("card", "respond", *portal.card(user), "--challenge", challenge, data=data)
    return card.stdout.strip()


def prove(page: Page, portal: Portal, user: dict[str, Any], data: Path) -> None:
    """Answer on the page *Verify your identity*."""
    page.get_by_label("Code that the device shows").fill(respond(page, portal, user, data))
    page.get_by_role("button", name="Continue").click()
