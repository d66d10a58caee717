"""Every feed, judged by programs that are not ours: feedparser, and the schema of RFC 4287."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import feedparser
import pytest
import rnc2rng
from lxml import etree

from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import FrozenClock
from deskside.foundation.database import Database
from deskside.foundation.keyring import Keyring
from deskside.foundation.text import LANGUAGES, use_language
from deskside.knowledge.export.site import export
from deskside.knowledge.feedback.service import Feedback
from deskside.knowledge.service import Library

from .reader import ask, portal

LIBRARY = Library.open()
GRAMMAR = Path(__file__).parents[1] / "samples" / "atom.rnc"
KINDS = {"atom": ("atom10", "application/atom+xml"), "rss": ("rss20", "application/rss+xml")}


def subjects() -> Iterator[tuple[str, str]]:
    """Each language with no tag, and with each of its tags."""
    for language in LANGUAGES:
        tags = {tag for article in LIBRARY.articles(language) for tag in article.tags}
        yield from ((language, tag) for tag in ["", *sorted(tags)])


@pytest.fixture(scope="module")
def schema() -> etree.RelaxNG:
    # The converter declares the empty namespace, which only its compact form can name.
    written = rnc2rng.dumps(rnc2rng.load(str(GRAMMAR))).replace(' xmlns:local=""', "")
    return etree.RelaxNG(etree.fromstring(written.encode()))


@pytest.fixture
def app(sqlite_database: Database, tmp_path: Path, clock: FrozenClock) -> Any:
    keyring = Keyring.open(sqlite_database, tmp_path / "keys", clock=clock)
    feedback = Feedback(sqlite_database, keyring, clock, Audit(clock), timedelta(days=30))
    return portal(LIBRARY, feedback)


def judged(content: bytes, kind: str, media_type: str, schema: etree.RelaxNG) -> Any:
    """The feed as feedparser reads it, after both judges."""
    read = feedparser.parse(content, response_headers={"content-type": media_type})
    assert not read.bozo, read.get("bozo_exception")
    assert read.version == KINDS[kind][0]
    assert media_type.startswith(KINDS[kind][1])
    if kind == "atom":
        document = etree.fromstring(content)
        assert schema.validate(document), schema.error_log
        # What the schema cannot say (RFC 4287, the Schematron rules of appendix B; 4.2.6).
        assert read.feed.author or all(entry.get("author") for entry in read.entries)
        for entry in read.entries:
            assert entry.get("content") or any(
                each.get("rel", "alternate") == "alternate" for each in entry.links
            )
        assert [each.rel for each in read.feed.links].count("self") == 1
    identities = [entry.id for entry in read.entries]
    assert len(set(identities)) == len(identities)
    assert all(urlsplit(each).scheme and urlsplit(each).netloc for each in identities)
    assert all(
        entry.title and entry.summary and entry.updated_parsed
        for entry in read.entries
        if kind == "atom"
    )
    assert all(entry.title and entry.published_parsed for entry in read.entries if kind == "rss")
    return read


def test_the_judge_judges(schema: etree.RelaxNG) -> None:
    head = b'<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><title>t</title>'
    assert not schema.validate(etree.fromstring(head + b"</feed>"))
    assert not schema.validate(etree.fromstring(head + b"<updated>2026-11-27</updated></feed>"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_portal_s_feeds_are_valid(app: Any, schema: etree.RelaxNG, kind: str) -> None:
    for language, tag in subjects():
        query = urlencode(({"tag": tag} if tag else {}) | {"lang": language})
        got = ask(app, f"/kb/feed.{kind}?{query}")
        read = judged(got.content, kind, got.headers["content-type"], schema)
        assert read.feed.language == language
        assert read.feed.title.endswith(tag)
        listed = [a for a in LIBRARY.articles(language) if not tag or tag in a.tags]
        assert len(read.entries) == len(listed) > 0
        own = next(link for link in read.feed.links if link.rel == "self")
        assert own.href == f"http://localhost/kb/feed.{kind}?{query}"
        assert ask(app, read.entries[0].link).status_code == 200
        assert read.feed.link == f"http://localhost/kb?{query}"
        assert f'<html lang="{language}"' in ask(app, read.feed.link).text
    for unknown in ("nothing-has-this", "%00%0B%3C%2Ffeed%3E", "%F0%9F%A6%93"):
        empty = ask(app, f"/kb/feed.{kind}?tag={unknown}")
        assert judged(empty.content, kind, empty.headers["content-type"], schema).entries == []


def test_an_exported_site_s_feeds_are_valid(tmp_path: Path, schema: etree.RelaxNG) -> None:
    export(LIBRARY, tmp_path / "site", "https://kb.example")
    use_language("en")
    for language in LANGUAGES:
        for kind, (_version, media_type) in KINDS.items():
            content = (tmp_path / "site" / language / f"feed.{kind}").read_bytes()
            read = judged(content, kind, media_type, schema)
            place = urlsplit(read.entries[0].link)
            assert place.netloc == "kb.example"
            assert (tmp_path / "site" / place.path.lstrip("/")).is_file()


@pytest.mark.parametrize("path", ["/kb", "/kb?tag=firewall", "/kb/2816", "/kb?q=port"])
def test_pages_name_both_feeds(app: Any, path: str) -> None:
    page = etree.HTML(ask(app, path).text)
    named = {
        link.get("type"): link.get("href")
        for link in page.findall(".//link[@rel='alternate'][@type]")
    }
    assert set(named) == {media_type for _version, media_type in KINDS.values()}
    for media_type, href in named.items():
        assert ask(app, href).headers["content-type"].startswith(media_type)
    if path != "/kb/2816":
        shown = {each.get("href") for each in page.findall(".//main//a")}
        assert set(named.values()) <= shown
