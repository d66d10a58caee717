"""Searching while typing, and saying whether an article helped: with and without scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.system.conftest import Portal, run_deskside
from tests.system.test_main_job import log_in
from tests.system.test_settings_pages import data, live, opened, paper, root  # noqa: F401

pytestmark = pytest.mark.browser


def test_results_follow_the_typing_and_are_told(
    portal: Portal, browser_page: Page, scripts: bool
) -> None:
    page = browser_page
    page.goto(f"{portal.address}/kb?lang=en")
    field, told = page.get_by_role("searchbox"), page.locator("#found-status")
    first = told.element_handle()
    field.press_sequentially("port-droped")
    if not scripts:
        field.press("Enter")
    expect(told).to_contain_text(re.compile("articles? for “port-droped”"))
    expect(page.locator("#found li h2").first).to_contain_text("Hosts and ports")
    assert told.get_attribute("aria-live") == "polite"
    assert told.get_attribute("role") == "status"
    if scripts:
        # A screen reader listens to the very element that was there from the beginning.
        assert told.evaluate("(now, before) => now === before", first)
        assert page.evaluate("document.activeElement.id") == "q"
    assert page.url.endswith("/kb?q=port-droped")
    field.focus()
    for _stop in ("Search", "article"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hosts and ports")
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("port-droped")
    expect(page.locator("#found li h2").first).to_contain_text("Hosts and ports")


def test_an_emptied_field_lists_everything_again(
    portal: Portal, browser_page: Page, scripts: bool
) -> None:
    page = browser_page
    page.goto(f"{portal.address}/kb?q=xyzzyxyzzy")
    expect(page.locator("#found")).to_contain_text("No article found")
    page.get_by_role("searchbox").fill("")
    if not scripts:
        page.get_by_role("button", name="Search").click()
    expect(page.locator("#found .ds-article-row").nth(5)).to_be_visible()
    expect(page.locator("#found-status")).to_be_empty()


def test_an_opinion_reaches_the_operator(
    portal: Portal, browser_page: Page, scripts: bool, tmp_path: Path
) -> None:
    page, words = browser_page, f"The picture is missing, scripts: {scripts}"
    page.goto(f"{portal.address}/kb/9002")
    page.get_by_text("Add a comment for the desk").click()
    page.get_by_label("What was missing, wrong, or good?").fill(words)
    page.get_by_role("button", name="No").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    page.get_by_role("link", name="Back to the article").click()
    expect(page.get_by_role("heading", name="Was this article helpful?")).to_be_visible()
    in_vain = f"quagga{'s' * scripts}"
    page.goto(f"{portal.address}/kb")
    page.get_by_role("searchbox").press_sequentially(in_vain)
    if scripts:
        # Left standing, it is written down without being sent.
        with page.expect_response(re.compile("settled=1")) as settled:
            expect(page.locator("#found")).to_contain_text("No article found")
        assert settled.value.status == 204
    else:
        page.keyboard.press("Enter")
        expect(page.locator("#found")).to_contain_text("No article found")
    log_in(page, portal, portal.user("operator"), tmp_path)
    page.goto(f"{portal.address}/desk")
    page.get_by_role("link", name="What readers say").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text(words)
    expect(main.get_by_role("rowheader", name=in_vain, exact=True)).to_be_visible()
    row = main.get_by_role("listitem").filter(has_text=words)
    row.get_by_role("button", name=re.compile("Remove")).click()
    expect(main).to_contain_text("The comment was removed")
    expect(main).not_to_contain_text(words)
    told = run_deskside("admin", "feedback", "--data", str(portal.folder), data=tmp_path)
    assert in_vain in told.stdout
    assert words not in told.stdout


def test_this_computer_s_pages_search_the_same_way(opened: str, browser_page: Page) -> None:  # noqa: F811
    page = browser_page
    page.goto(opened)
    field = page.get_by_role("searchbox")
    field.press_sequentially("dbcapi.dll")
    field.press("Enter")
    expect(page.locator("#found-status")).to_contain_text("“dbcapi.dll”")
    expect(page.locator("#found li h2").first).to_contain_text("dbcapi.dll")
    page.locator("#found li h2 a").first.click()
    expect(page.get_by_role("heading", name="Was this article helpful?")).to_have_count(0)
