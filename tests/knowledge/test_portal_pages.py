"""The portal's pages: for reading, in the visitor's language, with the command to run."""

from __future__ import annotations

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

from .reader import ask, portal

LIBRARY = Library.open()


@pytest.fixture
def app(sqlite_database: Database, tmp_path: Path, clock: FrozenClock) -> Any:
    keyring = Keyring.open(sqlite_database, tmp_path / "keys", clock=clock)
    feedback = Feedback(sqlite_database, keyring, clock, Audit(clock), timedelta(days=30))
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


def test_an_unknown_article_is_not_found(app: Any) -> None:
    page = get(app, "/kb/%3Cscript%3E")
    assert page.status_code == 404
    assert "<script>" not in page.text.split("<main")[1]


def test_what_was_found_in_another_language_leads_to_the_visitor_s_own_text(app: Any) -> None:
    found = get(app, "/kb?q=inghiotte+le+connessioni").text
    assert ">Hosts and ports" in found
    assert '<p lang="it">' in found
    assert "In Italiano only" not in found
