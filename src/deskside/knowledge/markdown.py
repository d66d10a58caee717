"""Markdown to HTML that is safe to show, with a name on every heading.

Raw HTML in Markdown is shown as text, and what the renderer makes is cleaned once more by an
allow list, so that no script, handler, style or strange link survives either of two mistakes.

`## Damaged file {#settings-damaged}` names a heading; without a name it gets one from its words.
Steps that know their check (`steps.py`) have a name, too, and a place for what is seen of them.
`[text](kb:2816#port-dropped)` leads to an article of ours, `[text](vendor:2282)` to the vendor's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from deskside.knowledge.model import Section, Step
from deskside.knowledge.steps import MARK

NAMED = re.compile(r"(?<!\s)\s*\{#(?P<anchor>[a-z0-9]+(?:-[a-z0-9]+)*)\}\s*$")
OURS = re.compile(r"kb:(?P<number>[0-9]{1,6})(?:#(?P<anchor>[a-z0-9-]+))?")
THEIRS = re.compile(r"vendor:(?P<number>[0-9]{1,6})")
VENDOR_ADDRESS = "https://ibkr.info/article/{number}"

OF_THE_PAGE = ("main", "run", "comment")
"""Names that the page around an article has given away; no heading gets them from its words."""

COMMAND = re.compile(r"deskside [a-z]")
LINK = re.compile(r"\[([^\[\]]+)\]\([^()\s]+\)")
"""Never looks past the next bracket: else a page of brackets would take minutes."""

HEADINGS = {"h2", "h3", "h4", "h5", "h6"}
LISTS = {"ul", "ol", "li"}
TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
WORDS = {"p", "a", "strong", "em", "code", "pre", "blockquote", "hr", "br"}
TAGS = HEADINGS | LISTS | TABLES | WORDS
ATTRIBUTES = {name: {"id"} for name in HEADINGS} | {"a": {"href"}, "ol": {"start"}, "li": {"id"}}
ATTRIBUTES["*"] = set()
"""No `title` and no `lang` either, which the cleaner would let through on any element."""
HEADING = re.compile(r'<h([2-6]) id="([a-z0-9-]+)">.*?</h\1>', re.DOTALL)
PLACE = re.compile("\ue000([a-z0-9.-]+)\ue001(</p>)?")
"""Where a page puts what is seen of a step; taken out of whatever an author writes."""


def to_html(body: str, seen: Mapping[str, str] | None = None) -> str:
    """The body of an article as HTML that holds only harmless elements.

    Args:
        seen: harmless HTML of ours to put under a step, by the step's address.
    """
    parser = _parser()
    raw = str(parser.renderer.render(_tokens(body), parser.options, {}))
    cleaned = nh3.clean(
        raw,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
        clean_content_tags={"script", "style"},
    )
    return PLACE.sub(lambda place: (place[2] or "") + (seen or {}).get(place[1], ""), cleaned)


def with_sections_elsewhere(html: str, languages: Sequence[tuple[str, str]]) -> str:
    """The HTML of an article with a way, under each heading, to the same section elsewhere.

    Sections have the same names in all languages: `kb lint` sees to it.

    Args:
        languages: tag and name of each other language of the article.
    """
    if not languages:
        return html

    def linked(heading: re.Match[str]) -> str:
        ways = " ".join(
            f'<a href="?lang={tag}#{heading[2]}" hreflang="{tag}" lang="{tag}">{name}</a>'
            for tag, name in languages
        )
        return f'{heading[0]}<p class="ds-elsewhere">{ways}</p>'

    return HEADING.sub(linked, html)


def steps(body: str) -> list[Step]:
    """The steps of an article that know their check, in order."""
    return [step for _token, step in _marked(_named(_parser().parse(body)))]


def sections(body: str) -> list[Section]:
    """The headings of an article in order."""
    found: list[Section] = []
    tokens = _named(_parser().parse(body))
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            line = token.map[0] if token.map else 0
            anchor, level = str(token.attrGet("id")), int(token.tag[1])
            title = _words(tokens[index + 1])
            found.append(Section(anchor, level, title, _steps(tokens, index + 1), line))
    return found


def links(body: str) -> list[str]:
    """Where the links of an article lead, as they are written in it."""
    return [
        str(child.attrGet("href"))
        for token in _parser().parse(body)
        for child in token.children or ()
        if child.type == "link_open"
    ]


def commands(body: str) -> list[str]:
    """The `deskside …` commands of an article, in the line or fenced, in order."""
    found = []
    for token in _parser().parse(body):
        inline = [child.content for child in token.children or () if child.type == "code_inline"]
        fenced = token.content.splitlines() if token.type in ("fence", "code_block") else []
        found += [text.strip() for text in (*inline, *fenced) if COMMAND.match(text.strip())]
    return found


def plain(body: str) -> str:
    """The body for a terminal: Markdown without the names of headings and the aims of links."""
    lines = [
        NAMED.sub("", line) if line.startswith("#") else MARK.sub("", line)
        for line in body.split("\n")
    ]
    return LINK.sub(r"\1", "\n".join(lines)).strip("\n")


def slug(title: str) -> str:
    """A heading's name made from its words: lower-case ASCII letters, digits, hyphens."""
    bare = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-") or "section"


@lru_cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _tokens(body: str) -> list[Token]:
    """The tokens of a page: names on headings and steps, and a place under every step."""
    tokens = _named(_parser().parse(body))
    for token in tokens:
        # Not in the body: an author may write a character by its number, too.
        for written in (token, *(token.children or ())):
            written.content = re.sub("[\ue000\ue001]", "", written.content)
    for inline, step in _marked(tokens):
        inline.children = [*(inline.children or []), _place(step)]
    return tokens


def _place(step: Step) -> Token:
    return Token("text", "", 0, content=f"\ue000{step.address}\ue001")


def _marked(tokens: list[Token]) -> Iterator[tuple[Token, Step]]:
    """The steps that know their check, each with the token of its words, its mark cut off."""
    section, lists, item = "", [], None
    taken: set[str] = set()
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            section = str(token.attrGet("id"))
        elif token.type in ("ordered_list_open", "bullet_list_open"):
            first = int(token.attrGet("start") or 1) if token.tag == "ol" else None
            lists.append(first)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            lists.pop()
        elif token.type == "list_item_open" and lists[-1] is not None:
            item, lists[-1] = (token, lists[-1]), lists[-1] + 1
        elif token.type == "inline" and item and tokens[index - 2] is item[0]:
            step = _take_mark(token, section, item[1])
            if step and step.address not in taken:
                taken.add(step.address)
                item[0].attrSet("id", step.anchor)
                yield token, step


def _take_mark(inline: Token, section: str, number: int) -> Step | None:
    """Cut the mark off a step and return what it says; None where there is none."""
    last = inline.children[-1] if inline.children else None
    matched = MARK.search(last.content) if last and last.type == "text" else None
    if not (last and matched):
        return None
    last.content = last.content[: matched.start()]
    unless = tuple(matched["unless"].split(",")) if matched["unless"] else ()
    return Step(section, number, _words(inline), matched["check"], unless, matched["fix"])


def _named(tokens: list[Token]) -> list[Token]:
    """The tokens with an id on every heading and every link leading somewhere real."""
    taken: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", free(_take_name(tokens[index + 1]), taken))
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
    made = slug(_words(inline))
    return f"{made}-section" if made in OF_THE_PAGE else made


def free(name: str, taken: dict[str, int]) -> str:
    """The name, or one with the next number that makes it the only one."""
    free = name
    while free in taken:
        taken[name] += 1
        free = f"{name}-{taken[name]}"
    taken[free] = 1
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


def _steps(tokens: list[Token], start: int) -> int:
    """Items of the numbered lists from a token on, before the next heading."""
    count = 0
    lists: list[str] = []
    for at in range(start, len(tokens)):
        token = tokens[at]
        if token.type == "heading_open":
            break
        if token.type in ("ordered_list_open", "bullet_list_open"):
            lists.append(token.type)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            lists.pop()
        elif token.type == "list_item_open" and lists[-1] == "ordered_list_open":
            count += 1
    return count
