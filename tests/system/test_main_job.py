"""The main job, as a trader does it: log in, prove the network, get the settings back.

Walked in a real Chromium, with JavaScript and without, and in a terminal.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.system.conftest import Portal, run_deskside

pytestmark = pytest.mark.browser

SAMPLE = Path(__file__).parent.parent / "samples" / "ibg_2021_mit.xml"
PROFILE = "darykqabcdefghijklmnopabcdefghijklmnopab"


def digits(text: str) -> str:
    """The digits of a displayed code."""
    return re.sub(r"\D", "", text)


def enter_password(page: Page, portal: Portal, user: dict[str, str]) -> str:
    """Log in with the password; return the challenge that the page shows."""
    page.goto(f"{portal.address}/login")
    page.get_by_label("User name").fill(user["username"])
    page.get_by_label("Password", exact=True).fill(user["password"])
    page.get_by_role("button", name="Continue").click()
    return shown_challenge(page)


def shown_challenge(page: Page) -> str:
    """The challenge as eyes see it."""
    page.locator(".ds-challenge__digits").wait_for()
    challenge = "".join(page.locator(".ds-challenge__digits [aria-hidden]").all_inner_texts())
    assert re.fullmatch(r"[0-9]{6}", challenge)
    return challenge


def log_in(page: Page, portal: Portal, user: dict[str, str], data: Path) -> None:
    """Log in with the password and the response of `deskside card`."""
    challenge = enter_password(page, portal, user)
    card = run_deskside("card", "respond", *portal.card(user), "--challenge", challenge, data=data)
    response = card.stdout.strip()
    assert re.fullmatch(r"[0-9]{8}", response), card.stderr
    page.get_by_label("Response shown by your card").fill(f"{response[:4]} {response[4:]}")
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")


def test_log_in_home_log_out(browser_page: Page, portal: Portal, tmp_path: Path) -> None:
    user = portal.user("trader")
    log_in(browser_page, portal, user, tmp_path)
    for name in ("Connection test", "Workspace settings", "Knowledge base"):
        expect(browser_page.get_by_role("main").get_by_role("link", name=name)).to_be_visible()
    browser_page.locator("summary", has_text=re.compile("account", re.IGNORECASE)).first.click()
    browser_page.get_by_role("button", name="Log out").click()
    browser_page.goto(f"{portal.address}/settings")
    expect(browser_page).to_have_url(re.compile(r"/login"))


def test_wrong_pin_gives_a_wrong_response_and_a_new_challenge(
    browser_page: Page, portal: Portal, tmp_path: Path
) -> None:
    user = portal.user("reviewer")
    challenge = enter_password(browser_page, portal, user)
    device = user["devices"][0]
    wrong = "9999" if device["pin"] != "9999" else "9998"
    arguments = ["--file", device["file"], "--pin", wrong, "--challenge", challenge]
    response = run_deskside("card", "respond", *arguments, data=tmp_path).stdout.strip()
    browser_page.get_by_label("Response shown by your card").fill(response)
    browser_page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(browser_page.get_by_role("alert")).to_be_visible()
    expect(browser_page).to_have_title(re.compile("^Error:"))
    assert shown_challenge(browser_page) != challenge


def test_demonstration_card_in_the_browser(browser_page: Page, portal: Portal) -> None:
    user = portal.user("trader")
    challenge = enter_password(browser_page, portal, user)
    browser_page.get_by_role("main").get_by_role("link", name="Open the demonstration card").click()
    display = browser_page.locator("#card-display")
    keys = ["press", *user["devices"][0]["pin"], "OK", *challenge, "OK"]
    for key in keys:
        browser_page.locator(f'button[name="key"][value="{key}"]').click()
        browser_page.wait_for_load_state("networkidle")
    expect(display).to_have_text(re.compile(r"^\s*[0-9]{4}\s?[0-9]{4}\s*$"))
    response = digits(display.inner_text())
    browser_page.get_by_role("link", name="Back to the log-in").click()
    browser_page.get_by_label("Response shown by your card").fill(response)
    browser_page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(browser_page.get_by_role("heading", level=1)).to_contain_text("Welcome")


def test_connection_test_from_the_page(browser_page: Page, portal: Portal, tmp_path: Path) -> None:
    log_in(browser_page, portal, portal.user("trader"), tmp_path)
    browser_page.goto(f"{portal.address}/network")
    browser_page.get_by_role("main").get_by_role("button", name="Test").first.click()
    expect(browser_page.get_by_role("main")).to_contain_text("Success", timeout=20_000)


def test_settings_travel_through_the_portal(
    browser_page: Page, portal: Portal, tmp_path: Path
) -> None:
    data, jts = tmp_path / "data", tmp_path / "Jts"
    live = jts / PROFILE / "ibg.xml"
    live.parent.mkdir(parents=True)
    shutil.copy(SAMPLE, live)
    original = live.read_bytes()
    root = ["--root", str(jts), "--json"]

    first = json.loads(run_deskside("settings", "save", *root, data=data).stdout)
    assert first["changed"] is True
    live.write_bytes(original.replace(b'tipIndex="-1"', b'tipIndex="4"'))
    second = json.loads(run_deskside("settings", "save", *root, data=data).stdout)
    again = json.loads(run_deskside("settings", "save", *root, data=data).stdout)
    assert (second["changed"], again["changed"]) == (True, False)
    history = json.loads(run_deskside("settings", "history", *root, data=data).stdout)
    assert {first["snapshot"], second["snapshot"]} <= {s["id"] for s in history["snapshots"]}
    restored = run_deskside("settings", "restore", first["snapshot"], "--yes", *root, data=data)
    assert restored.returncode == 0, restored.stderr
    assert live.read_bytes() == original

    user = portal.user("trader")
    log_in(browser_page, portal, user, data)
    log_in_from_the_terminal(portal, user, data)
    pushed = run_deskside("settings", "push", *root, data=data)
    assert pushed.returncode == 0, pushed.stderr + pushed.stdout
    browser_page.goto(f"{portal.address}/settings")
    expect(browser_page.get_by_role("main")).to_contain_text("225")

    live.write_bytes(b"<Settings/>")
    pulled = run_deskside("settings", "pull", "--yes", *root, data=data)
    assert pulled.returncode == 0, pulled.stderr + pulled.stdout
    assert live.read_bytes() == original


def log_in_from_the_terminal(portal: Portal, user: dict[str, str], data: Path) -> None:
    """`deskside login`, typed by a person who also operates the card."""
    import os
    import subprocess

    from tests.system.conftest import DESKSIDE

    process = subprocess.Popen(
        [*DESKSIDE, "login", portal.address, "--user", user["username"]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=0,
        env=os.environ | {"DESKSIDE_DATA": str(data)},
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(user["password"] + "\n")
    process.stdin.flush()
    seen = ""
    while not (found := re.search(r"Challenge: (\d{6})", seen)):
        character = process.stderr.read(1)
        assert character, seen
        seen += character
    arguments = [*portal.card(user), "--challenge", found.group(1)]
    response = run_deskside("card", "respond", *arguments, data=data).stdout
    out, err = process.communicate(response, timeout=30)
    assert process.returncode == 0, err
    assert user["username"] in out
