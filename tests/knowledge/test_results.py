"""A result comes back once, to one browser, and carries findings only."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from deskside.foundation.clock import FrozenClock
from deskside.foundation.database import Database
from deskside.foundation.errors import NotFound, Unavailable, UsageProblem
from deskside.foundation.findings import Finding, Status
from deskside.foundation.keyring import Keyring
from deskside.foundation.registry import Situation
from deskside.knowledge.results import service
from deskside.knowledge.results.model import SentFinding, SentResult
from deskside.knowledge.results.sending import Link, document
from deskside.knowledge.results.service import LINK_LIVES, Results, article_result
from deskside.knowledge.running import Report
from deskside.knowledge.service import Library

FOUND = SentFinding(code="port-dropped", status=Status.FAILURE, evidence={"deep": {"x": [1]}})


@pytest.fixture
def keyring(database: Database, tmp_path: Path, clock: FrozenClock) -> Keyring:
    return Keyring.open(database, tmp_path / "keys", clock=clock)


@pytest.fixture
def results(database: Database, keyring: Keyring, clock: FrozenClock) -> Results:
    return Results(database, keyring, clock)


def sent(token: str, number: str = "2816") -> SentResult:
    return SentResult(token, number, [FOUND])


def test_a_result_is_seen_by_the_browser_that_asked_and_by_no_other(results: Results) -> None:
    offered, other = results.offer("2816"), results.offer("2816")
    awaited = results.read(offered.reader)
    assert awaited
    assert awaited.received is None
    results.receive(sent(offered.link))
    shown = results.read(offered.reader)
    assert shown
    assert [(f.code, f.fixes) for f in shown.findings] == [("port-dropped", ())]
    assert shown.findings[0].evidence == {"deep": '{"x": [1]}'}
    still = results.read(other.reader)
    assert still
    assert still.received is None
    assert results.read(offered.link) is None
    assert results.read("") is None


def test_a_link_works_once_and_for_its_article_only(results: Results) -> None:
    offered = results.offer("2816")
    for token, number in ((offered.link, "2323"), (offered.reader, "2816"), ("x", "2816")):
        with pytest.raises(NotFound):
            results.receive(sent(token, number))
    results.receive(sent(offered.link))
    with pytest.raises(NotFound, match="used already"):
        results.receive(sent(offered.link))


def test_of_many_at_once_exactly_one_is_taken(results: Results) -> None:
    offered = results.offer("2816")
    taken: list[bool] = []

    def try_it() -> None:
        try:
            results.receive(sent(offered.link))
        except NotFound:
            taken.append(False)
        else:
            taken.append(True)

    threads = [threading.Thread(target=try_it) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 5 + [True]


def test_a_link_and_a_result_end(results: Results, clock: FrozenClock, database: Database) -> None:
    late, read = results.offer("2816"), results.offer("2816")
    results.receive(sent(read.link))
    clock.advance(LINK_LIVES)
    with pytest.raises(NotFound):
        results.receive(sent(late.link))
    assert results.read(read.reader)
    clock.advance(service.KEPT)
    assert results.read(read.reader) is None
    results.offer("2816")
    with database.read() as connection:
        assert len(connection.execute(select(article_result)).all()) == 1


def test_nothing_that_opens_it_and_nothing_that_was_sent_lies_in_the_clear(
    results: Results, database: Database
) -> None:
    offered = results.offer("2816")
    results.receive(sent(offered.link))
    with database.read() as connection:
        stored = repr(connection.execute(select(article_result)).all())
    for secret in (offered.link, offered.reader, "port-dropped"):
        assert secret not in stored


def test_whoever_asks_without_end_is_refused(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST", 2)
    results.offer("2816")
    results.offer("2816")
    with pytest.raises(Unavailable):
        results.offer("2816")


@pytest.mark.parametrize(
    "finding",
    [
        {"code": "<b>", "status": "ok"},
        {"code": "x", "status": "fine"},
        {"code": "x", "status": "ok", "article": "javascript:alert(1)"},
        {"code": "x", "status": "ok", "title": "x" * 2001},
        {"code": "x", "status": "ok", "evidence": {str(n): n for n in range(61)}},
    ],
)
def test_what_is_no_finding_is_not_taken(finding: dict[str, Any]) -> None:
    body = {"token": "t", "article": "2816", "findings": [finding]}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(body, SentResult)


# What is sent.


def report(subject: str) -> Report:
    article = Library.open(own=Path("/nowhere")).article("2323")
    finding = Finding(
        code="settings-damaged",
        status=Status.FAILURE,
        subject=subject,
        title=f"{subject} of ada is damaged",
        evidence={"host": "10.1.2.3"},
        article="2323#settings-damaged",
        fixes=("workspace.restore",),
    )
    return Report(article, Situation({"user": "ada"}), (finding,), ())


def test_names_are_replaced_and_codes_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    told = document(report("/home/ada/Jts/darykq/tws.xml"), names=False)
    text = msgspec.json.encode(told).decode()
    for personal in ("ada", "10.1.2.3", "darykq"):
        assert personal not in text
    assert told["findings"][0]["code"] == "settings-damaged"
    assert told["findings"][0]["article"] == "2323#settings-damaged"
    assert "fixes" not in told["findings"][0]
    msgspec.convert(told | {"token": "t"}, SentResult)


def test_names_stay_where_the_person_wants_it() -> None:
    told = document(report("/home/ada/tws.xml"), names=True)
    assert told["findings"][0]["subject"] == "/home/ada/tws.xml"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://localhost:1/kb/2323/result",
        "http://localhost:1/kb/2323/result#short",
        "file:///kb/2323/result#" + "x" * 43,
        "http://localhost:1/kb/x/result#" + "x" * 43,
        "http://localhost:1/other#" + "x" * 43,
    ],
)
def test_what_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem):
        Link.parse(text)


def test_a_link_names_portal_article_and_secret() -> None:
    link = Link.parse("https://desk.example:8443/kb/2323/result#" + "x" * 43)
    assert (link.portal, link.number, link.token) == (
        "https://desk.example:8443",
        "2323",
        "x" * 43,
    )
