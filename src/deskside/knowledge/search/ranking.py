"""How texts are weighed for a question.

Texts that hold all terms come first. After them, every text that holds some is weighed by how much
of the question it covers, a rare term counting more than a common one, so that "n of m words"
comes before "any word". Of the texts that hold all, those go before that are likelier to be asked
for in these words (`likelihood`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, mul

from deskside.knowledge.search.held import Held, lane_of
from deskside.knowledge.search.likelihood import likelihoods
from deskside.knowledge.search.meaning import Meaning
from deskside.knowledge.search.question import Question, Term
from deskside.knowledge.search.tables import Tables
from deskside.knowledge.search.vocabulary import Vocabulary
from deskside.knowledge.search.ways import Ways

CANDIDATES = 40
"""Texts that are weighed for a place among the results."""
ENOUGH = 10
"""Texts with all terms, from which on none with fewer is looked for."""
COMMON, COMMON_FROM = 0.03, 100
"""Share of the texts, and at least how many, from which on a word is common: it tells little, so
that it brings no text in by itself, and costs most."""
SAME, SAME_COVERS = 0.5, 0.9
"""What a word that means the same counts beside the word itself."""
TITLE = 0.55
"""What it counts to have the whole question in title and tags, beside the best text's weight."""
ASKED, HEADING = 1.4, 0.4
"""The same for the best of the ways in which people ask for a text, and its best heading."""
WORD_FOR_WORD = 2.0
"""What it counts to hold the question as one phrase, as a pasted message."""
PASSAGE = 0.1
"""What the best section counts beside the whole text."""
ALL_TERMS, ALL_WORDS = 1.8, 2.4
"""What it counts to hold every term, or every word down to the smallest."""

WAYS = 1.5
"""What it counts to be asked for in such words, beside the best text's weight by what it holds."""

MEANT = 3.0
"""What it counts to be meant for sure, beside the best weight of a text that may be."""


class Ranking:
    """The weights of texts.

    Args:
        tables: where words are looked up.
        vocabulary: how many texts hold each word.
        texts: all that is indexed, by row.
        ways: what people ask for texts with.
        meanings: what was learned of the articles that people mean.
    """

    def __init__(
        self,
        tables: Tables,
        vocabulary: Vocabulary,
        texts: Mapping[int, Held],
        ways: Ways,
        meanings: Sequence[Meaning],
    ) -> None:
        self._tables = tables
        self._vocabulary = vocabulary
        self._texts = texts
        self._ways = ways
        self._meanings = meanings

    def scores(self, question: Question) -> dict[int, float]:
        """The weight of every text that holds some of the terms; of those with all, a higher."""
        weighed = self._weighed(question)
        best = max(weighed.values(), default=0.0)
        asked = self._ways.scores(question.said)
        meant = self._meant(question, weighed)
        return {
            row: weight + best * WAYS * asked.get(row, 0.0) + meant.get(row, 0.0)
            for row, weight in weighed.items()
        }

    def _meant(self, question: Question, weighed: Mapping[int, float]) -> dict[int, float]:
        """What is added to each text for being meant.

        Only among the articles whose questions were learned from does it tell which: they gain
        by what the best of them weighs, so that another that fits better stays before them.
        """
        chances = {each.language: each.chances(question.said) for each in self._meanings}
        keys = ((row, self._texts[row].document.key) for row in weighed)
        known = {row: chances.get(tag, {}).get(number) for row, (number, tag) in keys}
        found = {row: chance for row, chance in known.items() if chance is not None}
        best = max(map(weighed.__getitem__, found), default=0.0)
        return {row: best * MEANT * chance for row, chance in found.items()}

    def _weighed(self, question: Question) -> dict[int, float]:
        terms = question.terms
        if not terms:
            return {}
        literal = self._tables.find(_every(question.literal), CANDIDATES)
        every = self._tables.find(_every(terms), CANDIDATES) | literal
        weighed = every if len(every) >= ENOUGH else self._covering(terms, every)
        if not weighed and question.literal:
            # The words that mean something lead nowhere: the small ones are all there is.
            return self._covering(question.literal, {})
        likelier = self._likelier(terms, every)
        for row in every:
            weighed[row] *= likelier[row] * (ALL_WORDS if row in literal else ALL_TERMS)
        if " " in question.phrase:
            for row in self._tables.holding(f'"{question.phrase}"') & weighed.keys():
                weighed[row] *= WORD_FOR_WORD
        return weighed

    @property
    def _common(self) -> int:
        return max(COMMON_FROM, int(len(self._texts) * COMMON))

    def _likelier(self, terms: Sequence[Term], every: Iterable[int]) -> dict[int, float]:
        """How much likelier each text is to be asked for than the one that is least so, from 1."""
        common = self._vocabulary.held_by(self._common)
        likely = likelihoods(terms, {row: self._texts[row] for row in every}, common)
        least = min(likely.values(), default=0.0)
        return {row: math.exp(log - least) for row, log in likely.items()}

    def _covering(self, terms: Sequence[Term], every: Mapping[int, float]) -> dict[int, float]:
        """Texts by how well they answer, weighed by how much of the question they cover.

        Where a text has sections, its best one counts as much as the whole: an answer stands
        in one place.
        """
        spread = [_Spread.of(term, self._tables, self._common) for term in terms]
        scores = {**self._found(spread), **every}
        headed: dict[int, float] = {}
        for row, at, score in self._tables.find_passages(_any(terms), 4 * CANDIDATES):
            if row not in headed:
                scores[row] = scores.get(row, 0.0) + PASSAGE * score
            headed[row] = max(headed.get(row, 0.0), self._headed(row, at, terms))
        best = max(scores.values(), default=1.0)
        fits = {row: self._fit(row, spread) for row in scores}
        return {
            row: fits[row].covered
            * (
                score / best
                + max(
                    TITLE * fits[row].titled,
                    ASKED * fits[row].asked,
                    HEADING * headed.get(row, 0.0),
                )
            )
            for row, score in scores.items()
        }

    def _found(self, spread: Sequence[_Spread]) -> dict[int, float]:
        """The best texts that hold some of the terms, or what means the same for less."""
        telling = _telling(spread, attrgetter("held"), self._common)
        found = self._tables.find(_any(each.term for each in telling), CANDIDATES)
        if any(each.alike for each in spread):
            telling = _telling(spread, attrgetter("reached"), self._common)
            wide = " OR ".join(each.query for each in telling)
            for row, score in self._tables.find(wide, CANDIDATES).items():
                found[row] = found.get(row, 0.0) + SAME * score
        return found

    def _fit(self, row: int, spread: Sequence[_Spread]) -> _Fit:
        """How much of the question a text has where it counts. A rare term is more of it.

        The engine's own measure gives a term that half of all texts hold no weight at all, which
        in a small library is every word of the field.
        """
        text = self._texts[row]
        weights = [math.log(1 + len(self._texts) / (each.reached + 0.5)) for each in spread]

        # Title and ways to ask are parts of the front: most terms are in none of them.
        traces = [each.term.traces(text.front) for each in spread]
        there = [(weight, trace) for weight, trace in zip(weights, traces, strict=True) if trace]

        def share(had: Iterable[float]) -> float:
            return float(sum(map(mul, weights, had)) / sum(weights))

        def shared(lane: frozenset[str]) -> float:
            return sum(weight * trace.hits(lane) for weight, trace in there) / sum(weights)

        if text.in_sections:
            front = [trace.hits(text.front) for trace in traces]
            places = set[int]().union(*(each.places(row) for each in spread))
            covered = max(
                (share(map(max, front, (each.at(row, at) for each in spread))) for at in places),
                default=share(front),
            )
        else:
            covered = share(each.covers(row) for each in spread)
        return _Fit(covered, shared(text.lead), max(map(shared, text.asked), default=0.0))

    def _headed(self, row: int, at: int, terms: Sequence[Term]) -> float:
        """How many of the terms the heading of a section has, 0 to 1."""
        document = self._texts[row].document
        heading = lane_of(document.passages[at].heading, document.language)
        return sum(term.hits(heading) for term in terms) / len(terms)


@dataclass(frozen=True, slots=True)
class _Fit:
    """How much of a question a text has, 0 to 1.

    Attributes:
        covered: in all, or if it has sections, in the best one and in front of the text.
        titled: in title and tags.
        asked: in the best of the ways in which people ask for it.
    """

    covered: float
    titled: float
    asked: float


@dataclass(frozen=True, slots=True)
class _Spread:
    """The texts, and sections of texts, that hold a term, or only hold what means the same."""

    term: Term
    query: str
    holding: set[int]
    alike: set[int]
    held_at: dict[int, set[int]]
    alike_at: dict[int, set[int]]

    @classmethod
    def of(cls, term: Term, tables: Tables, common: int) -> _Spread:
        """Where a term stands; what means the same is left out where too many texts hold it."""
        holding, held_at = tables.holding(term.exact), tables.passages_holding(term.exact)
        alike = tables.holding(term.alike, common) if term.same else set()
        if not 0 < len(alike) < common:
            return cls(term, term.exact, holding, set(), held_at, {})
        alike_at = tables.passages_holding(term.alike)
        return cls(term, term.query, holding, alike - holding, held_at, alike_at)

    @property
    def held(self) -> int:
        """How many texts hold the term."""
        return len(self.holding)

    @property
    def reached(self) -> int:
        """How many hold it or what means the same."""
        return len(self.holding) + len(self.alike)

    def covers(self, row: int) -> float:
        """What a text has of the term, 0 to 1."""
        return 1.0 if row in self.holding else SAME_COVERS * (row in self.alike)

    def places(self, row: int) -> set[int]:
        """The sections of a text that have something of it."""
        return self.held_at.get(row, set()) | self.alike_at.get(row, set())

    def at(self, row: int, place: int) -> float:
        """What a section has of the term, 0 to 1."""
        if place in self.held_at.get(row, ()):
            return 1.0
        return SAME_COVERS * (place in self.alike_at.get(row, ()))


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
