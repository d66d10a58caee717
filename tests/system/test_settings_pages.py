"""Settings in the browser, with scripts and without: on this computer, and by way of the portal."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.system.conftest import DESKSIDE, Portal, run_deskside
from tests.system.test_main_job import log_in, log_in_from_the_terminal

pytestmark = pytest.mark.browser

SAMPLE = Path(__file__).parent.parent / "samples" / "ibg_2021_mit.xml"
CONTENT = SAMPLE.read_bytes()
OPENED = CONTENT.replace(b'allowOnlyLocalhost="true"', b'allowOnlyLocalhost="false"')
TIP = b'tipIndex="-1"', b'tipIndex="4"'
MINE = "darykqabcdefghijklmnopabcdefghijklmnopab"
PAPER = "pcknblabcdefghijklmnopabcdefghijklmnopab"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def root(tmp_path: Path) -> list[str]:
    return ["--root", str(tmp_path / "Jts"), "--user", MINE, "--json"]


@pytest.fixture
def live(tmp_path: Path, data: Path, root: list[str]) -> Path:
    """A settings file with two snapshots: one with the API open to the network, then closed."""
    path = tmp_path / "Jts" / MINE / "ibg.xml"
    path.parent.mkdir(parents=True)
    for note, content in (("opened", OPENED), ("closed", CONTENT)):
        path.write_bytes(content)
        saved = run_deskside("settings", "save", *root, "--note", note, data=data)
        assert saved.returncode == 0, saved.stderr
    path.write_bytes(CONTENT.replace(*TIP))
    return path


@pytest.fixture
def paper(live: Path) -> Path:
    """Settings of another user of the same computer."""
    path = live.parent.parent / PAPER / "ibg.xml"
    path.parent.mkdir()
    shutil.copy(SAMPLE, path)
    return path


@pytest.fixture
def opened(live: Path, data: Path) -> Iterator[str]:
    """`deskside open`, and the address that it prints; it ends after the browser."""
    command = [*DESKSIDE, "open", "--no-browser", "--root", str(live.parent.parent), "--json"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"DESKSIDE_DATA": str(data)}
    )
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if line.startswith("}"):
            break
    yield json.loads(printed)["url"]
    process.terminate()
    process.wait(timeout=15)
    process.stdout.close()


def settings_of(page: Page, address: str) -> None:
    """Open the settings of this computer."""
    page.goto(address)
    page.goto(re.sub(r"/(\?.*)?$|/\?.*$", "", address) + "/settings")


def test_compare_restore_one_part_undo_and_pin(opened: str, browser_page: Page, live: Path) -> None:
    page, main = browser_page, browser_page.get_by_role("main")
    settings_of(page, opened)
    expect(main).to_contain_text("changed since the latest snapshot")
    page.get_by_role("link", name="What changed since").click()
    expect(main).to_contain_text("1 difference.")
    page.get_by_label("Part").select_option("API settings")
    page.get_by_role("button", name="Show").click()
    expect(main).to_contain_text("No difference.")
    page.get_by_role("link", name="Choose two others").click()
    page.get_by_role("button", name="Compare").click()
    expect(main).to_contain_text("Bears on safety")
    page.get_by_role("link", name="Restore the one before").click()
    page.get_by_label("API settings").check()
    page.get_by_role("button", name="See what that does").click()
    expect(main).to_contain_text("Look at this first")
    expect(main).to_contain_text("Any computer that reaches this one")
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(main).to_contain_text("Restored.")
    assert live.read_bytes() == OPENED.replace(*TIP)
    page.get_by_role("button", name="Undo the restore").click()
    expect(main).to_contain_text("Taken back")
    assert live.read_bytes() == CONTENT.replace(*TIP)
    page.get_by_text("More").last.click()
    page.get_by_role("button", name="Pin: keep for ever").last.click()
    expect(main).to_contain_text("pinned")


def test_transfer_to_another_user(opened: str, paper: Path, browser_page: Page, live: Path) -> None:
    page, main = browser_page, browser_page.get_by_role("main")
    settings_of(page, opened)
    page.get_by_role("link", name="Transfer settings").click()
    page.get_by_role("group", name="Whose settings?").get_by_label("IB Gateway").first.check()
    page.get_by_role("group", name="For whom?").get_by_label("IB Gateway").nth(1).check()
    page.get_by_role("button", name="Continue").click()
    expect(main).to_contain_text("What becomes of it?")
    page.get_by_label("What becomes of it?").last.select_option("copy")
    page.get_by_role("button", name="See the plan").click()
    expect(main).to_contain_text(str(paper))
    assert paper.read_bytes() == CONTENT
    page.get_by_role("button", name="Transfer", exact=True).click()
    expect(main).to_contain_text("Restored.")
    assert TIP[1] in paper.read_bytes()
    page.get_by_role("button", name="Undo the restore").click()
    expect(main).to_contain_text("Taken back")
    assert paper.read_bytes() == CONTENT


def test_a_restore_asked_for_on_the_portal_is_carried_out_here(
    browser_page: Page, portal: Portal, live: Path, root: list[str], data: Path
) -> None:
    page, main = browser_page, browser_page.get_by_role("main")
    user = portal.named("tessa2")  # nobody else's test has sent this user's settings
    log_in(page, portal, user, data)
    log_in_from_the_terminal(portal, user, data)
    for content in (OPENED, CONTENT):
        live.write_bytes(content)
        pushed = run_deskside("settings", "push", *root, data=data)
        assert pushed.returncode == 0, pushed.stdout + pushed.stderr

    page.goto(f"{portal.address}/settings")
    page.get_by_role("link", name="IB Gateway").first.click()
    page.get_by_role("link", name="What changed").first.click()
    expect(main).to_contain_text("Bears on safety")
    page.get_by_role("link", name="Restore the one before").click()
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="See what changes there").click()
    expect(main).to_contain_text("Any computer that reaches this one")
    page.get_by_role("button", name="Ask this computer to restore").click()
    expect(main).to_contain_text("waiting")
    assert live.read_bytes() == CONTENT

    done = run_deskside("settings", "pull", "--requested", "--yes", *root, data=data)
    assert done.returncode == 0, done.stdout + done.stderr
    assert live.read_bytes() == OPENED
    page.reload()
    expect(main).to_contain_text("done")

    page.get_by_text("More").first.click()
    page.get_by_role("link", name="Delete").first.click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("alert")).to_contain_text("Tick the box")
    page.get_by_label("Yes, delete this snapshot for good").check()
    page.get_by_role("button", name="Delete for good").click()
    expect(main).to_contain_text("deleted for good")
    page.get_by_role("link", name="Delete this workspace").click()
    page.get_by_label("Yes, delete all of it for good").check()
    page.get_by_role("button", name="Delete for good").click()
    expect(main).to_contain_text("whole history were deleted")
