from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deskside.knowledge import markdown

ALLOWED = {
    **{tag: set() for tag in markdown.TAGS},
    **{tag: {"id"} for tag in markdown.HEADINGS},
    "a": {"href", "rel"},
    "ol": {"start"},
    "li": {"id"},
}


class Elements(HTMLParser):
    """Every element and attribute of a text, as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def scheme(target: str) -> str:
    """As a browser reads it: blanks at the ends and tabs anywhere are nothing, `%09` is no tab."""
    read = re.sub(r"[\t\n\r]", "", target.strip("".join(map(chr, range(33))))).lower()
    found = re.match(r"([a-z][a-z0-9+.-]*):", read)
    return found[1] if found else ""


def harmless(text: str) -> bool:
    for tag, attributes in Elements(text).seen:
        if tag not in ALLOWED or not set(attributes) <= ALLOWED[tag]:
            return False
        if scheme(attributes.get("href") or "") not in ("", "http", "https", "mailto"):
            return False
    return True


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<a href='javascript:alert(1)'>x</a>",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "![x](x onerror=alert(1))",
    '## T {#a" onclick=alert(1)}',
    "## <svg onload=alert(1)>",
    "<p style='position:fixed'>x</p>",
    "<form action=/undo><button>x</button></form>",
    "| a |\n|:-:|\n| <script>x</script> |",
    "`<script>`",
    "<!--><script>alert(1)</script>-->",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
]


@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_markdown_is_harmless(body: str) -> None:
    assert harmless(markdown.to_html(body))


@given(st.lists(st.sampled_from(HOSTILE) | st.text(max_size=20), max_size=6).map("\n".join))
@example("[a](vbscript:x)")
def test_no_mixture_of_hostile_markdown_does_harm(body: str) -> None:
    assert harmless(markdown.to_html(body))


@given(st.text(alphabet="<>[]()!`#{}\"'=:/&;\\abjscriptonload \n|-*_", max_size=80))
def test_no_punctuation_does_harm(body: str) -> None:
    assert harmless(markdown.to_html(body))


@given(st.lists(st.text(max_size=20), min_size=1, max_size=8))
def test_headings_have_different_names_and_the_page_has_the_same(titles: list[str]) -> None:
    body = "\n\n".join(f"## {title}" for title in titles)
    names = [section.anchor for section in markdown.sections(body)]
    assert len(set(names)) == len(names)
    ids = [attrs["id"] for tag, attrs in Elements(markdown.to_html(body)).seen if "id" in attrs]
    assert ids == names


def test_a_heading_keeps_the_name_it_was_given() -> None:
    body = "## Damaged *file* {#settings-damaged}\n\n## Über uns\n"
    assert [(s.anchor, s.title) for s in markdown.sections(body)] == [
        ("settings-damaged", "Damaged file"),
        ("uber-uns", "Über uns"),
    ]
    assert '<h2 id="settings-damaged">Damaged <em>file</em></h2>' in markdown.to_html(body)


def test_links_lead_to_our_articles_or_the_vendor_s() -> None:
    text = markdown.to_html("[a](kb:2816#port-dropped) [b](vendor:2282) [c](#here)")
    assert 'href="/kb/2816#port-dropped"' in text
    assert 'href="https://ibkr.info/article/2282"' in text
    assert 'href="#here"' in text


def test_numbered_steps_are_counted_for_each_section() -> None:
    body = "## A\n\n1. one\n2. two\n   - not a step\n\n## B\n\n- none\n"
    assert [(s.title, s.steps) for s in markdown.sections(body)] == [("A", 2), ("B", 0)]


def test_tables_are_tables_and_carry_no_style() -> None:
    text = markdown.to_html("| a | b |\n|--:|---|\n| 1 | 2 |\n")
    assert "<table>" in text
    assert "style" not in text


def test_the_terminal_shows_neither_names_nor_addresses() -> None:
    body = "## Here {#here}\n\nSee [that page](kb:2816).\n"
    assert markdown.plain(body) == "## Here\n\nSee that page."


STEP = "{check=a.b unless=bad,worse fix=c.d}"


def test_a_step_knows_its_check_its_fix_and_its_place() -> None:
    body = f"## A {{#aa}}\n\n1. one\n2. *two* {STEP}\n\nText.\n\n7. seven {{check=a.b}}\n"
    first, last = markdown.steps(body)
    assert (first.address, first.text, first.check) == ("aa.2", "two", "a.b")
    assert (first.unless, first.fix) == (("bad", "worse"), "c.d")
    assert (last.address, last.unless, last.fix) == ("aa.7", (), None)
    shown = markdown.to_html(body, {"aa.2": "<hr>"})
    assert '<li id="step-aa-2"><em>two</em><hr></li>' in shown
    assert "{check" not in shown + markdown.plain(body)


def test_what_is_seen_of_a_step_stands_outside_of_its_paragraph() -> None:
    assert "<p>one</p><hr>" in markdown.to_html(f"1. one {STEP}\n\n   more\n", {"1": "<hr>"})


def test_no_heading_gets_a_name_of_the_page_from_its_words() -> None:
    """Else `On this page` would lead to the panel that runs the article."""
    body = "## Run\n\n## Main\n\n## Comment\n\n## Running\n\n## Go {#run}"
    names = [section.anchor for section in markdown.sections(body)]
    assert names == ["run-section", "main-section", "comment-section", "running", "run"]


@pytest.mark.parametrize("mark", ["&#xE000;go.1&#xE001;", "&#57344;go.1&#57345;"])
def test_nobody_puts_something_into_a_place_by_numbers(mark: str) -> None:
    blocks = [
        mark,
        f"## Go {{#go}} {mark}",
        f"- *{mark}* [{mark}](kb:1)",
        f"    {mark}",
        f"`{mark}`",
    ]
    body = "\n\n".join(blocks)
    assert "SEEN" not in markdown.to_html(body, {"go.1": "SEEN"})


def test_nobody_but_us_puts_something_into_a_place() -> None:
    forged = "\ue0001\ue001 {check=a.b}\n\n1. one \ue0001\ue001 {check=a.b}"
    assert markdown.to_html(forged, {"1": "<hr>"}).count("<hr>") == 1
