"""By what a way of asking is known: stems, pairs of stems, and runs of letters.

Runs find mistyped words, parts of long ones, and forms that the stemmer does not bring together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from deskside.knowledge.search.analysis import STOP_WORDS, stems

LONGEST_RUN = 4


def stems_and_pairs(said: Sequence[str], language: str) -> Iterator[str]:
    """Stems of words, and of pairs of words, joined by a space; small words only in pairs."""
    small = STOP_WORDS.get(language, frozenset())
    stemmed = stems(said, language)
    yield from (stem for stem, word in zip(stemmed, said, strict=True) if word not in small)
    yield from map(" ".join, pairwise(stemmed))


def runs(said: Iterable[str]) -> Iterator[str]:
    """Runs of letters; the ends of a word are marked by angle brackets, and are in its runs."""
    for word in said:
        framed = f"<{word}>"
        yield from (framed[at : at + LONGEST_RUN] for at in range(len(framed) - LONGEST_RUN + 1))
