"""The portal's page hands a command and a link; the command's result comes back to that page."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.system.conftest import Portal, clean_page, run_deskside

SAMPLE = Path(__file__).parent.parent / "samples" / "ibg_2021_mit.xml"


@pytest.mark.browser
def test_the_result_comes_back_to_the_page(
    portal: Portal, browser_page: Page, scripts: bool, chromium: Browser, tmp_path: Path
) -> None:
    user = tmp_path / "Jts" / "darykqabcdefghijklmnopabcdefghijklmnopab"
    user.mkdir(parents=True)
    shutil.copy(SAMPLE, user / "ibg.xml")
    page = browser_page
    page.goto(f"{portal.address}/kb/2323")
    page.get_by_role("button", name="Show the result here").click()
    expect(page.locator("#result")).to_contain_text("Nothing has come yet")
    command = page.locator("#send-command").inner_text().strip()
    words = shlex.split(command)
    assert words[:4] == ["deskside", "run", "KB2323", "--send-to"]

    options = ["--root", str(tmp_path / "Jts")]
    sent = run_deskside(*words[1:], *options, data=tmp_path / "data")
    assert "was sent to" in sent.stderr, sent.stderr
    again = run_deskside(*words[1:], *options, data=tmp_path / "data")
    assert again.returncode == 3
    assert "used already" in again.stderr

    if not scripts:
        page.get_by_role("link", name="Look again").click()
    result = page.locator("#result")
    expect(result).to_contain_text("settings-unsaved", timeout=15_000)
    assert "darykq" not in result.inner_text()
    assert page.get_by_role("button", name="Prepare a repair").count() == 0

    other = chromium.new_context()
    for stranger in clean_page(other):
        stranger.goto(words[4])
        expect(stranger.get_by_role("main")).to_contain_text("This browser expects no result")
