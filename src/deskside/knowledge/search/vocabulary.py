"""Correction of mistyped words by the articles' own words.

A word that no article holds is replaced by the nearest that one does: one edit away, two from
eight letters on (insert, delete, replace, or swap neighbours: optimal string alignment). Of
equally near ones the more frequent is taken. Candidates share a run of three letters, which the
trigram index of SQLite finds without reading all words.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from rapidfuzz.distance import OSA

SHORTEST = 4
TWO_EDITS_FROM = 8

CREATE = """
    CREATE TABLE term (id INTEGER PRIMARY KEY, word TEXT UNIQUE NOT NULL, texts INTEGER NOT NULL);
    CREATE VIRTUAL TABLE term_trigram USING fts5 (
        word, content = 'term', content_rowid = 'id', tokenize = 'trigram', detail = none
    );
"""
COUNT = """
    INSERT INTO term (word, texts) VALUES (?, ?)
    ON CONFLICT (word) DO UPDATE SET texts = texts + excluded.texts
"""
COMMON = "SELECT word FROM term WHERE texts > ?"
GONE = """
    INSERT INTO term_trigram (term_trigram, rowid, word)
    SELECT 'delete', id, word FROM term WHERE word = ?
"""
NEAR = """
    SELECT term.word, term.texts FROM term_trigram JOIN term ON term.id = term_trigram.rowid
    WHERE term_trigram MATCH ? AND length(term.word) BETWEEN ? AND ? AND term.texts > 0
"""


class Vocabulary:
    """The words of all texts, in tables of the index's own database."""

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows
        self._common: tuple[int, frozenset[str]] | None = None

    def create(self) -> None:
        """Make the tables."""
        self._rows.executescript(CREATE)

    def add(self, words: Iterable[str]) -> None:
        """Count the different words of one text."""
        self._common = None
        for word in filter(_counts, words):
            if self._rows.execute("SELECT 1 FROM term WHERE word = ?", (word,)).fetchone():
                self._rows.execute(COUNT, (word, 1))
            else:
                new = self._rows.execute(COUNT, (word, 1)).lastrowid
                self._rows.execute(
                    "INSERT INTO term_trigram (rowid, word) VALUES (?, ?)", (new, word)
                )

    def remove(self, words: Iterable[str]) -> None:
        """Take one text's words away again; a word that was only there is forgotten."""
        self._common = None
        for word in filter(_counts, words):
            self._rows.execute(COUNT, (word, -1))
            if self.frequency(word) == 0:
                self._rows.execute(GONE, (word,))
                self._rows.execute("DELETE FROM term WHERE word = ?", (word,))

    def frequency(self, word: str) -> int:
        """How many texts hold a word; short words and numbers are not counted."""
        found = self._rows.execute("SELECT texts FROM term WHERE word = ?", (word,)).fetchone()
        return int(found[0]) if found else 0

    def held_by(self, more: int) -> frozenset[str]:
        """The words that more texts hold than this; looked up anew after a change only."""
        if self._common is None or self._common[0] != more:
            found = self._rows.execute(COMMON, (more,))
            self._common = more, frozenset(word for (word,) in found)
        return self._common[1]

    def correct(self, word: str, *, unfinished: bool = False) -> str:
        """The word itself where it is known or nothing is near, else the nearest known one.

        Args:
            unfinished: the person may still be typing: a known beginning is right as it is.
        """
        if not _counts(word) or self.frequency(word) or (unfinished and self._begins(word)):
            return word
        bound = 1 if len(word) < TWO_EDITS_FROM else 2
        near = [
            (OSA.distance(word, known, score_cutoff=bound), -texts, known)
            for known, texts in self._candidates(word, bound)
        ]
        distance, _texts, nearest = min(near, default=(bound + 1, 0, word))
        return nearest if distance <= bound else word

    def _candidates(self, word: str, bound: int) -> list[tuple[str, int]]:
        grams = {word[at : at + 3] for at in range(len(word) - 2)}
        any_of = " OR ".join(f'"{gram}"' for gram in sorted(grams))
        lengths = (len(word) - bound, len(word) + bound)
        return self._rows.execute(NEAR, (any_of, *lengths)).fetchall()

    def _begins(self, start: str) -> bool:
        after = start[:-1] + chr(ord(start[-1]) + 1)
        query = "SELECT 1 FROM term WHERE word >= ? AND word < ? LIMIT 1"
        return self._rows.execute(query, (start, after)).fetchone() is not None


def _counts(word: str) -> bool:
    return len(word) >= SHORTEST and not word.isdigit()
