"""An article runs: check, finding, plan, apply, verify, undo; in a terminal and in the browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.system.conftest import DESKSIDE, run_deskside

SAMPLE = Path(__file__).parent.parent / "samples" / "ibg_2021_mit.xml"
GOOD = SAMPLE.read_bytes()
DAMAGED = GOOD[:100_000]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def live(tmp_path: Path, data: Path) -> Path:
    """A settings file that was saved once and is cut short now."""
    path = tmp_path / "Jts" / "darykqabcdefghijklmnopabcdefghijklmnopab" / "ibg.xml"
    path.parent.mkdir(parents=True)
    shutil.copy(SAMPLE, path)
    saved = run_deskside("settings", "save", "--root", str(tmp_path / "Jts"), data=data)
    assert saved.returncode == 0, saved.stderr
    path.write_bytes(DAMAGED)
    return path


def test_in_the_terminal(live: Path, data: Path, tmp_path: Path) -> None:
    root = ["--root", str(tmp_path / "Jts")]

    looked = run_deskside("run", "KB2323", *root, "--dry-run", data=data)
    assert looked.returncode == 1
    assert live.read_bytes() == DAMAGED

    step = run_deskside("run", "KB2323", *root, "--step", "restore.4", "--json", data=data)
    assert {"restore.4": "to-do"}.items() <= {
        (one["step"], one["state"]) for one in json.loads(step.stdout)["steps"]
    }

    mended = run_deskside("run", "KB2323", *root, "--yes", "--json", data=data)
    document = json.loads(mended.stdout)
    assert mended.returncode == 0, mended.stdout
    assert document["verdict"] == "success"
    assert live.read_bytes() == GOOD

    undone = run_deskside("changes", "undo", document["change"], "--yes", data=data)
    assert undone.returncode == 0, undone.stderr
    assert live.read_bytes() == DAMAGED
    listed = json.loads(run_deskside("changes", "list", "--json", data=data).stdout)
    assert [change["state"] for change in listed["changes"]] == ["undone"]


@pytest.fixture
def local_pages(live: Path, data: Path, tmp_path: Path) -> Iterator[str]:
    """`deskside open KB2323`; the address that it prints.

    Ask for it before the browser, which is then closed first and never finds it gone.
    """
    process = subprocess.Popen(
        [*DESKSIDE, "open", "KB2323", "--no-browser", "--root", str(tmp_path / "Jts"), "--json"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"DESKSIDE_DATA": str(data)},
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


@pytest.mark.browser
def test_in_the_browser(local_pages: str, browser_page: Page, live: Path) -> None:
    page = browser_page
    page.goto(local_pages)
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_role("main")).to_contain_text("settings-damaged")
    page.get_by_role("button", name="Prepare a repair").click()
    expect(page.get_by_role("main")).to_contain_text("The plan")
    assert live.read_bytes() == DAMAGED
    page.get_by_role("button", name="Carry out this plan").click()
    expect(page.get_by_role("main")).to_contain_text("can be undone")
    assert live.read_bytes() == GOOD
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("main")).to_contain_text("The change was undone")
    assert live.read_bytes() == DAMAGED


@pytest.mark.browser
def test_a_step_in_the_browser(local_pages: str, browser_page: Page, live: Path) -> None:
    """The page says by itself that the step is not done; its buttons do it, and undo it."""
    page = browser_page
    page.goto(local_pages)
    step = page.locator("#step-restore-4")
    expect(step).to_contain_text("Not done yet")
    step.get_by_role("button", name="Run").click()
    expect(step).to_contain_text("settings-damaged")
    step.get_by_role("button", name="Fix").click()
    expect(step).to_contain_text("The plan")
    assert live.read_bytes() == DAMAGED
    step.get_by_role("button", name="Carry out this plan").click()
    expect(step).to_contain_text("Done on this computer")
    expect(page.locator("#step-restore-in-tws-6")).to_contain_text("Done on this computer")
    assert live.read_bytes() == GOOD
    step.get_by_role("button", name="Undo").click()
    expect(step).to_contain_text("Not done yet")
    expect(step).to_contain_text("The change was undone")
    assert live.read_bytes() == DAMAGED


@pytest.mark.browser
def test_the_address_opens_once(local_pages: str, browser_page: Page) -> None:
    browser_page.goto(local_pages)
    expect(browser_page.get_by_role("heading", level=1)).to_be_visible()
    browser_page.context.clear_cookies()
    answer = browser_page.goto(local_pages)
    assert answer is not None
    assert answer.status == 403
