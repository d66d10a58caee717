"""The tables of the index: SQLite FTS5 over texts and, by themselves, over their sections.

Every text is kept as its words and as their stems, side by side in one column: a word matches by
either, and an exact hit counts in both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from deskside.knowledge.search.analysis import parts, stem_mark, stems, words
from deskside.knowledge.search.documents import Document, Passage

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
HOLDING = "SELECT rowid FROM article WHERE article MATCH ? LIMIT ?"
PASSAGES_HOLDING = "SELECT rowid FROM passage WHERE passage MATCH ?"
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


class Tables:
    """Texts and sections by what they hold; queries are in the engine's language."""

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows

    def create(self) -> None:
        """Make the tables."""
        self._rows.executescript(CREATE)

    def optimize(self) -> None:
        """Put everything in one piece, after many texts have come."""
        self._rows.execute("INSERT INTO article (article) VALUES ('optimize')")

    def add(self, row: int, document: Document) -> None:
        """Index a text and its sections."""
        self._write(INSERT, row, document)

    def remove(self, row: int, document: Document) -> None:
        """Forget a text. A table without content must be told what it is to forget."""
        self._write(DELETE, row, document)

    def find(self, query: str, most: int) -> dict[int, float]:
        """The best texts and their weights, best first; none for an empty query."""
        return dict(self._rows.execute(FIND, (query, most)).fetchall()) if query else {}

    def holding(self, query: str, most: int = -1) -> set[int]:
        """All texts that the query fits, or so many of them."""
        return {row for (row,) in self._rows.execute(HOLDING, (query, most))}

    def passages_holding(self, query: str) -> dict[int, set[int]]:
        """All texts with sections that the query fits, and the places of those."""
        found: dict[int, set[int]] = {}
        for (passage,) in self._rows.execute(PASSAGES_HOLDING, (query,)):
            row, at = divmod(passage, MOST_PASSAGES)
            found.setdefault(row, set()).add(at)
        return found

    def find_passages(self, query: str, most: int) -> Iterator[tuple[int, int, float]]:
        """The best sections: text, place in it, weight; best first."""
        for passage, score in self._rows.execute(FIND_PASSAGES, (query, most)):
            yield *divmod(passage, MOST_PASSAGES), score

    def best_passage(self, query: str, row: int, passages: int) -> int:
        """Which section of a text fits best; 0 for its beginning."""
        first = row * MOST_PASSAGES
        bounds = (query, first, first + passages)
        best = self._rows.execute(BEST_PASSAGE, bounds).fetchone()
        return int(best[0]) - first if best else 0

    def _write(self, statement: str, row: int, document: Document) -> None:
        self._rows.execute(statement.format(table="article"), (row, *_columns(document)))
        for at, passage in enumerate(_apart(document)):
            held = (row * MOST_PASSAGES + at, *_passage_columns(passage, document.language))
            self._rows.execute(statement.format(table="passage"), held)


def lane(listed: Sequence[str], language: str) -> str:
    """Words as they stand in a column: with their parts and their stems after them."""
    return " ".join((*listed, *parts(listed), *map(stem_mark, stems(listed, language))))


def _columns(document: Document) -> tuple[str, ...]:
    lead = f"{document.tags} {document.summary} {document.asked}"
    return _lanes((document.title, lead, document.body), document.language)


def _apart(document: Document) -> Sequence[Passage]:
    """The sections that are searched by themselves; one alone is the whole text."""
    return document.passages[:MOST_PASSAGES] if len(document.passages) > 1 else ()


def _passage_columns(passage: Passage, language: str) -> tuple[str, ...]:
    return _lanes((passage.heading, passage.anchor, passage.text), language)


def _lanes(texts: Sequence[str], language: str) -> tuple[str, ...]:
    return tuple(lane(words(text), language) for text in texts)
