"""Feeds, the site map, lists by tag and platform, and languages by address."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from .test_portal_pages import app, feedback, get

__all__ = ["app", "feedback"]
ATOM = "{http://www.w3.org/2005/Atom}"


def test_atom_by_tag_and_language(app: object) -> None:
    feed = ET.fromstring(get(app, "/kb/feed.atom?tag=firewall&lang=en").content)
    assert [entry.findtext(f"{ATOM}title", "")[:6] for entry in feed.iter(f"{ATOM}entry")] == [
        "KB2816"
    ]
    italian = get(app, "/kb/feed.atom?lang=it")
    assert italian.headers["content-type"].startswith("application/atom+xml")
    assert "Recuperare le impostazioni di TWS" in italian.text
    root = ET.fromstring(italian.content)
    for required in ("id", "title", "updated"):
        assert root.findtext(f"{ATOM}{required}")
        assert all(entry.findtext(f"{ATOM}{required}") for entry in root.iter(f"{ATOM}entry"))


def test_rss_has_what_a_reader_needs(app: object) -> None:
    channel = ET.fromstring(get(app, "/kb/feed.rss").content).find("channel")
    assert channel is not None
    items = channel.findall("item")
    assert items
    for item in items:
        assert all(item.findtext(name) for name in ("title", "link", "guid", "pubDate"))


def test_the_site_map_lists_every_language(app: object) -> None:
    page = get(app, "/sitemap.xml").text
    assert "/kb/2816?lang=it</loc>" in page
    assert 'hreflang="en" href="http://localhost/kb/2816?lang=en"' in page


def test_an_address_names_its_language_and_the_others(app: object) -> None:
    page = get(app, "/kb/2816?lang=it", "en").text
    assert '<html lang="it">' in page
    assert '<link rel="canonical" href="http://localhost/kb/2816?lang=it">' in page
    assert 'hreflang="en"' in page
    assert '<html lang="en">' in get(app, "/kb/2816?lang=xx", "en").text


def test_a_change_of_language_keeps_the_place(app: object) -> None:
    page = get(app, "/kb?q=firewall&lang=it").text
    assert 'name="next" value="/kb?q=firewall"' in page


def test_results_lead_to_their_section_and_say_what_was_corrected(app: object) -> None:
    page = get(app, "/kb?q=port+swalows+connections").text
    assert 'href="/kb/2816#port-dropped"' in page
    assert "Searched for: port swallows connections" in page


@pytest.mark.parametrize("asked", ["?page=2", "?page=0", "?page=x", "?page=99999", "?platform=x"])
def test_any_page_of_the_list_is_answered(app: object, asked: str) -> None:
    assert get(app, f"/kb{asked}").status_code == 200


@pytest.mark.parametrize(
    "words",
    [
        "a" * 100_000,
        '") OR (',
        "NEAR(a b)",
        "title:x",
        '"',
        "*",
        "^a",
        "a AND",
        "-",
        "\x00",
        "' --",
    ],
)
def test_nothing_that_is_searched_for_is_an_operator(words: str) -> None:
    from deskside.knowledge.service import Library

    Library.open().search(words)


def test_a_page_is_small(app: object) -> None:
    for number in ("2816", "2323"):
        assert len(get(app, f"/kb/{number}").content) < 60_000
