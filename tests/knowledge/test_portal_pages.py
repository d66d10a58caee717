"""The portal's pages: for reading, in the visitor's language, with the command to run."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import FrozenClock
from deskside.foundation.database import Database
from deskside.foundation.keyring import Keyring
from deskside.knowledge.feedback.service import Feedback
from deskside.knowledge.service import Library

from .conftest import Write, text
from .reader import ask, portal

LIBRARY = Library.open()


@pytest.fixture
def feedback(sqlite_database: Database, tmp_path: Path, clock: FrozenClock) -> Feedback:
    keyring = Keyring.open(sqlite_database, tmp_path / "keys", clock=clock)
    return Feedback(sqlite_database, keyring, clock, Audit(clock), timedelta(days=30))


@pytest.fixture
def app(feedback: Feedback) -> Any:
    return portal(LIBRARY, feedback)


def get(app: Any, path: str, language: str = "en") -> httpx2.Response:
    return ask(app, path, accept_language=language)


@pytest.mark.parametrize(
    ("number", "language", "words"),
    [
        ("2323", "en", "The settings file is damaged"),
        ("2323", "it", "Il file delle impostazioni è danneggiato"),
        ("2816", "en", "The port swallows connections"),
        ("KB2816", "it-CH", "La porta inghiotte le connessioni"),
    ],
)
def test_an_article_is_read(app: Any, number: str, language: str, words: str) -> None:
    page = get(app, f"/kb/{number}", language)
    assert page.status_code == 200
    assert words in page.text
    assert f'<html lang="{language[:2]}">' in page.text


def test_a_server_cannot_touch_the_visitor_s_computer(app: Any) -> None:
    page = get(app, "/kb/2323").text
    assert "deskside run KB2323" in page
    assert "/check" not in page
    assert get(app, "/kb/2323/check").status_code == 404


def test_the_vendor_s_pages_are_linked_and_named_as_the_vendor_s(app: Any) -> None:
    page = get(app, "/kb/2323").text
    assert "our rewrite of KB2323" in page
    assert 'href="https://ibkr.info/article/2323"' in page


def test_the_list_the_search_and_the_subjects(app: Any) -> None:
    assert "KB2816" in get(app, "/kb").text
    found = get(app, "/kb?q=port-dropped").text
    assert "KB2816" in found
    assert "KB2323" not in found
    assert "KB2323" not in get(app, "/kb?tag=firewall").text
    assert "KB2323" in get(app, "/kb?q=2323&tag=").text


def test_a_related_article_that_is_not_there_takes_nothing_else_away(
    write: Write, library: Callable[[], Library], feedback: Feedback
) -> None:
    write("7001", related='["7002", "7003"]', title="Read me")
    write("7003", title="Me too")
    page = ask(portal(library(), feedback), "/kb/7001")
    assert page.status_code == 200
    assert "Me too" in page.text
    assert "7002" not in page.text


def test_a_text_in_another_language_says_so_to_what_reads_aloud(
    write: Write, library: Callable[[], Library], feedback: Feedback
) -> None:
    """WCAG 3.1.2, language of parts."""
    write("7001", related='["7002"]', title="One")
    write("7002", title="Two")
    reader = portal(library(), feedback)
    page = ask(reader, "/kb/7001", accept_language="it").text
    for part in ('<h1 lang="en">One', 'ds-prose" lang="en"', '<li lang="en"><a href="/kb/7002">'):
        assert part in page
    assert '<h1 lang="en"' not in ask(reader, "/kb/7001", accept_language="en").text
    for path in ("/kb", "/kb?q=polite"):
        listed = ask(reader, path, accept_language="it").text
        assert '<h2 lang="en"><a href="/kb/7001">One' in listed
        assert '<p lang="en">' in listed


def test_no_link_of_the_desk_s_list_leads_nowhere(tmp_path: Path, feedback: Feedback) -> None:
    """Whatever lies in the folder is named there, with what is wrong with it."""
    named = ["9101/en", "9101/de", "9102/EN", "KB9103/en", "9104/README", '"<a>"/en', "09105/en"]
    for name in named:
        path = tmp_path / "own" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text("9101") if name == "9101/en" else "no article")
    desk = portal(Library.open(own=tmp_path / "own"), feedback)
    page = ask(desk, "/desk/articles", who="olga+operator").text
    assert page.count("The file is broken") == len(named) - 1
    assert "KBKB" not in page
    links = re.findall(r'href="(/desk/articles/[^"]+)"', page)
    assert links == ["/desk/articles/9101/en"]
    assert ask(desk, links[0], who="olga+operator").status_code == 200


def test_an_unknown_article_is_not_found(app: Any) -> None:
    page = get(app, "/kb/%3Cscript%3E")
    assert page.status_code == 404
    assert "<script>" not in page.text.split("<main")[1]


def test_what_was_found_in_another_language_leads_to_the_visitor_s_own_text(app: Any) -> None:
    found = get(app, "/kb?q=inghiotte+le+connessioni").text
    assert ">Hosts and ports" in found
    assert '<p lang="it">' in found
    assert "In Italiano only" not in found
