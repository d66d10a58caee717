"""The index, and how a question is answered from it; `ranking` tells which text comes first.

Within an article the best section is named.

The index is derived: each node makes its own from the articles (in memory, or in a file), so that
all rank alike whatever database is behind them.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from threading import Lock
from weakref import finalize

from deskside.knowledge.model import Result
from deskside.knowledge.search.analysis import parts, words
from deskside.knowledge.search.documents import Document, Key, Passage
from deskside.knowledge.search.held import Held, held
from deskside.knowledge.search.highlight import excerpt
from deskside.knowledge.search.meaning import Meaning
from deskside.knowledge.search.question import Question, understand
from deskside.knowledge.search.ranking import Ranking
from deskside.knowledge.search.tables import Tables
from deskside.knowledge.search.vocabulary import Vocabulary
from deskside.knowledge.search.ways import Ways

OWN_LANGUAGE = 2.0
NAMED = 1_000_000.0
"""Above every other weight: the question names the article or a section of it."""


class Index:
    """A search index over the texts of articles; may be used from any thread."""

    def __init__(
        self,
        documents: Iterable[Document] = (),
        meanings: Iterable[Meaning] = (),
        *,
        file: Path | None = None,
    ) -> None:
        self._lock = Lock()
        self._rows = sqlite3.connect(file or ":memory:", check_same_thread=False)
        finalize(self, self._rows.close)
        self._rows.execute("PRAGMA synchronous = OFF")
        self._tables = Tables(self._rows)
        self._tables.create()
        self._vocabulary = Vocabulary(self._rows)
        self._vocabulary.create()
        self._texts: dict[int, Held] = {}
        self._by_key: dict[Key, int] = {}
        self._ways = Ways()
        self._ranking = Ranking(
            self._tables, self._vocabulary, self._texts, self._ways, tuple(meanings)
        )
        self._languages: Counter[str] = Counter()
        self._ids = count(1)
        with self._rows:
            for document in documents:
                self._add(document)
            self._tables.optimize()

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
        scores = {} if named and question.only_names else self._ranking.scores(question)
        for row in named:
            scores[row] = NAMED + scores.get(row, 0.0)
        best: dict[str, tuple[float, int]] = {}
        for row, score in scores.items():
            document = self._texts[row].document
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

    def _named_rows(self, question: Question) -> Iterator[tuple[int, Document]]:
        if question.numbers or question.codes:
            yield from ((row, text.document) for row, text in self._texts.items())

    def _passage(self, row: int, question: Question) -> int:
        """Which section of a text answers best; 0 for its beginning."""
        passages = self._texts[row].document.passages
        for at, passage in enumerate(passages):
            if passage.anchor in question.codes:
                return at
        if not question.terms or len(passages) < 2:
            return 0
        any_of = " OR ".join(term.query for term in question.terms)
        return self._tables.best_passage(any_of, row, len(passages))

    def _result(self, row: int, at: int, question: Question) -> Result:
        document = self._texts[row].document
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
        vocabulary = _vocabulary(document)
        self._texts[row] = held(document, vocabulary)
        self._by_key[document.key] = row
        self._languages[document.language] += 1
        self._tables.add(row, document)
        self._ways.add(row, document)
        self._vocabulary.add(vocabulary)

    def _remove(self, key: Key) -> None:
        row = self._by_key.pop(key, None)
        if row is None:
            return
        document = self._texts.pop(row).document
        self._languages -= Counter({document.language: 1})
        self._tables.remove(row, document)
        self._ways.remove(row, document)
        self._vocabulary.remove(_vocabulary(document))


def _vocabulary(document: Document) -> set[str]:
    whole = (document.title, document.tags, document.summary, document.asked, document.body)
    listed = {word for text in whole for word in words(text)}
    return listed.union(parts(listed))
