"""An import in the browser that outlives its server: killed midway, it goes on and is exact."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.secure_login.test_import_jobs import csv_file
from tests.system.conftest import run_deskside, start_portal, stop_portal
from tests.system.test_desk import press, reach
from tests.system.test_main_job import log_in

pytestmark = pytest.mark.browser

ROWS, WRONG = 30_000, 3


def test_an_import_survives_its_server(browser_page: Page, tmp_path: Path) -> None:
    page, main = browser_page, browser_page.get_by_role("main")
    portal = start_portal(tmp_path / "portal", "--demo")
    (tmp_path / "seeds.csv").write_bytes(csv_file(ROWS, WRONG))
    operator = portal.user("operator")
    log_in(page, portal, operator, tmp_path)
    page.goto(f"{portal.address}/desk/imports")
    page.get_by_label("File", exact=True).set_input_files(tmp_path / "seeds.csv")
    with page.expect_navigation():
        press(page, "Check the file", role="button")
    look_until(page, "Import the devices")
    with page.expect_navigation():
        press(page, "Import the devices", role="button")
    while not int(page.get_by_role("progressbar").get_attribute("value") or 0):
        page.reload()
    there = urlsplit(page.url).path
    page.goto("about:blank")
    portal.process.send_signal(signal.SIGKILL)
    portal.process.wait()
    assert portal.process.stdout is not None
    portal.process.stdout.close()

    again = start_portal(tmp_path / "portal", "--demo")
    try:
        page.goto(f"{again.address}{there}")
        expect(main).not_to_contain_text("Given up")
        look_until(page, "JSON", role="link")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Imported")
        report = page.request.get(f"{page.url.partition('?')[0]}/report/csv").text()
        rows = list(csv.DictReader(io.StringIO(report)))
        assert Counter(row["outcome"] for row in rows) == {"new": ROWS - WRONG, "refused": WRONG}
        assert [int(row["line"]) for row in rows] == list(range(2, ROWS + 2))
        listed = run_deskside(
            "admin", "devices", "list", "--json", "--data", str(tmp_path / "portal"), data=tmp_path
        )
        serials = [each["serial"] for each in json.loads(listed.stdout)["devices"]]
        assert sum(bool(re.fullmatch(r"S-\d{6}", each)) for each in serials) == ROWS - WRONG
    finally:
        stop_portal(again)


def look_until(page: Page, name: str, role: str = "button") -> None:
    """Look again, as somebody without scripts does, until something is offered."""
    wanted = page.get_by_role("main").get_by_role(role, name=name)  # type: ignore[arg-type]
    for _look in range(3000):
        if wanted.count():
            return
        page.reload()
    raise AssertionError(f"{name} is never offered")


def test_a_device_is_issued_by_keyboard_alone(browser_page: Page, tmp_path: Path) -> None:
    page, portal = browser_page, start_portal(tmp_path / "portal", "--demo")
    try:
        log_in(page, portal, portal.user("operator"), tmp_path)
        page.goto(f"{portal.address}/desk/people/bruno")
        press(page, "Issue a device")
        press(page, "Issue the device", role="button")
        expect(page.get_by_role("alert")).to_contain_text("Choose a device.")
        sources = page.get_by_role("group", name="Which device?")
        reach(page, sources.get_by_role("radio").first)
        page.keyboard.press("ArrowDown")
        expect(sources.get_by_role("radio").nth(1)).to_be_checked()
        reach(page, page.get_by_role("group", name="Why?").get_by_role("radio").first)
        page.keyboard.press("Space")
        press(page, "Issue the device", role="button")
        expect(page.get_by_role("heading", level=1)).to_have_text("The device is issued")
        with page.expect_download() as saved:
            press(page, "Save as PDF", role="button")
        assert saved.value.path().read_bytes().startswith(b"%PDF-")
        assert "?" not in saved.value.url
    finally:
        stop_portal(portal)
