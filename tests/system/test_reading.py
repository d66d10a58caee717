"""An article as a browser gets it: small, still, on paper, at the same place in each language."""

from __future__ import annotations

import io
import re
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from pypdf import PdfReader

from deskside.knowledge.service import Library
from tests.system.conftest import Portal, clean_page

pytestmark = pytest.mark.browser

ON_THE_WIRE = 60_000
"""Bytes of an article and all that comes with it, at the first visit."""

SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) {
    shifts.push([each.value, each.sources.map((one) => one.node?.outerHTML?.slice(0, 120))]);
  }
}).observe({type: "layout-shift", buffered: true});
"""


LIGHTNESS = """
() => [...document.querySelectorAll("h1, .ds-prose *, .ds-command *")]
  .filter((each) => each.checkVisibility())
  .map((each) => getComputedStyle(each).color.match(/[0-9.]+/g).slice(0, 3))
  .map(([red, green, blue]) => (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255)
"""
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_every_article_is_small_on_the_wire(portal: Portal, chromium: Browser) -> None:
    library = Library.open()
    sizes = {
        (article.number, language): first_visit(
            chromium, f"{portal.address}/kb/{article.number}?lang={language}"
        )
        for article in library.articles()
        for language in library.languages(article.number)
    }
    for kinds in sizes.values():
        assert min(kinds["Document"], kinds["Stylesheet"], kinds["Script"]) > 1_000, kinds
        assert kinds["Font"] > 10_000, kinds
    largest = max(sizes.values(), key=Counter.total)
    assert largest.total() <= ON_THE_WIRE, largest


def first_visit(chromium: Browser, address: str) -> Counter[str]:
    """Bytes over the wire, heads included, that a browser with nothing kept fetches; by kind."""
    kinds: dict[str, str] = {}
    sizes: Counter[str] = Counter()

    def begun(seen: dict[str, Any]) -> None:
        kinds[seen["requestId"]] = seen["type"]

    def ended(seen: dict[str, Any]) -> None:
        sizes[kinds[seen["requestId"]]] += int(seen["encodedDataLength"])

    for page in clean_page(chromium.new_context(locale="en-GB")):
        wire = page.context.new_cdp_session(page)
        wire.on("Network.responseReceived", begun)
        wire.on("Network.loadingFinished", ended)
        wire.send("Network.enable")
        page.goto(address, wait_until="networkidle")
    return sizes


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/kb/2816", "/kb/2323?lang=it", "/kb"])
def test_nothing_moves_while_a_page_comes(
    portal: Portal, chromium: Browser, path: str, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
    for page in clean_page(context):
        page.add_init_script(SHIFTS)
        late = held_fonts(page)
        page.goto(portal.address + path, wait_until="domcontentloaded")
        page.evaluate(PAINTED)
        assert late
        for font in late:
            font.continue_()
        page.unroute("**/fonts/*")
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready")
        page.evaluate(PAINTED)
        assert page.evaluate("window.shifts") == []


def held_fonts(page: Page) -> list[Route]:
    """The fonts, which come when everything else has been painted, as over a slow line."""
    late: list[Route] = []

    def hold(font: Route) -> None:
        late.append(font)

    page.route("**/fonts/*", hold)
    return late


def test_on_paper_there_is_the_article_and_nothing_else(portal: Portal, chromium: Browser) -> None:
    for number in ("2323", "2481"):
        for page in clean_page(chromium.new_context(locale="en-GB")):
            page.goto(f"{portal.address}/kb/{number}?lang=en")
            steps = page.locator(".ds-prose li").all_inner_texts()
            headings = page.locator("h1, .ds-prose :is(h2, h3)").all_inner_texts()
            printed = squeezed(" ".join(each.extract_text() for each in pages_of(page)))
        assert len(steps) > 5
        missing = [each for each in steps + headings if squeezed(each) not in printed]
        assert not missing
        assert f"KB{number}" in printed
        around = (
            "Connection test",
            "On this page",
            "Subjects",
            "Was this article helpful",
            "Skip to main",
            "Show the result here",
            "not affiliated",
            "Italiano",
        )
        assert [each for each in around if squeezed(each) in printed] == []


def test_on_paper_the_words_are_dark(portal: Portal, chromium: Browser) -> None:
    """Printers leave grounds out: light words would be on white, whatever the screen shows."""
    for page in clean_page(chromium.new_context(locale="en-GB", color_scheme="dark")):
        page.goto(f"{portal.address}/kb/2323?lang=en")
        page.get_by_role("button", name="Dark appearance").click(click_count=2)
        assert page.locator("html").get_attribute("data-theme") == "dark"
        assert max(page.evaluate(LIGHTNESS)) > 0.8
        page.emulate_media(media="print", color_scheme="dark")
        assert max(page.evaluate(LIGHTNESS)) < 0.5


def pages_of(page: Page) -> Any:
    return PdfReader(io.BytesIO(page.pdf(format="A4"))).pages


def squeezed(text: str) -> str:
    """A text without blanks, which a PDF sets as it likes."""
    return re.sub(r"\s+", "", text)


def test_a_change_of_language_keeps_the_place(
    portal: Portal, browser_page: Page, scripts: bool
) -> None:
    page = browser_page
    page.goto(f"{portal.address}/kb/2816#port-dropped")
    if scripts:
        page.locator("summary", has_text="Language").click()
        page.get_by_role("button", name="Italiano").click()
    else:
        page.locator("#port-dropped + .ds-elsewhere").get_by_role("link", name="Italiano").click()
        expect(page.locator(".ds-elsewhere:visible")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Host e porte")
    assert page.url.endswith("#port-dropped")
    expect(page.locator("#port-dropped")).to_be_in_viewport()


def test_sections_elsewhere_are_seen_only_where_they_are_needed(
    portal: Portal, browser_page: Page, scripts: bool
) -> None:
    page = browser_page
    page.goto(f"{portal.address}/kb/2816")
    assert page.locator(".ds-elsewhere").count() > 10
    expect(page.locator(".ds-elsewhere:visible")).to_have_count(0)
    page.goto(f"{portal.address}/kb/2816#port-reset")
    expect(page.locator(".ds-elsewhere:visible")).to_have_count(0 if scripts else 1)
