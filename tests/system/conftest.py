"""A real portal in a process of its own, and a real Chromium in front of it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

DESKSIDE = [str(Path(sys.executable).with_name("deskside"))]
START_UP = 30.0
UNLIMITED = {"DESKSIDE_LOGIN_PER_USER": "0", "DESKSIDE_LOGIN_PER_ADDRESS": "0"}
"""One user of the tests logs in more often than a person, all from one address; the limits have
tests of their own."""


def free_port() -> int:
    """A port that nobody listens on at present."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Portal:
    """A running portal with the demonstration desk."""

    address: str
    folder: Path
    process: subprocess.Popen[str]
    printed: str
    demo: dict[str, Any] = field(default_factory=dict)

    def user(self, role: str) -> dict[str, Any]:
        """The first demonstration user with a role."""
        return next(user for user in self.demo["users"] if role in user["roles"])

    def named(self, username: str) -> dict[str, Any]:
        """A demonstration user by name."""
        return next(user for user in self.demo["users"] if user["username"] == username)

    def card(self, user: dict[str, Any]) -> list[str]:
        """Options that point `deskside card respond` at a user's device."""
        device = user["devices"][0]
        return ["--file", device["file"], "--pin", device["pin"]]


def start_portal(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Portal:
    """Start `deskside serve` and wait until it says that it is ready."""
    port = free_port()
    command = [*DESKSIDE, "serve", "--listen", f"localhost:{port}", "--data", str(folder)]
    process = subprocess.Popen(
        [*command, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | UNLIMITED | (env or {}),
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl+C" in line:
            break
    else:
        raise AssertionError(f"the portal ended with {process.wait()}: {''.join(lines)}")
    address = f"http://localhost:{port}"
    with urllib.request.urlopen(f"{address}/readyz", timeout=START_UP) as answer:
        assert answer.status == 200
    portal = Portal(address, folder, process, "".join(lines))
    if (folder / "demo.json").exists():
        portal.demo = json.loads((folder / "demo.json").read_text())
    return portal


def stop_portal(portal: Portal) -> None:
    """End a portal the polite way; it must obey."""
    portal.process.terminate()
    portal.process.wait(timeout=15)
    assert portal.process.stdout is not None
    portal.process.stdout.close()


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The portal of the main job, shared by the tests of one worker."""
    running = start_portal(tmp_path_factory.mktemp("portal"), "--demo")
    yield running
    stop_portal(running)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless.

    Gone once the tests of this folder are: its event loop runs on in the thread of all tests, and
    `asyncio.run` elsewhere would refuse to start.
    """
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.fail("Chromium is missing: run `make system-deps`.", pytrace=False)
    arguments = [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(params=["scripted", "script-free"])
def scripts(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs JavaScript: the same test with and without."""
    return bool(request.param == "scripted")


@pytest.fixture
def browser_page(chromium: Browser, scripts: bool) -> Iterator[Page]:
    """A page in a browser of its own that complains of nothing."""
    context = chromium.new_context(java_script_enabled=scripts, locale="en-GB")
    yield from clean_page(context)


def clean_page(context: BrowserContext, allowed: str = "status of 4") -> Iterator[Page]:
    """A page whose console must stay free of errors (policy violations among them)."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    unexpected = [text for text in complaints if allowed not in text]
    assert not unexpected, unexpected


def run_deskside(
    *arguments: str, data: Path, stdin: str = "", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command as a person's computer would, with a data folder of its own."""
    return subprocess.run(
        [*DESKSIDE, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"DESKSIDE_DATA": str(data)} | (env or {}),
    )
