"""A hundred ways in which people word the problems of the support pages.

Written before the search was tuned. Every other line of `phrasings.tsv` may be looked at while
tuning; the rest is held out, and asks only at the end whether the right article comes first.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from deskside.knowledge.service import Library

LIBRARY = Library.open()
HERE = {article.number for article in LIBRARY.articles()}
PHRASINGS = [
    tuple(line.split("\t"))
    for line in (Path(__file__).with_name("phrasings.tsv")).read_text(encoding="utf-8").splitlines()
]
TUNING, HELD_OUT = PHRASINGS[0::2], PHRASINGS[1::2]


def misses(phrasings: list[tuple[str, ...]]) -> tuple[list[str], int]:
    """Those whose article is here and not first, with what is; and how many were asked."""
    asked = [phrasing for phrasing in phrasings if phrasing[1] in HERE]
    wrong = []
    for language, number, words in asked:
        first = next(iter(LIBRARY.search(words, language)), None)
        if first is None or first.number != number:
            wrong.append(f"{words!r}: {first.number if first else 'nothing'}, not {number}")
    return wrong, len(asked)


def test_there_are_a_hundred_half_of_them_italian() -> None:
    assert len(PHRASINGS) == 100
    assert sum(language == "it" for language, _number, _words in PHRASINGS) == 50


@pytest.mark.parametrize(
    ("half", "share"), [(TUNING, 0.05), (HELD_OUT, 0.15)], ids=["tuning", "held-out"]
)
def test_the_right_article_comes_first(half: list[tuple[str, ...]], share: float) -> None:
    wrong, asked = misses(half)
    assert asked >= 35
    assert len(wrong) <= share * asked, wrong


@pytest.mark.parametrize("other", ["en", "it"])
def test_a_question_in_the_other_language_is_answered(other: str) -> None:
    asked = [(n, w) for language, n, w in PHRASINGS if language != other and n in HERE]
    found = [any(r.number == n for r in LIBRARY.search(w, other)[:3]) for n, w in asked]
    assert sum(found) >= 0.9 * len(found)
