"""A finished test on its page and as a file: fetched, opened alone, without barriers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from deskside.foundation.findings import Status
from deskside.network.host_findings import finding_of
from deskside.network.reports import FORMATS
from tests.network.documents import CHECKED, DESK, PUBLIC, document, dropped
from tests.system.barriers import LOOKS, Looker
from tests.system.conftest import Portal, clean_page
from tests.system.test_main_job import log_in

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    yield from clean_page(chromium.new_context(locale="en-GB", accept_downloads=True))


def test_a_test_is_watched_and_taken_away(page: Page, portal: Portal, tmp_path: Path) -> None:
    log_in(page, portal, portal.user("trader"), tmp_path)
    page.goto(f"{portal.address}/network")
    page.get_by_role("main").get_by_role("button", name="Start the test").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Everything tested can be reached", timeout=20_000)
    expect(main.locator(".ds-progress:visible")).to_have_count(0)
    looker = Looker(page, portal.address, [])
    looker.state("a finished test")
    page.get_by_label("What to leave out").select_option("desk")
    with page.expect_download() as fetched:
        page.get_by_role("button", name="JSON").click()
    said = json.loads(Path(fetched.value.path()).read_text())
    CHECKED.validate(said)
    assert said["redacted"] is True
    page.get_by_label("What to leave out").select_option("")
    with page.expect_download() as fetched:
        page.get_by_role("button", name="Page (HTML)").click()
    alone(looker, Path(fetched.value.path()).read_text(), tmp_path)
    assert not looker.problems, "\n\n".join(looker.problems)


def test_a_report_of_much_trouble_has_no_barrier(page: Page, tmp_path: Path) -> None:
    folded = finding_of("tls-intercepted", Status.WARNING, DESK, {"issuer": "CN=" + "x" * 300})
    made = document(
        finding_of("captive-portal", Status.FAILURE, "network", {"answer": "HTTP/1.1 302 Found"}),
        dropped(PUBLIC),
        dropped(DESK),
        finding_of("ping-blocked", Status.NOTICE, "network", {"hosts": 2}),
        finding_of("reachable", Status.OK, PUBLIC, {"milliseconds": 12.5}),
        finding_of("not-tested", Status.UNKNOWN, PUBLIC, {"tested": []}),
        type(folded)(
            **{name: getattr(folded, name) for name in folded.__slots__}
            | {"explained_by": "captive-portal"}
        ),
        stopped=True,
        our_side=True,
        undecided_between=("captive-portal", "transparent-http-proxy"),
        deciding_tests=("Open any web site in a browser.",),
        not_tested=({"what": "idle", "why": "deadline"},),
    )
    looker = Looker(page, "", [])
    alone(looker, FORMATS["html"].write(made), tmp_path)
    assert not looker.problems, "\n\n".join(looker.problems)


def alone(looker: Looker, text: str, folder: Path) -> None:
    """Look at a report as a file of its own, folded and unfolded; its policy stays in force."""
    file = folder / "report.html"
    file.write_text(text)
    looker.page.goto(file.as_uri())
    styled = "getComputedStyle(document.querySelector('.verdict')).borderLeftStyle"
    assert looker.page.evaluate(styled) == "solid", "its own policy lets its style in"
    looker.state("report")
    looker.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    looker.state("report unfolded")
    assert len(LOOKS) == 2
    assert looker.page.evaluate("performance.getEntriesByType('resource').length") == 0
