"""Running an article in the browser, over real HTTP and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urljoin

import httpx2
import pytest

from deskside.knowledge.service import Library
from deskside.local import local_app

from .conftest import Browser, Open, enter

pytestmark = pytest.mark.usefixtures("plugin")

BODY = "Words.\n\n## Rude {#greeting-rude}\n\n<script>alert(1)</script> Say *sorry*.\n"


class Forms(HTMLParser):
    """The forms of a page as a person without scripts can send them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.loose: dict[str, dict[str, str]] = {}
        self.ids: dict[str, int] = {}
        self.feed(page)
        for name, fields in self.loose.items():
            self.forms[self.ids[name]][1].update(fields)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.ids[given.get("id", str(len(self.forms)))] = len(self.forms)
            self.forms.append((given.get("action", ""), {}))
        elif tag == "input" and "name" in given:
            value = given.get("value", "")
            if "form" in given:
                self.loose.setdefault(given["form"], {})[given["name"]] = value
            elif self.forms:
                self.forms[-1][1][given["name"]] = value


def send(browser: Browser, page: httpx2.Response, ending: str, **typed: str) -> httpx2.Response:
    """Send the form of a page whose address ends so, and follow to where it leads."""
    fitting = [
        form
        for form in Forms(page.text).forms
        if form[0].split("?")[0].split("#")[0].endswith(ending)
    ]
    assert fitting, f"no form leads to {ending}"
    action, fields = fitting[0]
    origin = f"{browser.base_url.scheme}://{browser.base_url.netloc.decode()}"
    return browser.post(
        urljoin(str(page.url), action),
        data=fields | typed,
        headers={"origin": origin, "sec-fetch-site": "same-origin"},
        follow_redirects=True,
    )


@pytest.fixture
def browser(serve: Open, write: Callable[..., Path], library: Callable[[], Library]) -> Browser:
    """A browser that has entered the local pages."""
    write("7001", checks='["sample.greeting"]', fixes='["sample.polite"]', body=BODY)
    write("7002", title="Only to read")
    write("7003", "it", title="Soltanto in italiano")
    write("7004", checks='["no.such", "sample.greeting"]', body=f"{BODY}\n## Root {{#root}}\n")
    app = local_app({}, library(), parts=["deskside.knowledge"])
    server, browser = serve(app)
    enter(server, browser)
    return browser


def test_check_plan_apply_verify_undo(browser: Browser, rude: Path) -> None:
    greeting = rude / "greeting.txt"
    page = browser.get("/kb/7001")
    assert page.status_code == 200
    checked = send(browser, page, "/check", root=str(rude))
    assert "Something is broken" in checked.text
    assert "Rude &lt;b&gt;greeting&lt;/b&gt;" in checked.text
    assert f'value="{rude}"' in checked.text
    planned = send(browser, checked, "/plan")
    assert "manners" in planned.text
    assert greeting.read_text() == "Oi!"
    applied = send(browser, planned, "/apply")
    assert "/kb/7001/changes/" in str(applied.url)
    assert "Everything works" in applied.text
    assert greeting.read_text() == "Good morning\n"
    undone = send(browser, applied, "/undo")
    assert undone.url.path == applied.url.path
    assert "The change was undone" in undone.text
    assert greeting.read_text() == "Oi!"
    assert not [action for action, _fields in Forms(undone.text).forms if "/undo" in action]


def test_an_article_whose_check_is_not_here_is_read_all_the_same(
    browser: Browser,
) -> None:
    """One of a later release, or of a package that this computer lacks."""
    page = browser.get("/kb/7004")
    assert page.status_code == 200
    assert "sorry" in page.text
    # Of the check that is here, the choices can be made.
    for name in ("root", "root_hint"):
        assert page.text.count(f'id="option_{name}"') == 1
    assert page.text.count('id="root"') == 1
    refused = send(browser, page, "/check")
    assert refused.status_code == 404
    assert "no check or fix named no.such" in refused.text


def test_a_plan_that_has_moved_is_refused_and_said_so(browser: Browser, rude: Path) -> None:
    page = browser.get("/kb/7001?" + urlencode({"root": str(rude)}))
    planned = send(browser, send(browser, page, "/check"), "/plan")
    (rude / "greeting.txt").write_text("Grr")
    refused = send(browser, planned, "/apply")
    assert refused.status_code == 409
    assert "changed since this plan was shown" in refused.text
    assert (rude / "greeting.txt").read_text() == "Grr"


def test_nothing_is_applied_that_was_not_shown(browser: Browser, rude: Path) -> None:
    sent = browser.post("/kb/7001/apply", data={"root": str(rude), "fix": "sample.polite"})
    assert sent.status_code == 400
    assert (rude / "greeting.txt").read_text() == "Oi!"


def test_a_plan_that_cannot_be_had_says_why(browser: Browser, rude: Path) -> None:
    (rude / "stubborn").touch()
    page = browser.get("/kb/7001?" + urlencode({"root": str(rude)}))
    planned = send(browser, send(browser, page, "/check"), "/plan")
    assert "This folder stays rude. Remove the file stubborn." in planned.text


@pytest.mark.parametrize("path", ["/kb/7001/check", "/kb/7001/apply", "/changes/x/undo"])
def test_nothing_runs_by_get(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 405


def test_other_sites_cannot_post(browser: Browser, rude: Path) -> None:
    headers = {"sec-fetch-site": "cross-site"}
    sent = browser.post("/kb/7001/check", data={"root": str(rude)}, headers=headers)
    assert sent.status_code == 403


def test_what_does_not_exist_says_so(browser: Browser) -> None:
    missing = browser.get("/kb/7011")
    assert missing.status_code == 404
    assert "KB7001" in missing.text
    assert browser.post("/changes/x/undo", data={"next": "/kb"}).status_code == 404
    assert browser.post("/kb/7002/check", data={"root": ""}).status_code == 409


def test_an_undo_leads_to_no_other_site(browser: Browser, rude: Path) -> None:
    page = browser.get("/kb/7001?" + urlencode({"root": str(rude)}))
    applied = send(browser, send(browser, send(browser, page, "/check"), "/plan"), "/apply")
    change = str(applied.url).split("/changes/")[1].split("?")[0]
    sent = browser.post(f"/changes/{change}/undo", data={"next": "//evil.example"})
    assert not sent.headers["location"].startswith("//")


def test_the_list_and_the_search(browser: Browser) -> None:
    assert browser.get("/", follow_redirects=True).url.path == "/kb"
    listed = browser.get("/kb").text
    assert "A greeting" in listed
    assert "In Italiano only" in listed
    found = browser.get("/kb?q=sorry").text
    assert "<mark>sorry</mark>" in found
    assert "Only to read" not in found
    assert "Only to read" in browser.get("/kb?tag=sample").text
    assert "No article found" in browser.get("/kb?q=<b>unicorn").text


def test_an_article_is_shown_in_the_visitor_s_language_and_cleaned(browser: Browser) -> None:
    page = browser.get("/kb/KB7001")
    assert '<h2 id="greeting-rude">' in page.text
    assert "<script>alert" not in page.text
    italian = browser.get("/kb/7001", headers={"accept-language": "it"}).text
    assert '<html lang="it">' in italian
    assert "English" in italian


def test_pages_hold_nothing_that_the_policy_forbids(browser: Browser, rude: Path) -> None:
    page = browser.get("/kb/7001?" + urlencode({"root": str(rude)}))
    for seen in (page, send(browser, page, "/check"), browser.get("/kb")):
        assert "default-src 'none'" in seen.headers["content-security-policy"]
        assert " style=" not in seen.text
        assert " onclick=" not in seen.text
