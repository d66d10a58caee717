from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from deskside.foundation.errors import NotFound
from deskside.foundation.findings import Status
from deskside.knowledge.service import Library

from .conftest import VENDOR, Write

Open = Callable[[], Library]
TODAY = date(2026, 12, 1)
THEIRS = VENDOR.format(number="7001", related='["2282"]')


def codes(library: Library) -> list[str]:
    return [finding.code for finding in library.lint(TODAY)]


def both(write: Write, **fields: str) -> None:
    for language in ("en", "it"):
        write("7001", language, **fields)


def test_the_articles_that_ship_keep_all_rules() -> None:
    findings = Library.open().lint(TODAY)
    assert [f.title for f in findings if f.status is not Status.OK] == []


def test_sound_articles_say_how_many_there_are(write: Write, library: Open) -> None:
    both(write)
    [finding] = library().lint(TODAY)
    assert (finding.code, finding.evidence) == ("articles-sound", {"articles": 1, "texts": 2})


def test_after_a_year_a_review_is_due_and_nothing_is_wrong(write: Write, library: Open) -> None:
    both(write)
    verified = library().article("7001").last_verified
    year = timedelta(days=365)
    assert [f.code for f in library().lint(verified + year)] == ["articles-sound"]
    sound, english, _italian = library().lint(verified + year + timedelta(days=1))
    assert sound.status is Status.OK
    assert (english.code, english.subject, english.is_problem) == (
        "review-due",
        "7001/en.md:1",
        False,
    )


def test_a_day_that_is_yet_to_come_is_no_review(write: Write, library: Open) -> None:
    """On the other side of the earth it may be tomorrow."""
    both(write)
    verified = library().article("7001").last_verified
    assert [f.code for f in library().lint(verified - timedelta(days=1))] == ["articles-sound"]
    _sound, english, _italian = library().lint(verified - timedelta(days=2))
    assert english.code == "review-due"
    assert english.title.endswith("on 2026-11-22, which is yet to come")


def test_a_folder_without_articles_is_not_praised(shelf: Path, library: Open) -> None:
    with pytest.raises(NotFound, match=re.escape(f"no article in {shelf}.")):
        library().lint(TODAY)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_what_is_no_file_hides_no_other_fault(shelf: Path, write: Write, library: Open) -> None:
    write("7002")
    (shelf / "7001" / "en.md").mkdir(parents=True)
    os.mkfifo(shelf / "7001" / "it.md")
    assert codes(library()) == ["article-malformed", "article-malformed", "language-missing"]


def test_a_missing_language_is_found(write: Write, library: Open) -> None:
    write("7001", "en")
    assert codes(library()) == ["language-missing"]


def test_a_malformed_file_is_found_with_its_line(write: Write, library: Open) -> None:
    write("7001", "en", source="+++\nnumber = \n+++\n")
    [finding] = library().lint(TODAY)
    assert (finding.code, finding.subject) == ("article-malformed", "7001/en.md:2")


@pytest.mark.parametrize(
    "body",
    [
        "See KB7777.",
        "See [that](kb:7777).",
        "See [that](kb:7001#nowhere).",
        "See [that](#nowhere).",
        "See [that](vendor:7777).",
        "See [that](http://example.org/plain).",
    ],
)
def test_a_reference_that_leads_nowhere_is_found(write: Write, library: Open, body: str) -> None:
    write("7001", "en", body=f"First.\n\n{body}", vendor=THEIRS)
    found = [f for f in library().lint(TODAY) if f.code == "reference-broken"]
    assert len(found) == 1
    source = (library().article("7001").path).read_text().split("\n")
    assert source[int(found[0].subject.split(":")[1]) - 1] == body


def test_references_that_lead_somewhere_are_fine(write: Write, library: Open) -> None:
    body = "KB7001 [a](kb:7001#here) [b](#here) [KB2282](vendor:2282) [c](https://x.org)"
    both(write, body=f"{body}\n\n## Here {{#here}}\n", vendor=THEIRS)
    assert codes(library()) == ["articles-sound"]


def test_a_vendor_s_article_that_we_have_by_now_is_found(write: Write, library: Open) -> None:
    both(write, body="[KB2282](vendor:2282)", vendor=THEIRS)
    for language in ("en", "it"):
        write("2282", language)
    assert set(codes(library())) == {"reference-outdated"}


@pytest.mark.parametrize(
    ("english", "italian"),
    [
        ({"body": "## A {#a}"}, {"body": "## B {#b}"}),
        ({"body": "## A {#a}\n\n1. x\n2. y"}, {"body": "## A {#a}\n\n1. x"}),
        ({"body": "## A {#a}"}, {"body": "### A {#a}"}),
        ({"body": "## A {#a}"}, {"body": "## A {#a}\n\n## B {#b}"}),
        ({"vendor": THEIRS}, {}),
        ({"related": '["7001"]'}, {}),
    ],
)
def test_languages_that_differ_are_found(
    write: Write, library: Open, english: dict[str, str], italian: dict[str, str]
) -> None:
    write("7001", "en", **english)
    write("7001", "it", **italian)
    assert codes(library()) == ["languages-differ"]


def test_a_title_inside_the_text_is_found(write: Write, library: Open) -> None:
    both(write, body="# Again")
    assert codes(library()) == ["heading-level", "heading-level"]


def test_checks_and_fixes_must_exist(write: Write, library: Open) -> None:
    both(write, checks='["no.such"]', fixes='["no.such"]')
    assert codes(library()) == ["unknown-check", "unknown-fix"] * 2


@pytest.mark.usefixtures("plugin")
def test_every_finding_of_a_check_needs_its_section(write: Write, library: Open) -> None:
    both(write, checks='["sample.greeting"]', body="## Rude {#greeting-rude}")
    found = library().lint(TODAY)
    assert {f.code for f in found} == {"section-missing"}
    assert "greeting-polite" in found[0].title
