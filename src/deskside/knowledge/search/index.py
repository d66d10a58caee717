"""The index: SQLite FTS5, two lanes, and how a question is answered from it.

Every text is kept twice, as its words and as their stems: a word matches by either, and an exact
hit counts in both. Texts that hold all terms come first. After them, every text that holds some
is weighed by how much of the question it covers, a rare term counting more than a common one, so
that "n of m words" comes before "any word". Within an article the best section is named.

The index is derived: each node makes its own from the articles (in memory, or in a file), so that
all rank alike whatever database is behind them.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from threading import Lock
from weakref import finalize

from deskside.knowledge.model import Result
from deskside.knowledge.search.analysis import parts, stem_mark, stems, words
from deskside.knowledge.search.documents import Document, Key, Passage
from deskside.knowledge.search.highlight import excerpt
from deskside.knowledge.search.question import Question, Term, understand
from deskside.knowledge.search.vocabulary import Vocabulary

CREATE = """
    CREATE VIRTUAL TABLE article USING fts5 (
        title, lead, body, content = '', tokenize = 'unicode61 remove_diacritics 2'
    );
    CREATE VIRTUAL TABLE passage USING fts5 (
        title, lead, body, content = '', tokenize = 'unicode61 remove_diacritics 2'
    );
"""
INSERT = "INSERT INTO {table} (rowid, title, lead, body) VALUES (?, ?, ?, ?)"
DELETE = """
    INSERT INTO {table} ({table}, rowid, title, lead, body) VALUES ('delete', ?, ?, ?, ?)
"""
FIND = """
    SELECT rowid, -bm25(article, 5.0, 8.0, 1.0) AS score FROM article
    WHERE article MATCH ? ORDER BY score DESC LIMIT ?
"""
HOLDING = "SELECT rowid FROM article WHERE article MATCH ?"
BEST_PASSAGE = """
    SELECT rowid FROM passage WHERE passage MATCH ? AND rowid BETWEEN ? AND ?
    ORDER BY bm25(passage, 5.0, 3.0, 1.0) LIMIT 1
"""
FIND_PASSAGES = """
    SELECT rowid, -bm25(passage, 5.0, 3.0, 1.0) AS score FROM passage
    WHERE passage MATCH ? ORDER BY score DESC LIMIT ?
"""
MOST_PASSAGES = 1_000
"""Sections of one text that can be answers by themselves."""
CANDIDATES = 40
"""Texts that are weighed for a place among the results."""
ENOUGH = 10
"""Texts with all terms, from which on none with fewer is looked for."""
COVERAGE = 1.0
"""How much more it counts to cover more of the question."""
ASKED = 1.2
SAME, SAME_COVERS = 0.5, 0.9
"""What a word that means the same counts beside the word itself."""
TITLE = 0.5
"""What it counts to have the whole question in title and tags, beside the best text's weight."""
HEADING = 0.8
"""The same for the heading of a section."""
WORD_FOR_WORD = 2.0
"""What it counts to hold the question as one phrase, as a pasted message."""
PASSAGE = 0.25
"""What the best section counts beside the whole text."""
ALL_TERMS, ALL_WORDS = 1.5, 2.0
"""What it counts to hold every term, or every word down to the smallest."""
OWN_LANGUAGE = 2.0
NAMED = 1_000_000.0
"""Above every other weight: the question names the article or a section of it."""


class Index:
    """A search index over the texts of articles; may be used from any thread."""

    def __init__(self, documents: Iterable[Document] = (), *, file: Path | None = None) -> None:
        self._lock = Lock()
        self._rows = sqlite3.connect(file or ":memory:", check_same_thread=False)
        finalize(self, self._rows.close)
        self._rows.executescript(f"PRAGMA synchronous = OFF; {CREATE}")
        self._vocabulary = Vocabulary(self._rows)
        self._vocabulary.create()
        self._documents: dict[int, Document] = {}
        self._by_key: dict[Key, int] = {}
        self._leads: dict[int, frozenset[str]] = {}
        self._asked: dict[int, list[frozenset[str]]] = {}
        self._languages: Counter[str] = Counter()
        self._ids = count(1)
        with self._rows:
            for document in documents:
                self._add(document)
            self._rows.execute("INSERT INTO article (article) VALUES ('optimize')")

    def put(self, document: Document) -> None:
        """Add a text, or put it in the place of the one with the same key."""
        with self._lock, self._rows:
            self._remove(document.key)
            self._add(document)

    def remove(self, key: Key) -> None:
        """Forget a text, if it is there."""
        with self._lock, self._rows:
            self._remove(key)

    def search(self, asked: str, language: str, limit: int) -> tuple[list[Result], str]:
        """The articles that fit, best first, each once; and the question as corrected, if it was.

        An article is shown in the language of its best text, and in the person's own where that
        fits nearly as well.
        """
        with self._lock:
            question = self._understand(asked)
            found = self._ranked(question, language)[:limit]
            anchors = {row: self._passage(row, question) for row in found}
        return [self._result(row, anchors[row], question) for row in found], question.corrected

    def _understand(self, asked: str) -> Question:
        return understand(
            asked,
            sorted(self._languages),
            lambda word, unfinished: self._vocabulary.correct(word, unfinished=unfinished),
            self._vocabulary.frequency,
        )

    def _ranked(self, question: Question, language: str) -> list[int]:
        """Rows of the best text of each article, best first; what is named by itself leads."""
        named = self._named(question)
        scores = {} if named and question.only_names else self._scores(question)
        for row in named:
            scores[row] = NAMED + scores.get(row, 0.0)
        best: dict[str, tuple[float, int]] = {}
        for row, score in scores.items():
            document = self._documents[row]
            weighed = score * (OWN_LANGUAGE if document.language == language else 1.0)
            best[document.number] = max(best.get(document.number, (0.0, 0)), (weighed, row))
        ranked = sorted(best.items(), key=lambda item: (-item[1][0], len(item[0]), item[0]))
        return [row for _number, (_score, row) in ranked]

    def _named(self, question: Question) -> list[int]:
        return [
            row
            for row, document in self._named_rows(question)
            if document.number in question.numbers
            or any(passage.anchor in question.codes for passage in document.passages)
        ]

    def _named_rows(self, question: Question) -> Iterable[tuple[int, Document]]:
        return self._documents.items() if question.numbers or question.codes else ()

    def _scores(self, question: Question) -> dict[int, float]:
        """The weight of every text that holds some of the terms; of those with all, a higher."""
        terms = question.terms
        if not terms:
            return {}
        literal = self._find(" AND ".join(term.exact for term in question.literal))
        every = self._find(" AND ".join(term.exact for term in terms)) | literal
        if len(every) >= ENOUGH:
            return every
        some = self._covering(terms, every)
        for row in every:
            some[row] *= ALL_WORDS if row in literal else ALL_TERMS
        if len(question.phrase.split()) > 1:
            for row in self._holding(f'"{question.phrase}"') & some.keys():
                some[row] *= WORD_FOR_WORD
        return some

    def _covering(self, terms: Sequence[Term], every: Mapping[int, float]) -> dict[int, float]:
        """Texts by how well they answer, weighed by how much of the question they cover.

        Where a text has sections, its best one counts as much as the whole: an answer stands
        in one place.
        """
        scores: dict[int, float] = defaultdict(float, every)
        scores |= self._find(" OR ".join(term.exact for term in terms))
        if any(term.same for term in terms):
            wide = self._find(" OR ".join(term.query for term in terms))
            for row, score in wide.items():
                scores[row] += SAME * score
        any_of = " OR ".join(term.exact for term in terms)
        passages: dict[int, float] = {}
        headed: dict[int, float] = {}
        for passage, score in self._rows.execute(FIND_PASSAGES, (any_of, 4 * CANDIDATES)):
            row, at = divmod(passage, MOST_PASSAGES)
            passages.setdefault(row, score)
            headed[row] = max(headed.get(row, 0.0), self._headed(row, at, terms))
        for row, score in passages.items():
            scores[row] += PASSAGE * score
        covered, titled = self._coverage(terms, scores)
        best = max(scores.values(), default=1.0)
        return {
            row: (score / best + TITLE * max(titled[row], HEADING * headed.get(row, 0.0)))
            * covered[row] ** COVERAGE
            for row, score in scores.items()
        }

    def _find(self, query: str) -> dict[int, float]:
        return dict(self._rows.execute(FIND, (query, CANDIDATES)).fetchall()) if query else {}

    def _coverage(
        self, terms: Sequence[Term], rows: Collection[int]
    ) -> tuple[dict[int, float], dict[int, float]]:
        """How much of the question each text covers, and its title and tags; 0 to 1.

        What people ask for it with counts like its title. A rare term is more of it. The engine's
        own measure gives a term that half of all texts hold no weight at all, which in a small
        library is every word of the field.
        """
        covered, titled = dict.fromkeys(rows, 0.0), dict.fromkeys(rows, 0.0)
        asked = {row: [0.0] * len(self._asked[row]) for row in rows}
        whole = 0.0
        for term in terms:
            holding = self._holding(term.exact)
            alike = self._holding(term.query) - holding if term.same else set()
            weight = math.log(1 + len(self._documents) / (len(holding | alike) + 0.5))
            whole += weight
            for row in covered:
                covered[row] += weight * (1.0 if row in holding else SAME_COVERS * (row in alike))
                titled[row] += weight * term.hits(self._leads[row])
                for at, lane in enumerate(self._asked[row]):
                    asked[row][at] += weight * term.hits(lane)
        return (
            {row: weight / whole for row, weight in covered.items()},
            {row: max(w, ASKED * max(asked[row], default=0)) / whole for row, w in titled.items()},
        )

    def _headed(self, row: int, at: int, terms: Sequence[Term]) -> float:
        """How many of the terms the heading of a section has, 0 to 1."""
        document = self._documents[row]
        heading = _lanes((document.passages[at].heading,), document.language)[0]
        lane = frozenset(heading.split())
        return sum(term.hits(lane) for term in terms) / len(terms)

    def _holding(self, query: str) -> set[int]:
        return {row for (row,) in self._rows.execute(HOLDING, (query,))}

    def _passage(self, row: int, question: Question) -> int:
        """Which section of a text answers best; 0 for its beginning."""
        passages = self._documents[row].passages
        for at, passage in enumerate(passages):
            if passage.anchor in question.codes:
                return at
        if not question.terms or len(passages) < 2:
            return 0
        first = row * MOST_PASSAGES
        any_of = " OR ".join(term.query for term in question.terms)
        best = self._rows.execute(BEST_PASSAGE, (any_of, first, first + len(passages))).fetchone()
        return int(best[0]) - first if best else 0

    def _result(self, row: int, at: int, question: Question) -> Result:
        document = self._documents[row]
        passage = document.passages[at] if document.passages else Passage("", "", "")
        text = passage.text if passage.anchor else f"{document.summary} {passage.text}"
        beginnings = frozenset(word for term in question.terms for word in term.begins)
        return Result(
            document.number,
            document.title,
            document.language,
            excerpt(text, beginnings, document.language),
            passage.anchor,
            passage.heading,
        )

    def _add(self, document: Document) -> None:
        row = next(self._ids)
        self._documents[row] = document
        self._by_key[document.key] = row
        self._languages[document.language] += 1
        columns = _columns(document)
        self._leads[row] = frozenset(
            _lanes((f"{document.title} {document.tags}",), document.language)[0].split()
        )
        self._asked[row] = [
            frozenset(_lane(words(phrase), document.language).split())
            for phrase in document.asked.splitlines()
        ]
        self._rows.execute(INSERT.format(table="article"), (row, *columns))
        for at, passage in enumerate(_apart(document)):
            held = (row * MOST_PASSAGES + at, *_passage_columns(passage, document.language))
            self._rows.execute(INSERT.format(table="passage"), held)
        self._vocabulary.add(_vocabulary(document))

    def _remove(self, key: Key) -> None:
        row = self._by_key.pop(key, None)
        if row is None:
            return
        document = self._documents.pop(row)
        del self._leads[row], self._asked[row]
        self._languages -= Counter({document.language: 1})
        # A table without content must be told what it is to forget.
        self._rows.execute(DELETE.format(table="article"), (row, *_columns(document)))
        for at, passage in enumerate(_apart(document)):
            held = (row * MOST_PASSAGES + at, *_passage_columns(passage, document.language))
            self._rows.execute(DELETE.format(table="passage"), held)
        self._vocabulary.remove(_vocabulary(document))


def _apart(document: Document) -> Sequence[Passage]:
    """The sections that are searched by themselves; one alone is the whole text."""
    return document.passages[:MOST_PASSAGES] if len(document.passages) > 1 else ()


def _columns(document: Document) -> tuple[str, ...]:
    lead = f"{document.tags} {document.summary} {document.asked}"
    return _lanes((document.title, lead, document.body), document.language)


def _passage_columns(passage: Passage, language: str) -> tuple[str, ...]:
    return _lanes((passage.heading, passage.anchor, passage.text), language)


def _lanes(texts: Sequence[str], language: str) -> tuple[str, ...]:
    """Each text as its words and, after them, their parts and their stems."""
    return tuple(_lane(words(text), language) for text in texts)


def _lane(listed: list[str], language: str) -> str:
    return " ".join((*listed, *parts(listed), *map(stem_mark, stems(listed, language))))


def _vocabulary(document: Document) -> set[str]:
    whole = (document.title, document.tags, document.summary, document.asked, document.body)
    listed = {word for text in whole for word in words(text)}
    return listed.union(parts(listed))
