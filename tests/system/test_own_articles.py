"""A desk's own articles on the portal: live, hostile or not, with versions that come back."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.knowledge.conftest import text
from tests.knowledge.test_markdown import HOSTILE
from tests.system.conftest import Portal, clean_page, run_deskside
from tests.system.test_main_job import log_in


def put(portal: Portal, number: str, source: str, language: str = "en") -> None:
    path = portal.folder / "articles" / number / f"{language}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)


@pytest.mark.browser
def test_versions_are_compared_and_put_back(
    portal: Portal, browser_page: Page, scripts: bool, tmp_path: Path
) -> None:
    number = "9101" if scripts else "9102"
    page, article = browser_page, f"{portal.address}/kb/{number}"
    log_in(page, portal, portal.user("operator"), tmp_path)
    first, second = f"First of {number}", f"Second of {number}"
    for title in (first, second):
        put(portal, number, text(number, title=title))
        expect_title(page, article, title)
    put(portal, number, "+++\nbroken")
    page.goto(f"{portal.address}/desk")
    page.get_by_role("link", name="Articles of your own").click()
    expect(page.get_by_role("main")).to_contain_text("The file is broken")
    page.get_by_role("link", name=second).click()
    expect(page.locator(".ds-changes")).to_contain_text(f'-title = "{first}"')
    expect(page.locator(".ds-changes")).to_contain_text(f'+title = "{second}"')
    page.get_by_role("button", name="Put back 1").click()
    expect(page.get_by_role("main")).to_contain_text("The version is back in its place")
    expect_title(page, article, first)
    told = run_deskside("kb", "history", number, "--data", str(portal.folder), data=tmp_path)
    assert re.findall(r"^\d+", told.stdout, re.MULTILINE) == ["1", "2", "3"]


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [False])
def test_an_article_is_added_overridden_and_translated(
    portal: Portal, browser_page: Page, scripts: bool
) -> None:
    """In the desk's folder, while readers read; what is taken away leaves ours as it was."""
    page, ours, theirs = browser_page, "9003", "9104"
    page.goto(f"{portal.address}/kb/{ours}?lang=it")
    italian = page.get_by_role("heading", level=1).inner_text()
    page.goto(f"{portal.address}/kb/{ours}?lang=en")
    english = page.get_by_role("heading", level=1).inner_text()

    put(portal, ours, text(ours, title="The proxy of this desk"))
    expect_title(page, f"{portal.address}/kb/{ours}?lang=en", "The proxy of this desk")
    expect_title(page, f"{portal.address}/kb/{ours}?lang=it", italian)

    put(portal, theirs, text(theirs, title="Whom to call at the desk"))
    expect_title(page, f"{portal.address}/kb/{theirs}?lang=en", "Whom to call at the desk")
    put(portal, theirs, text(theirs, "it", title="Chi chiamare allo sportello"), "it")
    expect_title(page, f"{portal.address}/kb/{theirs}?lang=it", "Chi chiamare allo sportello")
    page.goto(f"{portal.address}/kb?q=chiamare+sportello&lang=it")
    expect(page.get_by_role("main")).to_contain_text("Chi chiamare allo sportello")

    for number in (ours, theirs):
        shutil.rmtree(portal.folder / "articles" / number)
    expect_title(page, f"{portal.address}/kb/{ours}?lang=en", english)
    assert page.goto(f"{portal.address}/kb/{theirs}").status == 404


@pytest.mark.browser
def test_a_trader_sees_no_versions(portal: Portal, browser_page: Page, tmp_path: Path) -> None:
    log_in(browser_page, portal, portal.user("trader"), tmp_path)
    for path in ("/desk/articles", "/desk/articles/9101/en"):
        answer = browser_page.goto(portal.address + path)
        assert answer
        assert answer.status == 403


@pytest.mark.browser
def test_a_hostile_article_does_nothing(portal: Portal, chromium: Browser) -> None:
    """Whatever it holds is shown as text: no script, no request elsewhere, no policy violation."""
    put(portal, "9103", text("9103", title="<script>alert(1)</script>", body="\n\n".join(HOSTILE)))
    for page in clean_page(chromium.new_context()):
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        page.goto(f"{portal.address}/kb/9103")
        expect(page.get_by_role("heading", level=1)).to_have_text("<script>alert(1)</script>")
        assert page.locator(".ds-prose :is(script, img, svg, form, style, iframe)").count() == 0
        assert {url for url in asked if not url.startswith(portal.address)} == set()


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/kb/9105", "/kb?q=9105"])
def test_a_title_without_a_blank_fits_a_phone(portal: Portal, chromium: Browser, path: str) -> None:
    word = "java.lang.NoClassDefFoundError:com/ib/client/EClientSocket$" * 4
    put(portal, "9105", text("9105", title=word, summary=word))
    for page in clean_page(chromium.new_context(viewport={"width": 320, "height": 640})):
        expect_title(page, f"{portal.address}/kb/9105", word)
        page.goto(portal.address + path)
        expect(page.get_by_role("main")).to_contain_text(word)
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wider) == 0


@pytest.mark.browser
def test_a_change_of_language_keeps_the_article(portal: Portal, browser_page: Page) -> None:
    page = browser_page
    page.goto(f"{portal.address}/kb/2816?lang=en")
    page.locator("summary", has_text="Language").click()
    page.get_by_role("button", name="Italiano").click()
    assert page.url.startswith(f"{portal.address}/kb/2816")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Host e porte")


def expect_title(page: Page, address: str, title: str) -> None:
    """The article has the title within two looks at its folder."""
    until = time.monotonic() + 10
    while page.goto(address) and page.get_by_role("heading", level=1).inner_text() != title:
        assert time.monotonic() < until, f"{title} was not shown"
