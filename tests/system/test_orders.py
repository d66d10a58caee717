"""A card is ordered, posted, reminded of, activated, lost, replaced and sent back, by keyboard."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.system.conftest import Portal, clean_page, run_deskside, start_portal, stop_portal
from tests.system.test_desk import press, reach
from tests.system.test_main_job import log_in, shown_challenge

pytestmark = pytest.mark.browser

ADDRESS = "Carla Neri\nVia Po 1\n10124 Torino\nItaly"
PIN, OTHER_PIN = "7391", "6184"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Portal]:
    """A portal that reminds as soon as a card is posted."""
    running = start_portal(tmp_path / "portal", "--demo", env={"DESKSIDE_DEVICES_REMIND": "14"})
    yield running
    stop_portal(running)


@pytest.fixture
def holder(chromium: Browser) -> Iterator[Page]:
    yield from clean_page(chromium.new_context(locale="en-GB", java_script_enabled=False))


@pytest.fixture
def operator(chromium: Browser) -> Iterator[Page]:
    yield from clean_page(chromium.new_context(locale="en-GB"))


def write(page: Page, label: str, text: str) -> None:
    """Reach a field and type into it."""
    field = page.get_by_label(label, exact=True)
    reach(page, field)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def log_in_by_codes(page: Page, portal: Portal, user: dict[str, Any], data: Path) -> None:
    page.goto(f"{portal.address}/login")
    page.get_by_label("User name").fill(user["username"])
    page.get_by_label("Password", exact=True).fill(user["password"])
    page.get_by_role("button", name="Continue").click()
    asked = page.locator(".ds-challenge__digits [aria-hidden]").all_inner_texts()
    file = user["devices"][0]["file"]
    question = ["--challenge", " ".join(asked)]
    answer = run_deskside("card", "respond", "--file", file, *question, data=data)
    page.locator("#answer").fill(answer.stdout.strip())
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")


def order(page: Page, pin: str, *, costs: str) -> None:
    """From the form to the confirmation; what it costs is read before it is confirmed."""
    write(page, "PIN", pin)
    write(page, "The same PIN again", pin)
    field = page.get_by_label("Postal address")
    if not field.input_value():
        reach(page, field)
        page.keyboard.insert_text(ADDRESS)
    press(page, "Continue", role="button")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your answers")
    expect(page.get_by_role("main")).to_contain_text(re.compile(rf"Fee\s*{costs}"))
    press(page, "Order the device", role="button")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your device is ordered")


def carry_out(page: Page, portal: Portal) -> str:
    """At the desk: the first order that waits gets a card and is posted; its serial number."""
    page.goto(f"{portal.address}/desk")
    press(page, "Orders and returns")
    waiting = page.get_by_role("main").get_by_role("link", name=re.compile("^Open"))
    reach(page, waiting.first)
    page.keyboard.press("Enter")
    press(page, "Assign", role="button")
    expect(page.get_by_role("heading", name="Post it")).to_be_visible()
    write(page, "Tracking number (optional)", "IT 12345")
    press(page, "It is posted", role="button")
    expect(page.get_by_role("main")).to_contain_text("Posted")
    found = re.search(r"\d{4}-\d{4}-\d{4}", page.get_by_role("main").inner_text())
    assert found
    return found[0]


def activate(page: Page, portal: Portal, serial: str, pin: str, data: Path) -> None:
    """On the device's page, with an answer of the card."""
    press(page, "Activate it with a code")
    file = portal.folder / "cards" / f"stock-{serial}.json"
    challenge = shown_challenge(page)
    arguments = ["--file", str(file), "--pin", pin, "--challenge", challenge]
    answer = run_deskside("card", "respond", *arguments, data=data)
    write(page, "Code", answer.stdout.strip())
    press(page, "Confirm", role="button")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your device is active")


def test_the_life_of_a_card(desk: Portal, holder: Page, operator: Page, tmp_path: Path) -> None:
    data = tmp_path / "data"
    log_in_by_codes(holder, desk, desk.named("carla"), data)
    log_in(operator, desk, desk.user("operator"), data)

    holder.goto(f"{desk.address}/account")
    press(holder, "Order a device; returns")
    expect(holder.get_by_role("heading", name="Before you start")).to_be_visible()
    press(holder, "Start Digital Security Card+")
    press(holder, "Continue", role="button")
    expect(holder.get_by_role("alert")).to_contain_text("There is a problem")
    order(holder, PIN, costs="none")
    press(holder, "Look at the order")
    expect(holder.get_by_role("heading", level=1)).to_contain_text("Ordered")
    first_order = holder.url
    serial = carry_out(operator, desk)

    reminded = run_deskside(
        "admin", "orders", "remind", "--data", str(desk.folder), "--json", data=data,
        env={"DESKSIDE_DEVICES_REMIND": "14"},
    )  # fmt: skip
    # The other one is of a temporary code of the demonstration.
    assert json.loads(reminded.stdout) == {"sent": 2}, reminded.stderr
    holder.goto(f"{desk.address}/account/events")
    expect(holder.get_by_role("main")).to_contain_text("A reminder about a security device")

    holder.goto(first_order)
    expect(holder.get_by_role("main")).to_contain_text("IT 12345")
    press(holder, "Go to the device")
    expect(holder.get_by_role("main")).to_contain_text(serial)
    activate(holder, desk, serial, PIN, data)

    holder.goto(first_order)
    press(holder, "Go to the device")
    press(holder, "I have lost it", role="button")
    press(holder, "Order a replacement")
    expect(holder.get_by_role("main")).to_contain_text(serial)
    order(holder, OTHER_PIN, costs="USD 20")
    press(holder, "Look at the order")
    expect(holder.get_by_role("heading", level=1)).to_contain_text("Ordered")
    second = carry_out(operator, desk)
    holder.reload()
    press(holder, "Go to the device")
    activate(holder, desk, second, OTHER_PIN, data)

    # Found after all: the old card goes back.
    holder.goto(first_order)
    press(holder, "Go to the device")
    press(holder, "Send the device back")
    press(holder, "Make the form", role="button")
    form = holder.get_by_role("link", name="Form to print (PDF)")
    printed = holder.request.get(f"{desk.address}{form.get_attribute('href')}")
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.body().startswith(b"%PDF-")
    operator.goto(f"{desk.address}/desk/orders")
    reach(operator, operator.get_by_role("button", name=re.compile("^Received")))
    operator.keyboard.press("Enter")
    expect(operator.get_by_role("main")).to_contain_text("booked in")
    holder.reload()
    expect(holder.get_by_role("main")).to_contain_text("Received")
