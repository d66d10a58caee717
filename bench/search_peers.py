"""The same questions asked of other engines, over the same texts, in the same run.

Each as its documents recommend: all words, else any; a word of the title counts five times one of
the body. None of them corrects typing mistakes unless it says so.
"""

from __future__ import annotations

import re
import sqlite3
import statistics
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bm25s
import Stemmer
import tantivy

from bench.measure import show
from bench.search import CHANGED, FIRST, Measured
from bench.search_corpus import ALGORITHMS, KINDS, Question, Text

TITLE = 5.0
PLAIN = re.compile(r"[^\w ]")


class Engine(ABC):
    """One peer over the texts.

    Args:
        folder: all of it is the engine's.
    """

    name = ""

    def __init__(self, texts: Sequence[Text], tag: str, folder: Path) -> None:
        self.texts, self.language, self.folder = texts, ALGORITHMS[tag], folder
        self.build()

    @abstractmethod
    def build(self) -> None:
        """Index all texts."""

    @abstractmethod
    def search(self, words: str) -> list[int]:
        """The numbers of the first ten."""

    @abstractmethod
    def update(self, number: int) -> None:
        """Index one text anew."""

    def size(self) -> float:
        """MiB on the disk."""
        return sum(p.stat().st_size for p in self.folder.rglob("*") if p.is_file()) / 2**20


class Fts5(Engine):
    """SQLite's own, as it comes."""

    name, tokenizer = "SQLite FTS5", "unicode61 remove_diacritics 2"

    def build(self) -> None:
        self.rows = sqlite3.connect(self.folder / "index")
        self.rows.execute(
            "CREATE VIRTUAL TABLE f USING fts5"
            f" (title, body, content = '', tokenize = '{self.tokenizer}')"
        )
        with self.rows:
            self.rows.executemany(
                "INSERT INTO f (rowid, title, body) VALUES (?, ?, ?)",
                ((number, text.title, text.body) for number, text in enumerate(self.texts)),
            )
            self.rows.execute("INSERT INTO f (f) VALUES ('optimize')")

    def search(self, words: str) -> list[int]:
        terms = [f'"{word}"' for word in words.split()]
        found = self._find(" AND ".join(terms))
        return _filled(found, lambda: self._find(" OR ".join(terms)))

    def _find(self, query: str) -> list[int]:
        sql = f"SELECT rowid FROM f WHERE f MATCH ? ORDER BY bm25(f, {TITLE}, 1.0) LIMIT 20"
        return [row for (row,) in self.rows.execute(sql, (query,))]

    def update(self, number: int) -> None:
        row = (number, self.texts[number].title, self.texts[number].body)
        with self.rows:
            self.rows.execute(
                "INSERT INTO f (f, rowid, title, body) VALUES ('delete', ?, ?, ?)", row
            )
            self.rows.execute("INSERT INTO f (rowid, title, body) VALUES (?, ?, ?)", row)


class Porter(Fts5):
    """The same with its English stemmer."""

    name, tokenizer = "SQLite FTS5, porter", "porter unicode61 remove_diacritics 2"


class Tantivy(Engine):
    """Rust's Lucene, with stems, and words one edit away where the exact ones are few."""

    name = "tantivy, stems, fuzzy"
    fields = ("title", "body")

    def build(self) -> None:
        schema = tantivy.SchemaBuilder()
        schema.add_integer_field("id", stored=True, indexed=True, fast=True)
        for name in self.fields:
            schema.add_text_field(name, tokenizer_name="kb")
        self.index = tantivy.Index(schema.build(), path=str(self.folder))
        filters = [tantivy.Filter.lowercase(), tantivy.Filter.ascii_fold()]
        analyser = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        for each in [*filters, tantivy.Filter.stemmer(self.language)]:
            analyser = analyser.filter(each)
        self.index.register_tokenizer("kb", analyser.build())
        writer = self.index.writer(heap_size=64_000_000, num_threads=1)
        for number in range(len(self.texts)):
            writer.add_document(self._document(number))
        writer.commit()
        writer.wait_merging_threads()
        self.index.reload()

    def _document(self, number: int) -> Any:
        text = self.texts[number]
        return tantivy.Document(id=number, title=text.title, body=text.body)

    def search(self, words: str) -> list[int]:
        plain = PLAIN.sub(" ", words)
        near = {"fuzzy_fields": dict.fromkeys(self.fields, (False, 1, True))}
        found = self._find(plain, conjunction_by_default=True)
        found = _filled(found, lambda: self._find(plain, conjunction_by_default=True, **near))
        return _filled(found, lambda: self._find(plain, **near))

    def _find(self, words: str, **options: Any) -> list[int]:
        boosts = {"title": TITLE}
        query = self.index.parse_query(words, list(self.fields), field_boosts=boosts, **options)
        searcher = self.index.searcher()
        return [searcher.doc(at)["id"][0] for _score, at in searcher.search(query, 20).hits]

    def update(self, number: int) -> None:
        writer = self.index.writer(heap_size=64_000_000, num_threads=1)
        writer.delete_documents("id", number)
        writer.add_document(self._document(number))
        writer.commit()
        self.index.reload()


class Bm25s(Engine):
    """BM25 as sparse matrices, with stems. It knows no fields: the title is put in five times."""

    name = "bm25s, stems"

    def build(self) -> None:
        whole = [f"{(text.title + ' ') * int(TITLE)}{text.body}" for text in self.texts]
        self.stemmer = Stemmer.Stemmer(self.language)
        self.index = bm25s.BM25()
        self.index.index(self._tokens(whole), show_progress=False)
        self.index.save(self.folder)

    def _tokens(self, texts: list[str]) -> Any:
        return bm25s.tokenize(texts, stopwords=None, stemmer=self.stemmer, show_progress=False)

    def search(self, words: str) -> list[int]:
        found, _scores = self.index.retrieve(self._tokens([words]), k=FIRST, show_progress=False)
        return [int(number) for number in found[0]]

    def update(self, number: int) -> None:
        del number
        self.build()


PEERS: Sequence[type[Engine]] = (Fts5, Porter, Tantivy, Bm25s)


def _filled(found: list[int], more: Any) -> list[int]:
    """Ten results, taken from a wider search where there are fewer."""
    if len(found) < FIRST:
        found = [*found, *(number for number in more() if number not in found)]
    return found[:FIRST]


def compare(
    tag: str,
    texts: list[Text],
    asked: dict[str, list[Question]],
    ours: Measured,
    size: float,
    update: float,
) -> None:
    """Print ours and the peers' figures in one table."""
    rows = [_row("Deskside", ours, size, update)]
    for peer in PEERS:
        with tempfile.TemporaryDirectory() as folder:
            engine = peer(texts, tag, Path(folder))
            measured = Measured(asked, engine.search)
            size = engine.size()
            rows.append(_row(peer.name, measured, size, _update(engine)))
    headings = ["engine", *KINDS, "CPU median / p99, ms", "size, MiB", "update, CPU ms"]
    show(f"Search beside others, {tag}: MRR", headings, rows)


def _update(engine: Engine) -> float:
    took = []
    for number in CHANGED:
        started = time.process_time()
        engine.update(number)
        took.append((time.process_time() - started) * 1000)
    return statistics.median(took)


def _row(name: str, measured: Measured, size: float, update: float) -> list[object]:
    ranks = [f"{measured.mrr(kind):.3f}" for kind in KINDS]
    return [name, *ranks, f"{measured.usual:.1f} / {measured.slow:.1f}", size, update]
