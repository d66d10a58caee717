"""Input that is meant to hurt: markup, questions and articles of any kind and size."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st
from litestar.testing import TestClient

from deskside.cli import deskside
from deskside.knowledge import markdown, steps
from deskside.knowledge.service import Library
from deskside.local import local_app

from .conftest import Write
from .test_markdown import Elements, harmless
from .test_search import REAL

# Markup: whatever is combined, nothing that runs comes out.

SCHEMES = ["javascript:", "JaVaScRiPt:", "vbscript:", "data:text/html,", "java\tscript:", "\x01js:"]
HIDDEN = ["&#106;avascript:", "&#x6A;avascript:", "javascript&colon;", "//evil/"]
TARGETS = st.sampled_from([*SCHEMES, *HIDDEN, "kb:1#", "vendor:1", "#", "blob:", "file:///"])
ELEMENT_NAMES = """script img svg a iframe object embed form button style link meta base math
    details body xss p h2 li ol code video template noscript input textarea"""
ATTRIBUTE_NAMES = """onerror onload onclick onfocus ontoggle onmouseover ONERROR style formaction
    srcdoc srcset href src xlink:href id class autofocus start"""
NAMES, HANDLERS = st.sampled_from(ELEMENT_NAMES.split()), st.sampled_from(ATTRIBUTE_NAMES.split())
WORDS = st.text(max_size=12)
ELEMENTS = st.builds(
    "<{}{}{}={}{}{}>".format,
    NAMES,
    st.sampled_from([" ", "/", "\n", "\x0c", "\t"]),
    HANDLERS,
    st.sampled_from(["", '"', "'", "`"]),
    st.builds("{}alert(1)".format, TARGETS),
    st.sampled_from(["", '"', "'", "`", "/", " x"]),
)
LINKS = st.builds(
    "{}[{}]({}{}{})".format,
    st.sampled_from(["", "!", "[", "\\"]),
    WORDS | ELEMENTS,
    st.sampled_from(["", "<", " "]),
    st.builds("{}alert(1)".format, TARGETS),
    st.sampled_from(["", ">", ' "x" onclick=alert(1)', " 'x'"]),
)
DEFINITIONS = st.builds("\n[{}]: {}alert(1)\n\n[{}]".format, WORDS, TARGETS, WORDS)
BLOCKS = st.builds(
    "{}{}{}".format,
    st.sampled_from(
        ["", "## ", "1. ", "> ", "- ", "    ", "```\n", "| a |\n|--|\n| ", "<!-- ", "`"]
    ),
    st.one_of(WORDS, ELEMENTS, LINKS, DEFINITIONS),
    st.sampled_from(["", " {#a}", ' {#a" onclick=x}', "\n```", " |", " -->", " {check=a.b}", "`"]),
)


@given(st.lists(BLOCKS, min_size=1, max_size=6).map("\n".join))
@example("[a](javascript:alert(1))")
@example('<a href="java&#10;script:alert(1)">x</a>')
def test_no_markup_comes_out_alive(body: str) -> None:
    shown = markdown.to_html(body, {"a.1": "<hr>"})
    assert harmless(shown.replace("<hr>", ""))
    for tag, attributes in Elements(shown).seen:
        assert tag not in {"script", "iframe", "object", "embed", "style", "form", "svg", "math"}
        assert not any(name.startswith("on") for name in attributes)
        assert "script:" not in (attributes.get("href") or "").lower()


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        "[a](" * 100_000,
        "## a" + " " * 100_000 + "b",
        "1. a" + " " * 100_000 + "b",
        "1. a {check=a.b unless=" + "a," * 50_000,
        "## a\n" * 8_000,
    ],
    ids=["brackets", "links", "blanks", "blanks in a step", "mark", "headings"],
)
def test_a_page_of_one_thing_is_read_at_once(body: str) -> None:
    """Each took minutes once, since every place was held against all that followed it."""
    assert len(markdown.plain(body)) > 8_000
    assert len(steps.marks(body)) == 0
    if "##" in body:
        names = [section.anchor for section in markdown.sections(body)]
        assert len(set(names)) == len(names) == body.count("##")


@pytest.mark.parametrize("begun", ["[a](", "[a](b("])
def test_links_without_an_end_are_searched_at_once(
    write: Write, library: Callable[[], Library], begun: str
) -> None:
    """Each held against all that followed took minutes, while every other reader waited."""
    write("7001", title="A zebra", body=begun * (240_000 // len(begun)))
    write("7002", body="See [it](https://example.org/a_(b)) there.")
    assert [found.number for found in library().search("zebra", "en")] == ["7001"]
    [found] = library().search("see it there", "en")
    assert "example" not in found.snippet


# Questions: no operator of the engine, no length and no character breaks the search.

SYNTAX = """AND OR NOT NEAR NEAR( NEAR/3 ( ) " "" * ^ + - : , . { } [ ] ; -- /* */ \\ % _ '
    title: body: article: rank MATCH optimize rebuild {a b}: :* kb KB2816 2816 kb:2816
    tls-intercepted port-dropped tws firewall impostazioni İ ß ﷺ 🙂 a\u0301 ｆｉｒｅ"""
OPERATORS = [*SYNTAX.split(), "\x00", "\ufeff", "\u202e"]
JOINED = st.sampled_from(["", " ", "\n", "\t", '"', "*", "\u00a0"])


@given(
    st.lists(st.tuples(st.sampled_from(OPERATORS) | st.text(max_size=6), JOINED), max_size=12),
    st.sampled_from(["en", "it"]),
)
@example([("NEAR(", ""), ('"', "")], "en")
def test_no_question_breaks_the_search(typed: list[tuple[str, str]], language: str) -> None:
    question = "".join(part + after for part, after in typed)
    for result in REAL.search(question, language):
        assert result.title
        assert "\n" not in result.snippet


LONG = [
    "a" * 100_000,
    "a-" * 50_000,
    "firewall " * 11_112,
    '"' * 100_000,
    "(" * 100_000,
    "NEAR(" * 20_000,
    "kb2816 " * 14_286,
    "e\u0301" * 50_000,
    "\ud7ff" * 100_000,
    " ".join(map(str, range(19_000))),
    " OR ".join(["tws"] * 14_286),
]


@pytest.mark.parametrize("question", LONG, ids=[text[:8].strip() for text in LONG])
def test_a_question_of_a_hundred_thousand_characters_is_answered(question: str) -> None:
    assert len(question) > 99_000
    results = REAL.search(question, "en")
    assert all(result.title for result in results)
    if "firewall" in question:
        assert results


@pytest.mark.parametrize("question", [LONG[2], LONG[5]], ids=["words", "operators"])
def test_neither_the_terminal_nor_the_page_minds_a_long_question(question: str) -> None:
    found = CliRunner().invoke(deskside, ["kb", "search", question])
    assert found.exit_code == 0, found.output
    with TestClient(local_app({}, REAL), base_url="http://127.0.0.1") as client:
        answer = client.get("/kb", params={"q": question[:20_000]})
    assert answer.status_code == 200
    assert len(answer.text) < 200_000


def test_an_article_s_own_words_are_no_operators(
    write: Write, library: Callable[[], Library]
) -> None:
    write("7001", title="NEAR(this OR that) AND NOT *", summary="^x: {y}", body='"so" AND (on)')
    [found] = library().search('NEAR("this" OR', "en")
    assert found.number == "7001"
