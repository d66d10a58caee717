"""No barrier on any page (WCAG 2.2 AA, axe-core): a new page is found by its route, or fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from deskside.local import PARTS
from deskside.network.monitor.history import History
from deskside.network.monitor.model import Change, Standing
from deskside.portal import portal_pages
from tests.network.monitor.conftest import DEGRADED, FAILURE, SUCCESS, VOID, measure, run
from tests.secure_login.test_import_jobs import csv_file
from tests.system.barriers import Looker, pages_of
from tests.system.conftest import Portal, clean_page, run_deskside, start_portal, stop_portal
from tests.system.test_accessibility_in_use import LOOKED_AT_HERE
from tests.system.test_main_job import enter_password, log_in, log_in_from_the_terminal
from tests.system.test_settings_pages import MINE, data, live, opened, paper, root  # noqa: F401

pytestmark = pytest.mark.browser

NO_PAGES = {
    "/doctor/bundle",
    "/healthz",
    "/readyz",
    "/network/report/{kind:str}",
    "/metrics",
    "/kb/feed.atom",
    "/kb/feed.rss",
    "/sitemap.xml",
    "/account/returns/{return_id:str}/form.pdf",
    "/desk/export/{what:str}/{kind:str}",
    "/desk/orders/lines/{kind:str}",
    "/desk/knowledge/{what:str}/{kind:str}",
    "/desk/people/{name:str}/trail/{kind:str}",
    "/desk/imports/{identifier:str}/report/{kind:str}",
    "/settings/{workspace:str}/{snapshot:str}",
    "/settings/{place:str}/{snapshot:str}",
}
"""Addresses for programs, and files."""


@pytest.fixture(scope="module")
def own_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal of our own: what is made and locked here disturbs no other test."""
    env = {"DESKSIDE_MONITOR_PORTAL": "true"}
    running = start_portal(tmp_path_factory.mktemp("portal"), "--demo", env=env)
    yield running
    stop_portal(running)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page in a browser of its own, that complains of nothing."""
    yield from clean_page(chromium.new_context(locale="en-GB"))


@pytest.fixture
def looker(page: Page, own_portal: Portal) -> Looker:
    """Looks at the portal's pages."""
    return Looker(page, own_portal.address, pages_of(portal_pages()))


def told(looker: Looker) -> str:
    """All problems, for a person to read."""
    return "\n\n".join(sorted(set(looker.problems)))


def submit(page: Page, name: str | re.Pattern[str]) -> None:
    """Press a button of the main part."""
    page.get_by_role("main").get_by_role("button", name=name).first.click()


def test_logging_in(looker: Looker, own_portal: Portal) -> None:
    page = looker.page
    looker.everywhere(["/login", "/", "/kb", "/network", "/mobile"])
    page.goto(f"{own_portal.address}/kb")
    page.get_by_role("searchbox").fill("dbcapi")
    page.locator("#found-status", has_text="dbcapi").wait_for()
    looker.state("search while typing")
    page.goto(f"{own_portal.address}/login")
    submit(page, "Continue")
    looker.state("log-in with nothing typed")
    page.goto(f"{own_portal.address}/account")
    looker.state("not logged in")
    page.goto(f"{own_portal.address}/nothing-here")
    looker.state("no such page")
    page.goto(f"{own_portal.address}/setup/{'0' * 43}")
    looker.state("a link that is over")
    page.goto(f"{own_portal.address}/alarm/{'0' * 43}")
    looker.state("an alarm that is over")
    enter_password(page, own_portal, own_portal.user("trader"))
    looker.state("second factor")
    page.get_by_label("Response shown by your card").fill("12")
    submit(page, "Log in")
    looker.state("second factor, too short")
    assert not looker.problems, told(looker)
    assert {"/login", "/", "/kb/{number:str}"} <= set(looker.seen)


def test_a_barrier_is_seen(looker: Looker, own_portal: Portal) -> None:
    """A field without its label, and words that fade into their ground."""
    looker.page.goto(f"{own_portal.address}/login")
    looker.page.evaluate(
        """() => {
          document.querySelector("label[for=username]").remove();
          document.querySelector("h1").style.color = "#eee";
        }"""
    )
    looker.state("spoilt")
    assert {"label", "color-contrast"} <= {each.split(": ")[1] for each in looker.problems}


def test_links_to_choose_a_password(looker: Looker, own_portal: Portal) -> None:
    made = run_deskside(
        "admin", "users", "reset", "carla", "--data", str(own_portal.folder), data=own_portal.folder
    )
    found = re.search(r"http\S+", made.stdout)
    assert found, made.stderr
    page = looker.page
    page.goto(found[0])
    looker.state("choose a password")
    submit(page, re.compile("password", re.IGNORECASE))
    looker.state("choose a password, nothing typed")
    assert not looker.problems, told(looker)


def test_pages_of_a_trader(looker: Looker, own_portal: Portal, tmp_path: Path) -> None:
    page, portal = looker.page, own_portal
    user = portal.named("tessa")
    push_settings(portal, user, tmp_path)
    log_in(page, portal, user, tmp_path)
    looker.everywhere(pages_without_parameters("/desk"))
    looker.everywhere(["/kb/2816/opinion", "/kb/2816/thanks"])
    page.goto(f"{portal.address}/kb/2816/opinion")
    page.get_by_label("What was missing").fill("x" * 1_001)
    submit(page, "No")
    looker.state("a comment that is too long")
    for kind in ("Authenticator app", "Security Code Card", "Recovery codes"):
        page.goto(f"{portal.address}/account/devices/new")
        page.locator("form", has_text=kind).get_by_role("button", name="Continue").click()
        looker.state(f"new: {kind}")
        if kind != "Recovery codes":
            submit(page, "Confirm")
            looker.state(f"new: {kind}, nothing typed")
            looker.visit(urlsplit(page.url).path)
    page.goto(f"{portal.address}/account")
    page.get_by_role("link", name=re.compile("Manage Digital Security Card")).first.click()
    page.get_by_role("link", name="Change the PIN").click()
    looker.visit(re.sub(r"^https?://[^/]+", "", page.url))
    submit(page, "Continue")
    looker.state("new PIN, nothing typed")
    page.get_by_label("New PIN").fill("7391")
    page.get_by_label("The same PIN again").fill("7391")
    submit(page, "Continue")
    looker.state("new PIN, to be confirmed")
    page.goto(f"{portal.address}/account/password")
    submit(page, re.compile("password", re.IGNORECASE))
    looker.state("change the password, nothing typed")
    page.goto(f"{portal.address}/account/share/owner")
    submit(page, "Continue")
    looker.state("share: nothing typed")
    looker.everywhere(pages_without_parameters("/desk"))
    assert not looker.problems, told(looker)
    missing = [
        each
        for each in looker.patterns
        if each.startswith(("/settings", "/account", "/kb"))
        and each not in NO_PAGES | LOOKED_AT_HERE | set(looker.seen)
        and "/pin" not in each
        and "/activate" not in each
    ]
    assert not missing, "links lead to no page of these"


def test_pages_of_the_desk(looker: Looker, own_portal: Portal, tmp_path: Path) -> None:
    page, portal = looker.page, own_portal
    log_in(page, portal, portal.user("operator"), tmp_path)
    desk = f"{portal.address}/desk"
    page.goto(f"{desk}/imports")
    submit(page, "Check the file")
    looker.state("import: no file")
    (tmp_path / "seeds.csv").write_bytes(csv_file(30, wrong=3))
    page.goto(f"{desk}/imports")
    page.get_by_label("File", exact=True).set_input_files(tmp_path / "seeds.csv")
    submit(page, "Check the file")
    looker.state("import: being checked")
    page.get_by_role("button", name="Import the devices").wait_for()
    looker.state("import: checked")
    looker.everywhere(
        ["/desk", "/desk?q=dario", "/desk/people/dario", "/desk/stock", "/desk/imports"],
        within="/desk",
    )
    page.goto(f"{portal.address}/kb/2816/opinion")
    page.get_by_label("What was missing").fill("The picture of the table.")
    submit(page, "No")
    page.goto(f"{portal.address}/kb?q=quagga")
    looker.visit("/desk/knowledge")
    page.goto(f"{desk}/knowledge")
    submit(page, re.compile("Remove"))
    looker.state("a comment was removed")
    for path in ("/desk?q=bruno", "/desk?q=nobody-at-all", "/desk/stock?status=stock"):
        looker.visit(path)
    for action in ("lock", "temporary-code", "issue"):
        page.goto(f"{desk}/people/bruno/{action}")
        page.get_by_role("main").locator("form button[type=submit]").click()
        looker.state(f"{action}: nothing chosen")
    page.get_by_label("Security Code Card", exact=True).check()
    page.get_by_role("radio", name=re.compile("The holder asked")).check()
    submit(page, "Issue the device")
    looker.state("issued")
    page.goto(f"{desk}/people/carla/temporary-code")
    page.get_by_role("radio", name=re.compile("The holder asked")).check()
    submit(page, "Give a temporary code")
    looker.state("temporary code")
    assert not looker.problems, told(looker)
    missing = [
        each
        for each in looker.patterns
        if each.startswith("/desk") and each not in NO_PAGES | LOOKED_AT_HERE | set(looker.seen)
    ]
    assert not missing, "links lead to no page of these"


def test_pages_of_a_reviewer(looker: Looker, own_portal: Portal, tmp_path: Path) -> None:
    page, portal = looker.page, own_portal
    log_in(page, portal, portal.user("reviewer"), tmp_path)
    assert looker.visit("/")
    looker.everywhere(
        ["/desk/reviews", "/desk", "/desk/people/dario", "/desk/stock"], within="/desk"
    )
    assert not looker.problems, told(looker)


@pytest.mark.parametrize(
    ("role", "person", "sees"),
    [("helpdesk", "dario", "/desk/stock"), ("security-officer", "brera", "/desk?q=brera")],
)
def test_pages_of_other_staff(
    looker: Looker, own_portal: Portal, tmp_path: Path, role: str, person: str, sees: str
) -> None:
    page, portal = looker.page, own_portal
    log_in(page, portal, portal.user(role), tmp_path)
    for path in ("/", "/desk", sees, f"/desk/people/{person}", f"/desk/people/{person}/lock"):
        assert looker.visit(path), path
    submit(page, "Lock the user name")
    looker.state(f"{role}: no reason chosen")
    answer = page.goto(f"{portal.address}/desk/people/renata")
    assert answer is not None
    assert answer.status == (200 if role == "helpdesk" else 404)
    looker.state(f"{role}: another member of staff")
    page.goto(f"{portal.address}/desk/imports")
    looker.state(f"{role}: not allowed")
    assert not looker.problems, told(looker)


def test_every_page_is_somebodys() -> None:
    """A new page under a new heading must be visited by one of the tests above."""
    heads = {each.split("/")[1] for each in pages_of(portal_pages())} - {
        each.split("/")[1] for each in NO_PAGES if each.count("/") == 1
    }
    visited = {
        "",
        "login",
        "kb",
        "network",
        "mobile",
        "api-components",
        "settings",
        "account",
        "desk",
        "demo",
    }
    assert heads == visited | {"setup", "reset", "alarm"}


def test_pages_of_this_computer(
    opened: str,  # noqa: F811
    page: Page,
    paper: Path,  # noqa: F811
    data: Path,  # noqa: F811
) -> None:
    watch(data / "monitor.sqlite3")
    patterns = pages_of(
        handler for part in PARTS for handler in import_module(f"{part}.pages").local_pages()
    )
    page.goto(opened)
    looker = Looker(page, re.sub(r"(?<=\d)/.*$", "", opened), patterns)
    looker.everywhere(each for each in patterns if "{" not in each)
    assert not looker.problems, told(looker)
    missing = set(patterns) - set(looker.seen) - NO_PAGES - {"/"}
    assert missing <= {
        "/kb/{number:str}/changes/{change:str}",
        "/doctor/changes/{change:str}",
        "/api-components/{name:str}/remove",
    }


def watch(file: Path) -> None:
    """A history of the connection with every state in it, the last one our own side's."""
    now = datetime.now(UTC)
    outcomes = [SUCCESS, DEGRADED, FAILURE, FAILURE, VOID]
    change = Change(at=now - timedelta(hours=2), now=FAILURE, previous=SUCCESS)
    with History.open(file) as history:
        for hours, outcome in zip((5, 4, 3, 2, 1), outcomes, strict=True):
            seen = replace(run(0, outcome, measure(lost=1)), started=now - timedelta(hours=hours))
            changed = change if hours == 2 else None
            history.record(seen, Standing(FAILURE, change.at), changed, [])


def pages_without_parameters(*but: str) -> list[str]:
    """The addresses to begin with."""
    known = pages_of(portal_pages())
    return [each for each in known if "{" not in each and each not in NO_PAGES and each not in but]


def push_settings(portal: Portal, user: dict[str, str], folder: Path) -> None:
    """Give the portal two versions of a person's settings, so that there is something to see."""
    live_file = folder / "Jts" / MINE / "ibg.xml"
    live_file.parent.mkdir(parents=True)
    sample = (Path(__file__).parent.parent / "samples" / "ibg_2021_mit.xml").read_bytes()
    log_in_from_the_terminal(portal, user, folder)
    for content in (sample, sample.replace(b'tipIndex="-1"', b'tipIndex="4"')):
        live_file.write_bytes(content)
        words = ["--root", str(folder / "Jts"), "--user", MINE]
        for step in ("save", "push"):
            done = run_deskside("settings", step, *words, data=folder)
            assert done.returncode == 0, done.stderr
