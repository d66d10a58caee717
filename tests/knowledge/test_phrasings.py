"""Ways in which people word the problems of the support pages.

Those of `phrasings.tsv` may be looked at while tuning. Those of `held_out.tsv` were written before
it, and are asked only at the end whether the right article comes first: a phrasing that somebody
has tuned for belongs in the other file, and a fresh one in its place.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from deskside.knowledge.service import Library

LIBRARY = Library.open()
HERE = {article.number for article in LIBRARY.articles()}


def read(name: str) -> list[tuple[str, ...]]:
    """The phrasings of a file: language, numbers of the articles that are right, words."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return [tuple(line.split("\t")) for line in text.splitlines()]


TUNING, HELD_OUT = read("phrasings.tsv"), read("held_out.tsv")


def misses(phrasings: list[tuple[str, ...]]) -> tuple[list[str], int]:
    """Those whose article is here and not first, with what is; and how many were asked."""
    asked = [phrasing for phrasing in phrasings if HERE.issuperset(phrasing[1].split(","))]
    wrong = []
    for language, numbers, words in asked:
        first = next(iter(LIBRARY.search(words, language)), None)
        if first is None or first.number not in numbers.split(","):
            wrong.append(f"{words!r}: {first.number if first else 'nothing'}, not {numbers}")
    return wrong, len(asked)


@pytest.mark.parametrize(("phrasings", "least"), [(TUNING, 1400), (HELD_OUT, 200)])
def test_half_of_them_are_italian(phrasings: list[tuple[str, ...]], least: int) -> None:
    italian = sum(language == "it" for language, _number, _words in phrasings)
    assert len(phrasings) >= least
    assert 0.4 * len(phrasings) <= italian <= 0.6 * len(phrasings)


@pytest.mark.parametrize(
    ("phrasings", "share"), [(TUNING, 0.01), (HELD_OUT, 0.05)], ids=["tuning", "held-out"]
)
def test_the_right_article_comes_first(phrasings: list[tuple[str, ...]], share: float) -> None:
    wrong, asked = misses(phrasings)
    assert asked == len(phrasings)
    assert len(wrong) <= share * asked, wrong


@pytest.mark.parametrize("other", ["en", "it"])
def test_a_question_in_the_other_language_is_answered(other: str) -> None:
    foreign = [(n.split(","), w) for language, n, w in [*TUNING, *HELD_OUT] if language != other]
    # Two of three, always the same: each takes some 20 ms, and more of them tell no more.
    asked = [question for at, question in enumerate(foreign) if at % 3]
    assert len(asked) >= 560
    found = [any(r.number in n for r in LIBRARY.search(w, other)[:3]) for n, w in asked]
    assert sum(found) >= 0.9 * len(found)
