"""How texts are weighed for a question.

Texts that hold all terms come first. After them, every text that holds some is weighed by how much
of the question it covers, a rare term counting more than a common one, so that "n of m words"
comes before "any word". Of the texts that hold all, those go before that hold the words as they
were written, and those that say little besides: the question is more of what they are about.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from sys import intern

from deskside.knowledge.search.analysis import says_something, words
from deskside.knowledge.search.documents import Document
from deskside.knowledge.search.question import Question, Term
from deskside.knowledge.search.tables import MOST_PASSAGES, Tables, lane
from deskside.knowledge.search.vocabulary import Vocabulary

CANDIDATES = 40
"""Texts that are weighed for a place among the results."""
ENOUGH = 10
"""Texts with all terms, from which on none with fewer is looked for."""
COMMON, COMMON_FROM = 0.03, 100
"""Share of the texts, and at least how many, from which on a word is common: it tells little, so
that it brings no text in by itself, and costs most."""
ASKED = 1.4
SAME, SAME_COVERS = 0.5, 0.9
"""What a word that means the same counts beside the word itself."""
TITLE, TITLE_OF_ALL = 1.2, 0.25
"""What it counts to have the whole question in title and tags, beside the best text's weight; less
where a text holds all of it anyway."""
HEADING = 0.4
"""The same for the heading of a section."""
WORD_FOR_WORD = 2.0
"""What it counts to hold the question as one phrase, as a pasted message."""
PLACE = 1.0
"""How much of the coverage must stand in one section, or in front of the text."""
PASSAGE = 0.1
"""What the best section counts beside the whole text."""
ALL_TERMS, ALL_WORDS = 1.8, 2.4
"""What it counts to hold every term, or every word down to the smallest."""
AS_WRITTEN = 1.05
"""What it counts to hold every term as it was written, not by its stem alone."""
BREVITY = 0.1
"""Among texts with all terms, how much less one counts that says more: a power of its words."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of an indexed text besides its rows.

    Attributes:
        lead: words of title and tags.
        asked: the same for each way in which people ask for it.
        telling: its different words that say something.
    """

    document: Document
    lead: frozenset[str]
    asked: tuple[frozenset[str], ...]
    telling: tuple[str, ...]
    front: frozenset[str]

    @property
    def sections(self) -> int:
        """How many parts of it can be answers by themselves; one alone is the whole text."""
        count = len(self.document.passages)
        return min(count, MOST_PASSAGES) if count > 1 else 0


def held(document: Document, vocabulary: Collection[str]) -> Held:
    """What is kept of a text whose words are these."""
    return Held(
        document,
        _lane(f"{document.title} {document.tags}", document.language),
        tuple(_lane(phrase, document.language) for phrase in document.asked.splitlines()),
        tuple(intern(word) for word in vocabulary if says_something(word, document.language)),
        _lane(
            f"{document.title} {document.tags} {document.summary} {document.asked}",
            document.language,
        ),
    )


class Ranking:
    """The weights of texts.

    Args:
        tables: where words are looked up.
        vocabulary: how many texts hold each word.
        texts: all that is indexed, by row.
    """

    def __init__(self, tables: Tables, vocabulary: Vocabulary, texts: Mapping[int, Held]) -> None:
        self._tables = tables
        self._vocabulary = vocabulary
        self._texts = texts

    def scores(self, question: Question) -> dict[int, float]:
        """The weight of every text that holds some of the terms; of those with all, a higher."""
        terms = question.terms
        if not terms:
            return {}
        literal = self._tables.find(_every(question.literal), CANDIDATES)
        every = self._finely(terms, self._tables.find(_every(terms), CANDIDATES) | literal)
        weighed = every if len(every) >= ENOUGH else self._covering(terms, every)
        for row in every:
            weighed[row] *= ALL_WORDS if row in literal else ALL_TERMS
        if " " in question.phrase:
            for row in self._tables.holding(f'"{question.phrase}"') & weighed.keys():
                weighed[row] *= WORD_FOR_WORD
        return weighed

    @property
    def _common(self) -> int:
        return max(COMMON_FROM, int(len(self._texts) * COMMON))

    def _finely(self, terms: Sequence[Term], every: Mapping[int, float]) -> dict[int, float]:
        """Texts with all terms: a little more for each as written, for little besides."""
        if len(every) < 2:
            return dict(every)
        as_written = self._tables.holding(" AND ".join(term.written for term in terms))
        common = self._vocabulary.held_by(self._common)
        says = {
            row: 1 + sum(word not in common for word in self._texts[row].telling) for row in every
        }
        usual = sum(says.values()) / len(says)
        return {
            row: score * (AS_WRITTEN if row in as_written else 1.0) * (usual / says[row]) ** BREVITY
            for row, score in every.items()
        }

    def _covering(self, terms: Sequence[Term], every: Mapping[int, float]) -> dict[int, float]:
        """Texts by how well they answer, weighed by how much of the question they cover.

        Where a text has sections, its best one counts as much as the whole: an answer stands
        in one place.
        """
        spread = [_Spread.of(term, self._tables) for term in terms]
        scores = {**self._found(spread), **every}
        headed: dict[int, float] = {}
        for row, at, score in self._tables.find_passages(_any(terms), 4 * CANDIDATES):
            if row not in headed:
                scores[row] = scores.get(row, 0.0) + PASSAGE * score
            headed[row] = max(headed.get(row, 0.0), self._headed(row, at, terms))
        covered, titled = self._coverage(spread, scores)
        best = max(scores.values(), default=1.0)
        return {
            row: (
                score / best
                + max(
                    (TITLE_OF_ALL if row in every else TITLE) * titled[row][0],
                    ASKED * titled[row][1],
                    HEADING * headed.get(row, 0.0),
                )
            )
            * covered[row]
            for row, score in scores.items()
        }

    def _found(self, spread: Sequence[_Spread]) -> dict[int, float]:
        """The best texts that hold some of the terms, or what means the same for less."""
        found = self._tables.find(
            _any([s.term for s in _telling(spread, _held, self._common)]), CANDIDATES
        )
        if any(s.alike for s in spread):
            wide = " OR ".join(s.term.query for s in _telling(spread, _reached, self._common))
            for row, score in self._tables.find(wide, CANDIDATES).items():
                found[row] = found.get(row, 0.0) + SAME * score
        return found

    def _coverage(
        self, spread: Sequence[_Spread], rows: Collection[int]
    ) -> tuple[dict[int, float], dict[int, tuple[float, float]]]:
        """How much of the question each text covers, and its title and tags; 0 to 1.

        What people ask for it with counts like its title. A rare term is more of it. The engine's
        own measure gives a term that half of all texts hold no weight at all, which in a small
        library is every word of the field.
        """
        covered, titled = dict.fromkeys(rows, 0.0), dict.fromkeys(rows, 0.0)
        places = {row: [0.0] * self._texts[row].sections for row in rows}
        asked = {row: [0.0] * len(self._texts[row].asked) for row in rows}
        whole = 0.0
        for each in spread:
            weight = math.log(1 + len(self._texts) / (_reached(each) + 0.5))
            whole += weight
            for row in rows:
                covered[row] += weight * each.covers(row)
                front = each.term.hits(self._texts[row].front)
                for at in range(len(places[row])):
                    places[row][at] += weight * max(front, each.covers_place(row, at))
                titled[row] += weight * each.term.hits(self._texts[row].lead)
                for at, phrase in enumerate(self._texts[row].asked):
                    asked[row][at] += weight * each.term.hits(phrase)
        return (
            {
                row: ((1 - PLACE) * weight + PLACE * max(places[row], default=weight)) / whole
                for row, weight in covered.items()
            },
            {row: (w / whole, max(asked[row], default=0.0) / whole) for row, w in titled.items()},
        )

    def _headed(self, row: int, at: int, terms: Sequence[Term]) -> float:
        """How many of the terms the heading of a section has, 0 to 1."""
        document = self._texts[row].document
        heading = _lane(document.passages[at].heading, document.language)
        return sum(term.hits(heading) for term in terms) / len(terms)


@dataclass(frozen=True, slots=True)
class _Spread:
    """The texts that hold a term, and those that only hold what means the same."""

    term: Term
    holding: set[int]
    alike: set[int]
    places: dict[int, set[int]]
    places_alike: dict[int, set[int]]

    @classmethod
    def of(cls, term: Term, tables: Tables) -> _Spread:
        holding = tables.holding(term.exact)
        places = tables.passages_holding(term.exact)
        if not term.same:
            return cls(term, holding, set(), places, {})
        alike = tables.holding(term.query) - holding
        return cls(term, holding, alike, places, tables.passages_holding(term.query))

    def covers_place(self, row: int, at: int) -> float:
        """The same of one of its sections."""
        if at in self.places.get(row, ()):
            return 1.0
        return SAME_COVERS * (at in self.places_alike.get(row, ()))

    def covers(self, row: int) -> float:
        """What a text has of the term, 0 to 1."""
        return 1.0 if row in self.holding else SAME_COVERS * (row in self.alike)


def _held(spread: _Spread) -> int:
    return len(spread.holding)


def _reached(spread: _Spread) -> int:
    return len(spread.holding) + len(spread.alike)


def _telling(
    spread: Sequence[_Spread], texts: Callable[[_Spread], int], common: int
) -> list[_Spread]:
    """Those that are not common, or where there are none, the one that the fewest texts have."""
    some = sorted((each for each in spread if texts(each)), key=texts)
    return [each for each in some if texts(each) <= common] or some[:1]


def _every(terms: Iterable[Term]) -> str:
    return " AND ".join(term.exact for term in terms)


def _any(terms: Iterable[Term]) -> str:
    return " OR ".join(term.exact for term in terms)


@lru_cache(maxsize=4_096)
def _lane(text: str, language: str) -> frozenset[str]:
    return frozenset(lane(words(text), language).split())
