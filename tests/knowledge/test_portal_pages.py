"""The portal's pages: for reading, in the visitor's language, with the command to run."""

from __future__ import annotations

import anyio
import httpx2
import pytest

from deskside.knowledge.pages import portal_pages
from deskside.knowledge.service import Library
from deskside.web.service import Shell
from deskside.web.shell import build_app


@pytest.fixture(scope="module")
def app() -> object:
    return build_app(Shell([], []), portal_pages(), dependencies={"library": Library.open()})


def get(app: object, path: str, language: str = "en") -> httpx2.Response:
    async def ask() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=app)  # type: ignore[arg-type]
        headers = {"accept-language": language}
        base = "http://localhost"
        async with httpx2.AsyncClient(transport=transport, base_url=base, headers=headers) as http:
            return await http.get(path)

    return anyio.run(ask)


@pytest.mark.parametrize(
    ("number", "language", "words"),
    [
        ("2323", "en", "The settings file is damaged"),
        ("2323", "it", "Il file delle impostazioni è danneggiato"),
        ("2816", "en", "The port swallows connections"),
        ("KB2816", "it-CH", "La porta inghiotte le connessioni"),
    ],
)
def test_an_article_is_read(app: object, number: str, language: str, words: str) -> None:
    page = get(app, f"/kb/{number}", language)
    assert page.status_code == 200
    assert words in page.text
    assert f'<html lang="{language[:2]}">' in page.text


def test_a_server_cannot_touch_the_visitor_s_computer(app: object) -> None:
    page = get(app, "/kb/2323").text
    assert "deskside run KB2323" in page
    assert "/check" not in page
    assert get(app, "/kb/2323/check").status_code == 404


def test_the_vendor_s_pages_are_linked_and_named_as_the_vendor_s(app: object) -> None:
    page = get(app, "/kb/2323").text
    assert "our rewrite of KB2323" in page
    assert 'href="https://ibkr.info/article/2323"' in page


def test_the_list_the_search_and_the_subjects(app: object) -> None:
    assert "KB2816" in get(app, "/kb").text
    found = get(app, "/kb?q=port-dropped").text
    assert "KB2816" in found
    assert "KB2323" not in found
    assert "KB2323" not in get(app, "/kb?tag=firewall").text
    assert "KB2323" in get(app, "/kb?q=2323&tag=").text


def test_an_unknown_article_is_not_found(app: object) -> None:
    page = get(app, "/kb/%3Cscript%3E")
    assert page.status_code == 404
    assert "<script>" not in page.text.split("<main")[1]
