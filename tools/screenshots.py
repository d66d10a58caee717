"""Takes the pictures of the README and the guides, from the product as it runs.

    make screenshots

A demonstration desk and a computer with a damaged settings file are made in a temporary folder;
Chromium and a pseudo-terminal are driven through the main job. Pictures go to `docs/images`:
`NAME-light.png` and `NAME-dark.png` (1280 wide), `NAME-phone.png` (390 wide), `NAME.svg`
(a terminal).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright
from terminal_picture import Answer, picture, run

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SAMPLE = ROOT / "tests" / "samples" / "ibg_2021_mit.xml"
DESKSIDE = Path(sys.executable).with_name("deskside")
USER_FOLDER = "dgmgqticxk"
LIVE = b'port="4002"', b'port="4001"'
"""The port that programs find live trading at, in the place of that for paper trading."""

LARGEST = 2_500_000
"""Bytes of all pictures together."""

WIDE, PHONE = (1280, 800), (390, 780)

Form = Literal["light", "dark", "phone"]


@dataclass(frozen=True, slots=True)
class Computer:
    """A trader's computer: a home with TWS settings, and commands run on it."""

    home: Path

    @property
    def settings(self) -> Path:
        """The settings file of the user."""
        return self.home / "Jts" / USER_FOLDER / "ibg.xml"

    @property
    def environment(self) -> dict[str, str]:
        """What commands run with: nothing of whoever takes the pictures."""
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL") if name in os.environ}
        path = f"{DESKSIDE.parent}{os.pathsep}{os.environ['PATH']}"
        return (
            {"LANG": "C.UTF-8", "TERM": "xterm-256color"}
            | kept
            | {
                "HOME": str(self.home),
                "PATH": path,
                "DESKSIDE_DATA": str(self.home / ".local/share/deskside"),
            }
        )

    def type(self, command: str, *answers: Answer) -> str:
        """Type a command into a terminal; what the screen shows then."""
        return run(["/bin/sh", "-c", command], self.environment, answers)

    def read(self, command: str) -> str:
        """What a command prints for a program."""
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def keep(self, command: str, name: str, *answers: Answer) -> None:
        """Type a command and keep a picture of it."""
        drawn = picture([(command, self.type(command, *answers))], str(self.home))
        (IMAGES / f"{name}.svg").write_text(drawn)


@dataclass(frozen=True, slots=True)
class Desk:
    """A running portal with the demonstration desk."""

    address: str
    users: list[dict[str, Any]]

    @property
    def trader(self) -> dict[str, Any]:
        """Who logs in on the pictures."""
        return next(user for user in self.users if "trader" in user["roles"])

    def respond(self, challenge: str) -> str:
        """What the trader's card answers."""
        device: dict[str, str] = self.trader["devices"][0]
        command = [str(DESKSIDE), "card", "respond", "--file", device["file"], "--pin", "-"]
        done = subprocess.run(
            [*command, "--challenge", challenge],
            input=device["pin"],
            capture_output=True,
            text=True,
            check=True,
        )
        return str(done.stdout).strip()


@contextmanager
def running(command: list[str], environment: dict[str, str], ready: str) -> Iterator[str]:
    """A server that runs until the end; yields what it printed until it was ready."""
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    printed = ""
    try:
        for line in process.stdout:
            printed += line
            if ready in line:
                break
        else:
            raise ChildProcessError(printed)
        yield printed
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


@contextmanager
def desk(computer: Computer) -> Iterator[Desk]:
    """The portal with its demonstration desk, in the folder that `make run` uses."""
    data = computer.home / ".local/share/deskside/demo"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    listen = f"localhost:{port}"
    command = [str(DESKSIDE), "serve", "--demo", "--listen", listen, "--data", str(data)]
    with running(command, computer.environment, "Ctrl+C"):
        with urlopen(f"http://{listen}/readyz", timeout=30):
            pass
        users = json.loads((data / "demo.json").read_text())["users"]
        yield Desk(f"http://{listen}", users)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        sys.exit("Chromium is missing: run `make system-deps`.")
    arguments = ["--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


def shoot(
    page: Page,
    name: str,
    *forms: Form,
    height: int = WIDE[1],
    at: str = "body",
) -> None:
    """Photograph a page as it stands, from the element `at` downwards."""
    for form in forms or ("light", "dark"):
        width, tall = PHONE if form == "phone" else (WIDE[0], height)
        page.set_viewport_size({"width": width, "height": tall})
        page.emulate_media(
            color_scheme="dark" if form == "dark" else "light", reduced_motion="reduce"
        )
        page.locator(at).evaluate(
            "place => scrollTo(0, place.getBoundingClientRect().top + scrollY - 24)"
        )
        page.screenshot(path=IMAGES / f"{name}-{form}.png")
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})


def fill_history(computer: Computer) -> None:
    """Three states of the settings, saved; then the file is damaged."""
    computer.settings.parent.mkdir(parents=True)
    content = SAMPLE.read_bytes()
    states = [
        ("first day at the new desk", content),
        ("four monitors", content.replace(b'tipIndex="-1"', b'tipIndex="4"').replace(*LIVE)),
        ("before the upgrade", content.replace(b'tipIndex="-1"', b'tipIndex="12"')),
    ]
    for note, state in states:
        computer.settings.write_bytes(state)
        computer.read(f'deskside settings save --root ~/Jts --note "{note}"')


def damage(computer: Computer) -> None:
    """Cut the settings file short, as a full disk does."""
    computer.settings.write_bytes(computer.settings.read_bytes()[:90_000])


def in_the_terminal(computer: Computer, place: Desk) -> None:
    """Card, log-in, connection test, settings and article, in a terminal."""
    user = place.trader
    file = Path(user["devices"][0]["file"])
    card = f"deskside card --file ~/{file.relative_to(computer.home)}"
    keys = ["p", *user["devices"][0]["pin"], "\r", *"482913", "\r", "q"]
    computer.keep(card, "terminal-card", *[("q quit", key) for key in keys])
    log_in(computer, place)
    computer.keep("deskside network test", "terminal-network-test")
    fill_history(computer)
    computer.keep("deskside settings history --root ~/Jts", "terminal-settings")
    computer.read("deskside settings push --root ~/Jts")
    damage(computer)
    computer.keep("deskside run KB2323 --root ~/Jts", "terminal-run", (r"\[y/N\]", "y\n"))


def log_in(computer: Computer, place: Desk) -> None:
    """`deskside login`, its challenge answered by the card."""
    process = subprocess.Popen(
        [str(DESKSIDE), "login", place.address, "--user", place.trader["username"]],
        env=computer.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(place.trader["password"] + "\n")
    said = ""
    while not (found := re.search(r"Challenge: (\d{6})\n", said)):
        if not (more := process.stderr.read(1)):
            raise ChildProcessError(said)
        said += more
    process.communicate(place.respond(found.group(1)) + "\n", timeout=30)


def in_the_browser(browser: Browser, place: Desk) -> None:
    """The portal: welcome, log-in with the card, home, connection test, history."""
    page = browser.new_context(locale="en-GB", timezone_id="UTC").new_page()
    page.goto(place.address)
    shoot(page, "welcome", "light")
    page.goto(f"{place.address}/login")
    page.get_by_label("User name").fill(place.trader["username"])
    page.get_by_label("Password", exact=True).fill(place.trader["password"])
    page.get_by_role("button", name="Continue").click()
    page.locator(".ds-challenge__digits").wait_for()
    shoot(page, "log-in", "light", "dark", "phone")
    digits = page.locator(".ds-challenge__digits [aria-hidden]").all_inner_texts()
    operate_card(page, place, "".join(digits))
    shoot(page, "home")
    page.goto(f"{place.address}/network")
    page.get_by_role("main").get_by_role("button", name="Test").first.click()
    page.get_by_text("Success").first.wait_for()
    shoot(page, "connection-test")
    page.goto(f"{place.address}/settings")
    shoot(page, "settings")


def operate_card(page: Page, place: Desk, challenge: str) -> None:
    """Press the keys of the card on the screen, and log in with its response."""
    page.get_by_role("main").get_by_role("link", name="Open the demonstration card").click()
    for key in ["press", *place.trader["devices"][0]["pin"], "OK", *challenge, "OK"]:
        page.locator(f'button[name="key"][value="{key}"]').click()
        page.wait_for_load_state("networkidle")
    shoot(page, "demo-card", "light", "phone", height=840)
    page.get_by_role("link", name="Back to the log-in").click()
    page.get_by_label("Response shown by your card").fill(place.respond(challenge))
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Welcome").wait_for()


def on_this_computer(browser: Browser, computer: Computer) -> None:
    """Local pages: an article run to its plan, carried out, and the settings."""
    damage(computer)
    command = [
        str(DESKSIDE),
        "open",
        "KB2323",
        "--no-browser",
        "--root",
        str(computer.home / "Jts"),
    ]
    with running(command, computer.environment, "http://") as printed:
        page = browser.new_context(locale="en-GB", timezone_id="UTC").new_page()
        page.goto(printed.split()[-1])
        page.get_by_role("button", name="Check now").click()
        page.get_by_role("button", name="Prepare").first.click()
        page.get_by_role("button", name="Carry out this plan").wait_for()
        shoot(page, "run-article", "light", "dark", "phone", height=1000, at="#run")
        page.get_by_role("button", name="Carry out this plan").click()
        page.get_by_role("button", name="Undo").first.wait_for()
        shoot(page, "run-verified", "light", at="#run")
        page.goto(page.url.split("/kb")[0] + "/settings")
        shoot(page, "settings-on-this-computer", "light")
        page.get_by_role("link", name="History").first.click()
        shoot(page, "settings-history", "light")
        page.get_by_role("link", name="What changed").nth(1).click()
        shoot(page, "settings-compare", "light")


def main() -> None:
    """Take all pictures, and say how large they are."""
    shutil.rmtree(IMAGES, ignore_errors=True)
    IMAGES.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="desk-") as folder:
        computer = Computer(Path(folder))
        with desk(computer) as place, chromium() as browser:
            in_the_terminal(computer, place)
            in_the_browser(browser, place)
            on_this_computer(browser, computer)
    sizes = {path.name: path.stat().st_size for path in sorted(IMAGES.iterdir())}
    for name, size in sizes.items():
        print(f"{size / 1000:8.1f} kB  {name}")
    total = sum(sizes.values())
    print(f"{total / 1000:8.1f} kB  all together")
    if total > LARGEST:
        sys.exit(f"The pictures have more than {LARGEST / 1e6} MB together.")


if __name__ == "__main__":
    main()
