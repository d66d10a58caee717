"""Markdown to HTML that is safe to show, with a name on every heading.

Raw HTML in Markdown is shown as text, and what the renderer makes is cleaned once more by an
allow list, so that no script, handler, style or strange link survives either of two mistakes.

`## Damaged file {#settings-damaged}` names a heading; without a name it gets one from its words.
`[text](kb:2816#port-dropped)` leads to an article of ours, `[text](vendor:2282)` to the vendor's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from deskside.knowledge.model import Section

NAMED = re.compile(r"\s*\{#(?P<anchor>[a-z0-9]+(?:-[a-z0-9]+)*)\}\s*$")
OURS = re.compile(r"kb:(?P<number>[0-9]{1,6})(?:#(?P<anchor>[a-z0-9-]+))?")
THEIRS = re.compile(r"vendor:(?P<number>[0-9]{1,6})")
VENDOR_ADDRESS = "https://ibkr.info/article/{number}"

HEADINGS = {"h2", "h3", "h4", "h5", "h6"}
LISTS = {"ul", "ol", "li"}
TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
WORDS = {"p", "a", "strong", "em", "code", "pre", "blockquote", "hr", "br"}
TAGS = HEADINGS | LISTS | TABLES | WORDS
ATTRIBUTES = {name: {"id"} for name in HEADINGS} | {"a": {"href"}, "ol": {"start"}}


def to_html(body: str) -> str:
    """The body of an article as HTML that holds only harmless elements."""
    parser = _parser()
    raw = str(parser.renderer.render(_named(parser.parse(body)), parser.options, {}))
    return nh3.clean(
        raw,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
        clean_content_tags={"script", "style"},
    )


def sections(body: str) -> list[Section]:
    """The headings of an article in order."""
    found: list[Section] = []
    tokens = _named(_parser().parse(body))
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            line = token.map[0] if token.map else 0
            anchor, level = str(token.attrGet("id")), int(token.tag[1])
            title = _words(tokens[index + 1])
            found.append(Section(anchor, level, title, _steps(tokens[index + 1 :]), line))
    return found


def links(body: str) -> list[str]:
    """Where the links of an article lead, as they are written in it."""
    return [
        str(child.attrGet("href"))
        for token in _parser().parse(body)
        for child in token.children or ()
        if child.type == "link_open"
    ]


def plain(body: str) -> str:
    """The body for a terminal: Markdown without the names of headings and the aims of links."""
    lines = [NAMED.sub("", line) if line.startswith("#") else line for line in body.split("\n")]
    return re.sub(r"\[([^\]]+)\]\([^)\s]+\)", r"\1", "\n".join(lines)).strip("\n")


def slug(title: str) -> str:
    """A heading's name made from its words: lower-case ASCII letters, digits, hyphens."""
    bare = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-") or "section"


@lru_cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _named(tokens: list[Token]) -> list[Token]:
    """The tokens with an id on every heading and every link leading somewhere real."""
    taken: set[str] = set()
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _free(_take_name(tokens[index + 1]), taken))
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", address(str(child.attrGet("href"))))
    return tokens


def _take_name(inline: Token) -> str:
    """Cut `{#name}` off a heading and return the name, or make one."""
    last = inline.children[-1] if inline.children else None
    matched = NAMED.search(last.content) if last and last.type == "text" else None
    if last and matched:
        last.content = last.content[: matched.start()]
        return matched["anchor"]
    return slug(_words(inline))


def _free(name: str, taken: set[str]) -> str:
    free, count = name, 1
    while free in taken:
        count += 1
        free = f"{name}-{count}"
    taken.add(free)
    return free


def address(written: str) -> str:
    """Where a link really leads: `kb:` and `vendor:` links become addresses."""
    if ours := OURS.fullmatch(written):
        return f"/kb/{ours['number']}" + (f"#{ours['anchor']}" if ours["anchor"] else "")
    if theirs := THEIRS.fullmatch(written):
        return VENDOR_ADDRESS.format(number=theirs["number"])
    return written


def _words(inline: Token) -> str:
    return "".join(_text(inline.children or [])).strip()


def _text(children: list[Token]) -> Iterator[str]:
    for child in children:
        yield " " if child.type in ("softbreak", "hardbreak") else child.content


def _steps(tokens: list[Token]) -> int:
    """Items of the numbered lists before the next heading."""
    count = 0
    lists: list[str] = []
    for token in tokens:
        if token.type == "heading_open":
            break
        if token.type in ("ordered_list_open", "bullet_list_open"):
            lists.append(token.type)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            lists.pop()
        elif token.type == "list_item_open" and lists[-1] == "ordered_list_open":
            count += 1
    return count
