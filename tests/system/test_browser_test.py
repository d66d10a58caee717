"""The connection test from the browser alone, in a real one, with ports that are really closed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.system.conftest import Portal, clean_page, free_port, start_portal, stop_portal
from tests.system.test_main_job import log_in

TABLE = "inet deskside_browser_test"


@pytest.fixture(scope="module")
def plain_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, plain_port: int) -> Iterator[Portal]:
    """A desk whose plain port is one that we know."""
    env = {
        "DESKSIDE_NETWORK_RESPONDER_PLAIN": f"127.0.0.1:{plain_port}",
        "DESKSIDE_NETWORK_RESPONDER_TLS": f"127.0.0.1:{free_port()}",
    }
    running = start_portal(tmp_path_factory.mktemp("desk"), "--demo", env=env)
    yield running
    stop_portal(running)


@pytest.fixture
def page(chromium: Browser, desk: Portal, tmp_path: Path) -> Iterator[Page]:
    """The page, opened by somebody who is logged in."""
    context = chromium.new_context(locale="en-GB")
    for opened in clean_page(context, allowed="WebSocket connection"):
        log_in(opened, desk, desk.user("trader"), tmp_path)
        opened.goto(f"{desk.address}/network")
        opened.get_by_role("link", name="Test from this browser").click()
        yield opened


@contextmanager
def firewall(port: int, verdict: str) -> Iterator[None]:
    """The computer's own firewall in front of one port of the loopback."""
    rules = f"""
        table {TABLE} {{ chain input {{
            type filter hook input priority 0
            tcp dport {port} {verdict}
        }}
        }}
    """
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "table", *TABLE.split()], check=True)


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row", name=name)


def start(page: Page) -> None:
    page.get_by_role("button", name="Start the test").click()


def test_all_that_a_browser_can_see(page: Page, plain_port: int) -> None:
    expect(row(page, "This portal, as a web page")).to_contain_text("Not tested")
    start(page)
    expect(page.get_by_role("status")).to_contain_text("Nothing is wrong as far as a browser")
    expect(row(page, "This portal, as a web page")).to_contain_text("OK")
    expect(row(page, "How long answers take")).to_contain_text("ms in the middle of 10 answers")
    expect(row(page, f"Port {plain_port}, plain")).to_contain_text("with its signature")
    encrypted = row(page, "encrypted")
    expect(encrypted).to_contain_text("Unknown")
    expect(encrypted).to_contain_text("does not know the desk’s own certificate")
    expect(row(page, "Addresses that you leave by")).to_contain_text("7 connections came from")


def test_a_port_that_refuses(page: Page, plain_port: int) -> None:
    with firewall(plain_port, "reject with tcp reset"):
        start(page)
        expect(page.get_by_role("status")).to_contain_text("Something is not right")
    refused = row(page, f"Port {plain_port}, plain")
    expect(refused).to_contain_text("Problem")
    refused.get_by_role("link", name="Read article KB2816").click()
    expect(page).to_have_url(f"{page.url.split('/kb')[0]}/kb/2816#port-reset")


def test_a_port_that_swallows(page: Page, plain_port: int) -> None:
    with firewall(plain_port, "drop"):
        page.clock.install()
        start(page)
        expect(row(page, "encrypted")).to_contain_text("Unknown")
        page.clock.fast_forward(11_000)
        expect(page.get_by_role("status")).to_contain_text("Something is not right")
    expect(row(page, f"Port {plain_port}, plain")).to_contain_text("swallows the connection")


def test_something_else_answers(page: Page, plain_port: int) -> None:
    page.route_web_socket(
        f"ws://127.0.0.1:{plain_port}/**", lambda socket: socket.send("deskside 1 good enough")
    )
    page.reload()
    start(page)
    expect(row(page, f"Port {plain_port}, plain")).to_contain_text("in the desk’s place")


def test_without_javascript_it_says_what_to_do(
    chromium: Browser, desk: Portal, tmp_path: Path
) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    for page in clean_page(context):
        log_in(page, desk, desk.user("trader"), tmp_path)
        page.goto(f"{desk.address}/network/browser")
        expect(page.get_by_text("needs JavaScript")).to_be_visible()
        expect(page.get_by_text("deskside network test --catalogue")).to_be_visible()
        expect(page.get_by_role("button", name="Start the test")).to_be_hidden()
