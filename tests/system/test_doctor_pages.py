"""The doctor's local pages in a real browser: finding, plan, repair, undo."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.system.conftest import DESKSIDE
from tests.workstation.pe_writer import library, windows_disk

OLD, DONOR = library(version=(10, 6, 0, 1)), library(version=(12, 0, 0, 1))


@contextmanager
def local_pages(root: Path, home: Path) -> Iterator[str]:
    """`deskside open`; the address that it prints."""
    process = subprocess.Popen(
        [*DESKSIDE, "open", "--no-browser", "--root", str(root), "--json"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"DESKSIDE_DATA": str(home / "data"), "HOME": str(home)},
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


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name).first.click()


def test_a_stale_lock(browser_page: Page, tmp_path: Path) -> None:
    user = tmp_path / "Jts" / "darykq"
    user.mkdir(parents=True)
    (user / "tws.xml").write_text("<Settings/>")
    (user / "tws.lck").write_text("4711")
    with local_pages(tmp_path / "Jts", tmp_path) as address:
        browser_page.goto(address)
        browser_page.goto(address.split("?")[0] + "doctor?only=doctor")
        press(browser_page, "Check now")
        lock = browser_page.locator(".ds-finding", has_text="lock-stale")
        lock.get_by_role("button", name="Prepare a repair").click()
        expect(browser_page.get_by_role("heading", name="The plan")).to_be_visible()
        assert (user / "tws.lck").exists()
        press(browser_page, "Carry out this plan")
        expect(browser_page.get_by_text("can be undone")).to_be_visible()
        expect(browser_page.get_by_text("lock-stale")).to_have_count(0)
        assert not (user / "tws.lck").exists()
        press(browser_page, "Undo")
        expect(browser_page.get_by_text("The change was undone")).to_be_visible()
        assert (user / "tws.lck").read_text() == "4711"


def test_the_library_of_esignal(browser_page: Page, tmp_path: Path) -> None:
    disk = windows_disk(tmp_path / "disk", target=OLD, donor=DONOR)
    with local_pages(disk, tmp_path) as address:
        browser_page.goto(address)
        browser_page.goto(address.split("?")[0] + "doctor")
        browser_page.get_by_role("link", name="eSignal and TWS").click()
        press(browser_page, "Check now")
        expect(browser_page.get_by_text("library-incompatible").first).to_be_visible()
        press(browser_page, "Prepare a repair")
        expect(browser_page.get_by_text("dbcapi_old.dll").first).to_be_visible()
        press(browser_page, "Carry out this plan")
        expect(browser_page.get_by_text("can be undone")).to_be_visible()
        assert (disk / "Jts" / "dbcapi.dll").read_bytes() == DONOR
        assert (disk / "Jts" / "dbcapi_old.dll").read_bytes() == OLD
        press(browser_page, "Undo")
        expect(browser_page.get_by_text("The change was undone")).to_be_visible()
        assert (disk / "Jts" / "dbcapi.dll").read_bytes() == OLD
        assert not (disk / "Jts" / "dbcapi_old.dll").exists()
