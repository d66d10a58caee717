"""No barrier on pages to which no link leads before somebody has made something: an order and its
return, a request to share, a proof, a result, an article of the desk's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from deskside.portal import portal_pages
from tests.knowledge.conftest import text
from tests.system.barriers import Looker, pages_of
from tests.system.conftest import Portal, clean_page, start_portal, stop_portal
from tests.system.test_desk import press
from tests.system.test_main_job import log_in
from tests.system.test_orders import activate, carry_out, log_in_by_codes, order
from tests.system.test_own_articles import expect_title, put
from tests.system.test_sharing import prove_the_device
from tests.system.test_sharing_review import ask_for_review

pytestmark = pytest.mark.browser

OF_AN_ORDER = {
    "/account/orders/{order_id:str}",
    "/account/orders/{order_id:str}/cancel",
    "/account/orders/{order_id:str}/placed",
    "/account/devices/{device_id:str}/return",
    "/account/returns/{return_id:str}",
    "/desk/orders/{order_id:str}",
}
OF_SHARING = {
    "/account/share/{share:str}/cancel",
    "/account/share/{share:str}/check",
    "/account/share/{share:str}/device",
    "/account/share/{share:str}/result",
}
OF_REVIEWS = {"/desk/reviews", "/desk/reviews/{review:str}"}
OF_ARTICLES = {"/desk/articles/{number:str}/{tag:str}", "/kb/{number:str}/result"}
OF_PROOFS = {"/account/verify"}

LOOKED_AT_HERE = OF_AN_ORDER | OF_SHARING | OF_REVIEWS | OF_ARTICLES | OF_PROOFS
"""The tests below fail unless they have seen each of these."""


@pytest.fixture(scope="module")
def own_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal of our own, where a log-in is no proof for what comes after it."""
    env = {"DESKSIDE_STEPUP_AFTER_LOG_IN": "0 s"}
    running = start_portal(tmp_path_factory.mktemp("portal"), "--demo", env=env)
    yield running
    stop_portal(running)


@pytest.fixture
def free_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal of our own."""
    running = start_portal(tmp_path_factory.mktemp("portal"), "--demo")
    yield running
    stop_portal(running)


def looking(chromium: Browser, portal: Portal) -> Iterator[Looker]:
    """Somebody's browser."""
    for page in clean_page(chromium.new_context(locale="en-GB")):
        yield Looker(page, portal.address, pages_of(portal_pages()))


@pytest.fixture
def holder(chromium: Browser, free_portal: Portal) -> Iterator[Looker]:
    yield from looking(chromium, free_portal)


@pytest.fixture
def operator(chromium: Browser, free_portal: Portal) -> Iterator[Looker]:
    yield from looking(chromium, free_portal)


def look_here(looker: Looker) -> None:
    """Look at the page that is open, in every look, and remember its pattern."""
    parts = urlsplit(looker.page.url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    pattern = looker.pattern_of(path)
    assert pattern, path
    assert looker.visit(path), path
    looker.seen[pattern] = path


def nothing_stands_in_the_way(seen: set[str], *lookers: Looker) -> None:
    """All of these pages were seen, and none holds a barrier."""
    problems = [each for looker in lookers for each in looker.problems]
    assert not problems, "\n\n".join(sorted(set(problems)))
    assert seen <= {pattern for looker in lookers for pattern in looker.seen}


def test_an_order_and_its_return(
    holder: Looker, operator: Looker, free_portal: Portal, tmp_path: Path
) -> None:
    page, desk, data = holder.page, free_portal, tmp_path / "data"
    log_in_by_codes(page, desk, desk.named("carla"), data)
    log_in(operator.page, desk, desk.user("operator"), data)
    page.goto(f"{desk.address}/account/orders")
    press(page, "Start Digital Security Card+")
    press(page, "Continue", role="button")
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    holder.state("order: nothing typed")
    order(page, "7391", costs="none")
    look_here(holder)
    press(page, "Look at the order")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ordered")
    look_here(holder)
    here = page.url
    page.goto(f"{here}/cancel")
    look_here(holder)
    serial = carry_out(operator.page, desk)
    look_here(operator)
    page.goto(here)
    look_here(holder)
    press(page, "Go to the device")
    activate(page, desk, serial, "7391", data)
    page.goto(here)
    press(page, "Go to the device")
    page.wait_for_url(re.compile("/account/devices/"))
    device = page.url
    page.goto(f"{device}/return")
    look_here(holder)
    press(page, "Make the form", role="button")
    page.wait_for_url(re.compile("/account/returns/"))
    look_here(holder)
    operator.page.goto(f"{desk.address}/desk/orders")
    operator.state("orders and returns, one of each")
    nothing_stands_in_the_way(OF_AN_ORDER, holder, operator)


def test_a_request_to_share(holder: Looker, free_portal: Portal, tmp_path: Path) -> None:
    page, portal = holder.page, free_portal
    log_in(page, portal, portal.named("alba.savings"), tmp_path)
    owner = portal.named("alba")
    page.goto(f"{portal.address}/account/share/owner")
    page.get_by_label("Owner's user name").fill(owner["username"])
    page.get_by_label("Owner's password").fill(owner["password"])
    page.get_by_role("button", name="Continue").click()
    look_here(holder)
    page.get_by_role("button", name="Continue").click()
    holder.state("share: no code typed")
    prove_the_device(page, portal, owner, tmp_path)
    look_here(holder)
    page.get_by_role("button", name="Share the device").click()
    look_here(holder)
    page.goto(f"{portal.address}/account/share")
    holder.state("share: with a sharing")
    page.get_by_role("link", name="Cancel").first.click()
    look_here(holder)
    nothing_stands_in_the_way(OF_SHARING, holder)


def test_a_review(holder: Looker, operator: Looker, free_portal: Portal, tmp_path: Path) -> None:
    reference = ask_for_review(holder.page, free_portal, "greta.lang", tmp_path)
    holder.state("share: in review")
    page = operator.page
    log_in(page, free_portal, free_portal.user("reviewer"), tmp_path)
    page.goto(f"{free_portal.address}/desk/reviews")
    look_here(operator)
    page.get_by_role("listitem").filter(has_text=reference).get_by_role("link").first.click()
    page.wait_for_url(re.compile("/desk/reviews/"))
    look_here(operator)
    page.get_by_role("button", name="Decide", exact=True).click()
    operator.state("review: nothing chosen")
    nothing_stands_in_the_way(OF_REVIEWS, operator, holder)


def test_a_proof(chromium: Browser, own_portal: Portal, tmp_path: Path) -> None:
    for looker in looking(chromium, own_portal):
        page = looker.page
        log_in(page, own_portal, own_portal.named("tessa"), tmp_path)
        page.goto(f"{own_portal.address}/account/password")
        page.wait_for_url(re.compile("/account/verify"))
        look_here(looker)
        page.get_by_role("main").locator("form button[type=submit]").first.click()
        looker.state("verify: nothing typed")
        nothing_stands_in_the_way(OF_PROOFS, looker)


def test_a_result_and_an_article_of_the_desk(
    operator: Looker, free_portal: Portal, tmp_path: Path
) -> None:
    page, portal = operator.page, free_portal
    put(portal, "9101", text("9101", title="Ours"))
    expect_title(page, f"{portal.address}/kb/9101", "Ours")
    log_in(page, portal, portal.user("operator"), tmp_path)
    page.goto(f"{portal.address}/desk/articles")
    page.get_by_role("link", name="Ours").click()
    look_here(operator)
    page.goto(f"{portal.address}/kb/2323")
    page.get_by_role("button", name="Show the result here").click()
    look_here(operator)
    nothing_stands_in_the_way(OF_ARTICLES, operator)
