"""Full-text search over the articles: SQLite FTS5 in memory, built once for a library.

Words count more in a title than in a text. All words are asked for first, any word after that;
the last word may be the beginning of one. An article's number finds it at once, and results in
the person's language come before those that exist only in another.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from threading import Lock
from weakref import finalize

from deskside.knowledge import markdown
from deskside.knowledge.model import Article, Result, article_number

CREATE = """
    CREATE VIRTUAL TABLE article USING fts5 (
        number, title, tags, summary, anchors, body, language UNINDEXED,
        tokenize = 'unicode61 remove_diacritics 2'
    )
"""
INSERT = "INSERT INTO article VALUES (?, ?, ?, ?, ?, ?, ?)"
MATCH = """
    SELECT number, title, language, snippet(article, 5, char(2), char(3), '…', 24)
    FROM article WHERE article MATCH ?
    ORDER BY bm25(article, 10.0, 8.0, 4.0, 3.0, 2.0, 1.0), number
"""
WORD = re.compile(r"\w+")
MOST_WORDS = 16


class Index:
    """A search index over some articles."""

    def __init__(self, articles: Iterable[Article]) -> None:
        self._lock = Lock()
        self._rows = sqlite3.connect(":memory:", check_same_thread=False)
        finalize(self, self._rows.close)
        self._rows.execute(CREATE)
        self._rows.executemany(INSERT, [_row(article) for article in articles])

    def search(self, words: str, language: str, limit: int) -> list[Result]:
        """The articles that fit, best first, each once, if possible in the person's language."""
        chosen: dict[str, Result] = {}
        for result in self._matches(words):
            held = chosen.get(result.number)
            if held is None or (held.language != language and result.language == language):
                chosen[result.number] = result
        asked = article_number(words)
        ranked = sorted(
            chosen.values(), key=lambda found: (found.number != asked, found.language != language)
        )
        return ranked[:limit]

    def _matches(self, words: str) -> list[Result]:
        terms = [article_number(word) or word for word in WORD.findall(words)[:MOST_WORDS]]
        if not terms:
            return []
        quoted = [f'"{term}"' for term in terms]
        quoted[-1] += "*"
        return self._match(" AND ".join(quoted)) or self._match(" OR ".join(quoted))

    def _match(self, query: str) -> list[Result]:
        with self._lock:
            rows = self._rows.execute(MATCH, (query,)).fetchall()
        return [Result(number, title, lang, _one_line(text)) for number, title, lang, text in rows]


def _row(article: Article) -> tuple[str, ...]:
    anchors = " ".join(section.anchor for section in markdown.sections(article.body))
    body = f"{article.summary}\n{markdown.plain(article.body)}"
    tags = " ".join(article.tags)
    return article.number, article.title, tags, article.summary, anchors, body, article.language


def _one_line(text: str) -> str:
    return re.sub(r"[#*`|>\s]+", " ", text).strip()
