"""What other programs read of the knowledge base: Atom and RSS feeds, and the site map.

Atom by RFC 4287, RSS by the RSS Advisory Board's 2.0.11, site maps by sitemaps.org 0.9 with
`xhtml:link` for the languages of a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from deskside.foundation.text import LANGUAGES, _
from deskside.knowledge.model import Article

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ATOM_TYPE = "application/atom+xml"
ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"
MOST_ENTRIES = 50


@dataclass(frozen=True, slots=True)
class Places:
    """Where a site has its articles.

    Attributes:
        home: address of the list of them.
        article: address of one, by number and language.
    """

    home: str
    article: Callable[[str, str], str]

    @classmethod
    def of_portal(cls, site: str, language: str, subject: str = "") -> Places:
        """Those of a portal.

        Args:
            site: its address, without a slash at its end.
            language: that of the list of articles.
            subject: the tag that all articles of the list have, if they were chosen by one.
        """
        query = urlencode(({"tag": subject} if subject else {}) | {"lang": language})
        return cls(f"{site}/kb?{query}", lambda number, tag: article_address(site, number, tag))


def atom(
    articles: Iterable[Article], *, places: Places, here: str, language: str, subject: str = ""
) -> bytes:
    """An Atom feed of articles, the newest first.

    Args:
        here: the feed's own address; it is its identifier too.
        subject: the tag that all of them have, if they were chosen by one.
    """
    newest = _newest(articles)
    register_namespace("", ATOM)
    feed = Element(f"{{{ATOM}}}feed", {LANG: language})
    _child(feed, "id", here)
    _child(feed, "title", _title(subject))
    _child(feed, "updated", _moment(newest[0].last_verified if newest else date(1970, 1, 1)))
    SubElement(feed, f"{{{ATOM}}}link", {"rel": "self", "href": here, "type": ATOM_TYPE})
    SubElement(
        feed, f"{{{ATOM}}}link", {"rel": "alternate", "href": places.home, "type": "text/html"}
    )
    SubElement(SubElement(feed, f"{{{ATOM}}}author"), f"{{{ATOM}}}name").text = "Deskside"
    for article in newest:
        entry = SubElement(feed, f"{{{ATOM}}}entry")
        if article.language != language:
            entry.set(LANG, article.language)
        address = places.article(article.number, article.language)
        _child(entry, "id", address)
        _child(entry, "title", f"{article.name} {article.title}")
        _child(entry, "updated", _moment(article.last_verified))
        _child(entry, "summary", article.summary)
        SubElement(entry, f"{{{ATOM}}}link", {"rel": "alternate", "href": address})
        for tag in article.tags:
            SubElement(entry, f"{{{ATOM}}}category", {"term": tag})
    return _document(feed)


def rss(
    articles: Iterable[Article], *, places: Places, here: str, language: str, subject: str = ""
) -> bytes:
    """An RSS feed of articles, the newest first; arguments as for `atom`."""
    register_namespace("atom", ATOM)
    root = Element("rss", {"version": "2.0"})
    channel = SubElement(root, "channel")
    SubElement(channel, "title").text = _title(subject)
    SubElement(channel, "link").text = places.home
    SubElement(channel, "description").text = _("Articles that are new or verified again")
    SubElement(channel, "language").text = language
    own = {"rel": "self", "href": here, "type": "application/rss+xml"}
    SubElement(channel, f"{{{ATOM}}}link", own)
    for article in _newest(articles):
        item = SubElement(channel, "item")
        address = places.article(article.number, article.language)
        SubElement(item, "title").text = f"{article.name} {article.title}"
        SubElement(item, "link").text = address
        SubElement(item, "guid").text = address
        SubElement(item, "pubDate").text = format_datetime(_day(article.last_verified), usegmt=True)
        SubElement(item, "description").text = article.summary
        for tag in article.tags:
            SubElement(item, "category").text = tag
    return _document(root)


def sitemap(numbers: Iterable[tuple[str, Sequence[str]]], *, places: Places) -> bytes:
    """Every article in every language, each with the addresses of the others.

    Args:
        numbers: each article's number and the languages that it exists in.
    """
    register_namespace("", SITEMAP)
    register_namespace("xhtml", XHTML)
    root = Element(f"{{{SITEMAP}}}urlset")
    for number, languages in numbers:
        for language in languages:
            url = SubElement(root, f"{{{SITEMAP}}}url")
            SubElement(url, f"{{{SITEMAP}}}loc").text = places.article(number, language)
            for other in languages:
                link = {"rel": "alternate", "hreflang": other}
                link["href"] = places.article(number, other)
                SubElement(url, f"{{{XHTML}}}link", link)
    return _document(root)


def article_address(site: str, number: str, language: str) -> str:
    """The one address of an article in a language."""
    return f"{site}/kb/{number}?lang={language if language in LANGUAGES else 'en'}"


def _title(subject: str) -> str:
    site = _("Deskside: knowledge base")
    return f"{site}: {subject}" if subject else site


def _newest(articles: Iterable[Article]) -> list[Article]:
    ranked = sorted(articles, key=lambda a: (a.last_verified, int(a.number)), reverse=True)
    return ranked[:MOST_ENTRIES]


def _child(parent: Element, name: str, text: str) -> None:
    SubElement(parent, f"{{{ATOM}}}{name}").text = text


def _day(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _moment(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _document(root: Element) -> bytes:
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content
