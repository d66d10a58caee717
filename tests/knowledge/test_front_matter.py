from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.knowledge.front_matter import BadArticle, parse
from deskside.knowledge.library import read_article, read_shelf
from deskside.knowledge.model import article_number

from .conftest import VENDOR, text

PATH = Path("articles/7001/en.md")


def test_all_fields_are_read() -> None:
    vendor = VENDOR.format(number="7001", related='["2282"]')
    article = parse(text(related='["2323"]', checks='["a.b"]', vendor=vendor), PATH)
    assert (article.number, article.language, article.title) == ("7001", "en", "A greeting")
    assert article.last_verified == date(2026, 11, 22)
    assert article.checks == ("a.b",)
    assert article.references == ("2323", "2282")
    assert article.vendor
    assert article.vendor.label == "our rewrite of KB7001"


def test_the_body_knows_its_line() -> None:
    source = text(body="## Here")
    article = parse(source, PATH)
    line = source.split("\n").index("## Here") + 1
    assert article.body.split("\n")[line - article.body_line] == "## Here"


@pytest.mark.parametrize(
    ("before", "after", "line", "reason"),
    [
        ("+++\nnumber", "number", 1, "first line"),
        ("fixes = []\n", "fixes = []\ncolour = 'red'\n", 14, "unknown field colour"),
        ('title = "A greeting"\n', "", 2, "title is missing"),
        ('title = "A greeting"', "title = 7", 3, "title must be a text"),
        ('title = "A greeting"', 'title = "  "', 3, "title must be a text"),
        ('tags = ["sample"]', "tags = [1]", 6, "tags must be a list of texts"),
        ("last_verified = 2026-11-22", "last_verified = 'soon'", 9, "must be a date"),
        ('language = "en"', 'language = "it"', 5, "another language"),
        ('language = "en"', 'language = "xx"', 5, "unknown language xx"),
        ('number = "7001"', 'number = "7002"', 2, "another number"),
        ('"windows"', '"beos"', 7, "unknown platform beos"),
        ("related = []", 'related = ["KB1"]', 10, "KB1 is no article number"),
        ("supersedes = []", 'supersedes = ["x"]', 11, "x is no article number"),
        ('title = "A greeting"', 'title = "A', 3, "Illegal character"),
        ('title = "A greeting"', 'title = "\\u200b"', 3, "title must be a text"),
        ('title = "A greeting"', 'title = "\\u001b[31m"', 3, "U+001B is no text"),
        ('tags = ["sample"]', 'tags = ["a\\uffff"]', 6, "U+FFFF is no text"),
        ("Some words.", "Some\x07words.", 16, "U+0007 is no text"),
        ("fixes = []", "fixes = []\nfixes = []", 14, "Cannot overwrite a value"),
        ('"all"', "9" * 5_000, 1, "too many digits"),
        ("related = []", "related = " + "[" * 5_000, 1, "too deep"),
    ],
)
def test_mistakes_name_file_line_and_reason(
    before: str, after: str, line: int, reason: str
) -> None:
    source = text()
    assert before in source
    with pytest.raises(BadArticle, match=re.escape(reason)) as caught:
        parse(source.replace(before, after, 1), PATH)
    assert caught.value.message.startswith(f"7001/en.md:{line}: ")


def test_a_reason_names_no_second_line() -> None:
    """The reader of TOML counts from the line below the fence; ours is the file's."""
    with pytest.raises(BadArticle) as caught:
        parse(text().replace("2026-11-22", "2026-02-30"), PATH)
    assert caught.value.message == "7001/en.md:9: Invalid date or datetime"


def test_texts_of_several_lines_become_one() -> None:
    source = text(title="Long", summary="Long").replace('"Long"', '"""\n  Two\n\tlines """')
    article = parse(source, PATH)
    assert (article.title, article.summary) == ("Two lines", "Two lines")


def test_front_matter_must_end() -> None:
    with pytest.raises(BadArticle, match="closing"):
        parse('+++\nnumber = "7001"\n', PATH)


def test_the_vendor_s_address_must_be_https() -> None:
    vendor = VENDOR.format(number="7001", related="[]").replace("https:", "javascript:")
    with pytest.raises(BadArticle, match="https"):
        parse(text(vendor=vendor), PATH)


def test_a_file_that_is_not_utf8_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "7001" / "en.md"
    path.parent.mkdir()
    path.write_bytes(b"+++\nnumber = \xff")
    with pytest.raises(BadArticle, match=r"en\.md:2"):
        read_article(path)


def test_one_bad_file_does_not_hide_the_others(tmp_path: Path) -> None:
    for number, source in (("7001", text()), ("7002", "nothing")):
        (tmp_path / number).mkdir()
        (tmp_path / number / "en.md").write_text(source)
    shelf = read_shelf(tmp_path)
    assert list(shelf.articles) == ["7001"]
    assert [fault.path.parent.name for fault in shelf.faults] == ["7002"]


def refusal(source: str) -> str:
    """Why a file is refused; empty where it is an article."""
    try:
        article = parse(source, PATH)
    except BadArticle as refused:
        return refused.message
    return "" if article.number == "7001" and article.title.strip() else "half understood"


def clear(message: str) -> bool:
    """Whether a message names the file, a line and a reason."""
    return bool(re.match(r"7001/en\.md:[1-9][0-9]*: .", message, re.DOTALL))


@given(st.text())
def test_any_text_is_refused_clearly(source: str) -> None:
    assert clear(refusal(source))


@given(
    st.sampled_from(["number", "title", "tags", "last_verified", "checks"]),
    st.text() | st.sampled_from(["1", '""', "[1]", "[[[", "2026-11-22T00:00:00", "{}", "'x'"]),
)
def test_any_value_in_a_field_is_taken_or_refused_clearly(field: str, value: str) -> None:
    source = re.sub(rf"(?m)^{field} = .*$", lambda _: f"{field} = {value}", text())
    message = refusal(source)
    assert not message or clear(message)


@given(st.integers(1, 999999), st.sampled_from(["", "KB", "kb", "Kb", " KB"]))
def test_a_number_is_understood_however_it_is_written(number: int, prefix: str) -> None:
    assert article_number(f"{prefix}{number}") == str(number)


@pytest.mark.parametrize("name", ["", "KB", "KB0", "12a", "-3", "../2323", "1234567", "２３２３x"])
def test_what_is_no_number_is_none(name: str) -> None:
    assert article_number(name) is None
