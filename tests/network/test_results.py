"""Files of a finished test: what they hold, who may have them, and for how long."""

from __future__ import annotations

import asyncio
import html as markup
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from litestar.testing import TestClient

from deskside.foundation.errors import NotFound, Unavailable
from deskside.foundation.findings import Status
from deskside.foundation.text import use_language
from deskside.network import pages
from deskside.network.diagnosis import Report
from deskside.network.host_findings import finding_of
from deskside.network.model import Host
from deskside.network.progress import Progress, Step
from deskside.network.reports import FORMATS, Document
from deskside.network.responder import Responder
from deskside.network.results import IN_ADDRESS, LARGEST, LIVES, OwnKey, Results
from deskside.network.service import NetworkService
from deskside.network.watching import Watched
from deskside.web.model import Visitor

from .documents import DESK, MADE, PUBLIC, document, dropped
from .shell import SAME_SITE, client

PEOPLE = {
    "anna": Visitor("id-anna", "anna", "Anna", frozenset({"trader"}), "s"),
    "bruno": Visitor("id-bruno", "bruno", "Bruno", frozenset({"trader", "reviewer"}), "s"),
    "olga": Visitor("id-olga", "olga", "Olga", frozenset({"operator"}), "s"),
}


def bearer(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {name}"}


@pytest.fixture
def results() -> Results:
    return Results()


@pytest.fixture
def desk(responder: Responder, results: Results) -> Iterator[TestClient[Any]]:
    service = NetworkService(responder=responder, vendor_hosts=False, results=results)
    with client(pages.portal_pages(), service, local=False, people=PEOPLE) as opened:
        yield opened


def fetch_large(desk: TestClient[Any], sealed: str) -> Any:
    headers = bearer("anna") | SAME_SITE
    return desk.post("/network/report/json", data={"result": sealed}, headers=headers)


@pytest.fixture
def sealed(desk: TestClient[Any]) -> str:
    """What Anna's page brings back for its downloads."""
    text = desk.post("/network", headers=bearer("anna") | SAME_SITE).text
    return re.findall(r'name="result" value="([^"]+)"', text)[0]


def fetch(desk: TestClient[Any], who: str, kind: str, **query: str) -> Any:
    return desk.get(f"/network/report/{kind}?{urlencode(query)}", headers=bearer(who))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("leave_out", ["", "own", "desk"])
def test_a_finished_test_as_a_file(
    desk: TestClient[Any], sealed: str, kind: str, leave_out: str
) -> None:
    got = fetch(desk, "anna", kind, result=sealed, leave_out=leave_out)
    assert got.status_code == 200
    form = FORMATS[kind]
    assert got.headers["content-type"].startswith(form.media_type.split(";")[0])
    assert got.headers["cache-control"] == "no-store"
    name = re.fullmatch(r'attachment; filename="(.+)"', got.headers["content-disposition"])
    assert name is not None
    assert re.fullmatch(rf"deskside-network-test-\d{{8}}-\d{{4}}\.{form.suffix}", name[1])
    assert ("responder-tls" in got.text) == (leave_out != "desk")
    if kind == "json":
        assert json.loads(got.text)["redacted"] is bool(leave_out)


def test_only_who_ran_it_and_operators_may_have_it(desk: TestClient[Any], sealed: str) -> None:
    assert fetch(desk, "anna", "json", result=sealed).status_code == 200
    assert fetch(desk, "olga", "json", result=sealed).status_code == 200
    assert fetch(desk, "bruno", "json", result=sealed).status_code == 404
    nobody = desk.get(f"/network/report/json?result={sealed}", follow_redirects=False)
    assert nobody.status_code == 303
    assert nobody.headers["location"].startswith("/login")


def test_what_is_not_ours_is_nobodys(desk: TestClient[Any], sealed: str) -> None:
    at = len(sealed) // 2
    changed = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
    foreign = Results().seal(document(dropped(PUBLIC)), "id-anna")
    for wrong in ("", "x", "é", changed, sealed[:-9], foreign, "A" * 40_000):
        assert fetch(desk, "olga", "json", result=wrong).status_code == 404
    assert fetch(desk, "anna", "exe", result=sealed).status_code == 404


@dataclass
class At:
    """A clock that is set by hand."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


def test_after_a_day_it_is_gone() -> None:
    clock = At(MADE)
    results = Results(OwnKey(), clock)
    made = document(dropped(PUBLIC, answer="ü\n"), seconds=1.25)
    sealed = results.seal(made, "anna")
    assert results.open(sealed, "anna") == made
    clock.moment += LIVES
    assert results.open(sealed, "anna") == made
    clock.moment += timedelta(seconds=1)
    with pytest.raises(NotFound, match="its time is over"):
        results.open(sealed, "anna")


def many(count: int) -> Document:
    hosts = tuple(
        replace(DESK, id=f"row-{number}", host=f"h{number * 7919 % 10007}.example")
        for number in range(count)
    )
    found = [
        dropped(host, milliseconds=number * 7919 % 99991 / 7) for number, host in enumerate(hosts)
    ]
    return document(*found, hosts=hosts)


def test_a_result_too_large_for_an_address_comes_from_the_page(
    desk: TestClient[Any], results: Results
) -> None:
    small, large = (results.seal(many(count), "id-anna") for count in (20, 5_000))
    assert 0 < len(small) < IN_ADDRESS < len(large)
    for who, status in (("anna", 200), ("olga", 200), ("bruno", 404)):
        got = desk.post(
            "/network/report/json",
            data={"result": large, "leave_out": "own"},
            headers=bearer(who) | SAME_SITE,
        )
        assert got.status_code == status
    assert len(json.loads(fetch_large(desk, large).text)["findings"]) == 5_000
    foreign = bearer("anna") | {"sec-fetch-site": "cross-site"}
    assert desk.post("/network/report/json", data={"result": large}, headers=foreign).is_error
    assert fetch_large(desk, "A" * (LARGEST + 100_000)).status_code == 413


def test_a_result_too_large_for_any_way_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deskside.network.results.LARGEST", 5_000)
    assert Results().seal(many(20), "anna")
    assert Results().seal(many(2_000), "anna") == ""


def test_the_shipped_catalogues_size_fits() -> None:
    hosts = tuple(
        Host(id=f"tws-{number}", host=f"dc{number}.ibllc.com", ports=(4000, 4001))
        for number in range(40)
    )
    assert Results().seal(document(*map(dropped, hosts), hosts=hosts), "anna")


def test_the_page_tells_how_far_it_is_and_ends_with_the_result(desk: TestClient[Any]) -> None:
    text = desk.post("/network", headers=bearer("anna") | SAME_SITE).text
    assert "\0" not in text
    live = text[text.index('class="ds-live"') :]
    assert live.index("The test is running") < live.index("Everything tested can be reached")
    assert re.search(r"\d of 2 hosts · \d+ s left at most", live)
    assert "What was not tested" in live
    assert text.rstrip().endswith("</html>")


def test_the_page_is_sent_in_pieces(desk: TestClient[Any]) -> None:
    sent: list[dict[str, Any]] = []
    headers = {"host": "testserver.local"} | bearer("anna") | SAME_SITE
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/network",
        "raw_path": b"/network",
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("testserver.local", 80),
        "state": {},
    }

    asked: list[None] = []
    whole = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if asked:  # the browser stays until the page is whole
            await whole.wait()
            return {"type": "http.disconnect"}
        asked.append(None)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(dict(message))
        if message.get("more_body") is False:
            whole.set()

    asyncio.run(desk.app(scope, receive, send))
    assert sent[0]["status"] == 200
    names = dict(sent[0]["headers"])
    assert names[b"x-accel-buffering"] == b"no"
    assert b"content-length" not in names
    told = [message["body"].decode() for message in sent[1:] if message.get("body")]
    assert "The test is running" in told[0]
    assert "</html>" not in told[0]
    assert told[-1].rstrip().endswith("</html>")


def test_a_desk_without_a_responder_says_so_as_before(
    desk: TestClient[Any], responder: Responder
) -> None:
    responder.stop()
    got = desk.post("/network", headers=bearer("anna") | SAME_SITE)
    assert got.status_code == 404
    assert "This desk runs no responder to test against" in markup.unescape(got.text)


def report() -> Report:
    return document(dropped(PUBLIC)).report


def test_watching_says_what_has_changed_and_no_more() -> None:
    use_language("en")

    def test(progress: Progress, _stop: threading.Event) -> Report:
        for step in (
            Step(0, 2, ("a",), 9.6),
            Step(0, 2, ("a",), 9.5001),
            Step(1, 2, ("b",), 9.4),
            Step(2, 2, (), 9.2),
        ):
            progress(step)
        return report()

    watched = Watched(test)
    assert list(watched) == [
        "0 of 2 hosts · 10 s left at most: a …",
        "1 of 2 hosts · 9 s left at most: b …",
        "2 of 2 hosts · 9 s left at most: This computer and its line …",
    ]
    assert watched.report == report()


def test_a_refusal_comes_before_the_page_and_a_late_one_on_it() -> None:
    refusal = Unavailable("test-running", "A test is already running here.")

    def at_once(_progress: Progress, _stop: threading.Event) -> Report:
        raise refusal

    def late(progress: Progress, _stop: threading.Event) -> Report:
        progress(Step(0, 1, (), 1))
        raise refusal

    with pytest.raises(Unavailable):
        Watched(at_once)
    watched = Watched(late)
    assert len(list(watched)) == 1
    assert (watched.report, watched.problem) == (None, refusal)


def test_who_leaves_ends_the_test() -> None:
    ended = threading.Event()

    def test(progress: Progress, stop: threading.Event) -> Report:
        progress(Step(0, 1, ("a",), 9))
        assert stop.wait(10)
        ended.set()
        return report()

    steps = iter(Watched(test))
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert ended.wait(10)


def test_local_files_need_nobody(responder: Responder, monkeypatch: pytest.MonkeyPatch) -> None:
    made = NetworkService(responder=responder, vendor_hosts=False)
    monkeypatch.setattr(NetworkService, "load", lambda _self, _source: made.catalogue())
    with client(pages.local_pages(), None, local=True) as opened:
        text = opened.post("/network", headers=SAME_SITE).text
        sealed = re.findall(r'name="result" value="([^"]+)"', text)[0]
        got = opened.get(f"/network/report/text?result={sealed}&leave_out=own")
        assert got.status_code == 200
        assert "responder-tls" in got.text
        assert parse_qs(urlsplit(str(got.url)).query)["leave_out"] == ["own"]
        assert opened.get("/network/report/text?result=x").status_code == 404


def test_the_page_says_once_what_is_the_same_of_many() -> None:
    hosts = tuple(
        Host(id=f"tws-{number}", host=f"dc{number}.ibllc.com", ports=(4000,)) for number in range(3)
    )
    followed = replace(
        finding_of("ping-blocked", Status.WARNING, "network", {}), explained_by="port-dropped"
    )
    made = document(*map(dropped, hosts), followed, hosts=hosts).report
    testing = pages.Testing(Watched(lambda _progress, _stop: made), "here", Results(), "anna")
    assert list(testing.steps) == []
    [(finding, about, explains)] = testing.problems
    assert finding.title == "No answer (3)"
    assert testing.in_address
    assert about == [f"dc{number}.ibllc.com (tws-{number})" for number in range(3)]
    assert explains == ["Ping gets no answer"]


def test_the_page_lists_no_thousands() -> None:
    made = many(3_000).report
    fine = tuple(finding_of("reachable", Status.OK, host, {"ports": [1]}) for host in made.hosts)
    both = replace(made, findings=(*made.findings, *fine))
    testing = pages.Testing(Watched(lambda _progress, _stop: both), "here", Results(), "anna")
    assert list(testing.steps) == []
    [(finding, about, _explains)] = testing.problems
    assert (finding.title, about[-1]) == ("No answer (3,000)", "and 2,988 more")
    [calm] = testing.calm
    assert calm.title.startswith("Reachable (3,000): ")
    assert calm.title.endswith("and 2,988 more")
