"""Ways in which people word the problems of the support pages.

What `held_out.tsv` asks was never learned from: whoever wrote it knew the problems and not the
search, and it was asked only when that was done. A phrasing that somebody has learned or tuned
from belongs into `questions.<language>.txt` beside its article, and a fresh one in its place.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from deskside.knowledge.library import articles_folder
from deskside.knowledge.service import Library

LIBRARY = Library.open()
LANGUAGES = ("en", "it")


def read(name: str) -> list[tuple[str, ...]]:
    """The phrasings of a file: language, numbers of the articles that are right, words."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return [tuple(line.split("\t")) for line in text.splitlines()]


def beside_articles() -> list[tuple[str, ...]]:
    """The same of what was learned from."""
    return [
        (file.suffixes[0].removeprefix("."), file.parent.name, line)
        for file in sorted(articles_folder().glob("*/questions.*.txt"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]


LEARNED, HELD_OUT = beside_articles(), read("held_out.tsv")


def misses(phrasings: list[tuple[str, ...]]) -> list[str]:
    """Those whose article is not first, and what is."""
    wrong = []
    for language, numbers, words in phrasings:
        first = next(iter(LIBRARY.search(words, language)), None)
        if first is None or first.number not in numbers.split(","):
            wrong.append(f"{words!r}: {first.number if first else 'nothing'}, not {numbers}")
    return wrong


def test_half_of_the_held_out_are_italian() -> None:
    italian = sum(language == "it" for language, _number, _words in HELD_OUT)
    assert len(HELD_OUT) >= 800
    assert 0.4 * len(HELD_OUT) <= italian <= 0.6 * len(HELD_OUT)


def test_none_of_the_held_out_was_learned_from() -> None:
    assert {words.casefold() for _language, _numbers, words in HELD_OUT}.isdisjoint(
        words.casefold() for _language, _numbers, words in LEARNED
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_right_article_comes_first(language: str) -> None:
    asked = [phrasing for phrasing in HELD_OUT if phrasing[0] == language]
    wrong = misses(asked)
    assert len(wrong) <= 0.05 * len(asked), wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_learned_is_known(language: str) -> None:
    # Every tenth, always the same: each takes some 15 ms.
    asked = [phrasing for phrasing in LEARNED if phrasing[0] == language][::10]
    assert len(asked) >= 300
    wrong = misses(asked)
    assert len(wrong) <= 0.03 * len(asked), wrong


@pytest.mark.parametrize("other", LANGUAGES)
def test_a_question_in_the_other_language_is_answered(other: str) -> None:
    asked = [(n.split(","), words) for language, n, words in HELD_OUT if language != other]
    assert len(asked) >= 400
    found = [any(r.number in n for r in LIBRARY.search(words, other)[:3]) for n, words in asked]
    assert sum(found) >= 0.9 * len(found)
