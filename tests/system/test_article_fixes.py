"""Chromium walks from finding to fix to undo: every fix, on a computer that needs it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from deskside.knowledge.model import Article, Step
from deskside.knowledge.service import Library
from deskside.local import LocalServer, local_app
from tests.knowledge.test_steps import PREPARED, content, real
from tests.local.conftest import running
from tests.system.conftest import clean_page

WALKED = "workspace.restore"
"""By `test_article.py`, with JavaScript and without."""

BY_FIX = {step.fix: (article, step) for article, step in real(fixable=True) if step.fix != WALKED}


def test_every_fix_is_walked() -> None:
    assert {*BY_FIX, WALKED} == PREPARED.keys()


@pytest.mark.browser
@pytest.mark.parametrize(("article", "step"), BY_FIX.values(), ids=map(str, BY_FIX))
def test_from_finding_to_fix_to_undo(
    article: Article, step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chromium: Browser
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    options = PREPARED[step.fix or ""](tmp_path)
    before = content(tmp_path)
    threads: list[threading.Thread] = []
    server = LocalServer(local_app(options, Library.open(own=tmp_path / "none")))
    with running(server, threads):
        for page in clean_page(chromium.new_context(locale="en-GB")):
            page.goto(server.address(f"/kb/{article.number}"))
            place = page.locator(f"#{step.anchor}")
            expect(place).to_contain_text("Not done yet")
            place.get_by_role("button", name="Run").click()
            place.get_by_role("button", name="Fix").click()
            expect(place).to_contain_text("The plan")
            assert content(tmp_path) == before
            place.get_by_role("button", name="Carry out this plan").click()
            expect(place).to_contain_text("Done on this computer")
            assert content(tmp_path) != before
            place.get_by_role("button", name="Undo").click()
            expect(place).to_contain_text("The change was undone")
            expect(place).to_contain_text("Not done yet")
            assert content(tmp_path) == before
    threads[0].join(10)
    assert not threads[0].is_alive()
