"""Search over 20,000 texts: is the right one first, and what does a question cost?

MRR is the mean of 1/rank of the right text among the first ten. Only even questions may be looked
at while tuning, so both halves are shown. CPU is the process's own.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import search_corpus
from bench.measure import show, verdict
from bench.search_corpus import KINDS, Question, Text
from deskside.knowledge.search.documents import Document, Passage
from deskside.knowledge.search.index import Index

BOUNDS = {"en": (0.94, 0.93, 0.92, 0.92), "it": (0.955, 0.955, 0.955, 0.935)}
CPU, SIZE, UPDATE = 12.0, 20.0, 5.0
FIRST = 10
CHANGED = (7, 70, 700, 7_000)
"""Texts that are indexed anew."""

Search = Callable[[str], list[int]]


def document(number: int, text: Text, tag: str) -> Document:
    """A text of the corpus as an article without sections."""
    return Document(str(number), tag, text.title, "", "", (Passage("", "", text.body),))


class Measured:
    """An engine over the corpus, as every engine here is measured."""

    def __init__(self, asked: dict[str, list[Question]], search: Search) -> None:
        for kind in KINDS:
            for words, _answer in asked[kind][:10]:
                search(words)
        self.reciprocal: dict[str, list[float]] = {}
        self.cpu: list[float] = []
        for kind in KINDS:
            self.reciprocal[kind] = [self._ask(search, *each) for each in asked[kind]]

    def _ask(self, search: Search, words: str, answer: int) -> float:
        started = time.process_time()
        found = search(words)
        self.cpu.append((time.process_time() - started) * 1000)
        return 1 / (found.index(answer) + 1) if answer in found else 0.0

    def mrr(self, kind: str, half: slice = slice(None)) -> float:
        """The mean over all questions of a kind, or over a part of them."""
        return statistics.mean(self.reciprocal[kind][half])

    @property
    def slow(self) -> float:
        """Milliseconds of CPU that 99 of 100 questions stay under."""
        return statistics.quantiles(self.cpu, n=100)[98]

    @property
    def usual(self) -> float:
        """Milliseconds of CPU of the median question."""
        return statistics.median(self.cpu)


@contextmanager
def ours(texts: list[Text], tag: str) -> Iterator[tuple[Index, Path]]:
    """Our index over the texts, in a file, so that its size can be seen."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "index"
        yield Index((document(*each, tag) for each in enumerate(texts)), file=file), file


def run(*, peers: bool) -> None:
    """Print the tables."""
    corpora = search_corpus.corpus()
    for tag, texts in corpora.items():
        asked = search_corpus.questions(texts, tag)
        started = time.process_time()
        with ours(texts, tag) as (index, file):
            made = time.process_time() - started
            measured = Measured(asked, lambda words, i=index, t=tag: _find(i, words, t))  # type: ignore[misc]
            size = file.stat().st_size / 2**20
            update = _update(index, texts, tag)
        _report(tag, measured, size, update, made)
        if peers:
            from bench import search_peers

            search_peers.compare(tag, texts, asked, measured, size, update)


def _find(index: Index, words: str, tag: str) -> list[int]:
    return [int(result.number) for result in index.search(words, tag, FIRST)[0]]


def _update(index: Index, texts: list[Text], tag: str) -> float:
    took = []
    for number in CHANGED:
        changed = Text(texts[number].title, texts[number].body + " once more")
        started = time.process_time()
        index.put(document(number, changed, tag))
        took.append((time.process_time() - started) * 1000)
    return statistics.median(took)


def _report(tag: str, measured: Measured, size: float, update: float, made: float) -> None:
    ranks = [
        (
            f"MRR, {kind}",
            f"{measured.mrr(kind):.3f}",
            " / ".join(f"{measured.mrr(kind, slice(half, None, 2)):.3f}" for half in (0, 1)),
            f">= {bound}",
            verdict(measured.mrr(kind), bound, at_least=True),
        )
        for kind, bound in zip(KINDS, BOUNDS[tag], strict=True)
    ]
    costs = [
        (f"CPU of a question, p99 (median {measured.usual:.1f} ms)", measured.slow, CPU, "ms"),
        ("size of the index", size, SIZE, "MiB"),
        ("one text indexed anew, CPU", update, UPDATE, "ms"),
    ]
    rows = [(n, f"{v:.1f} {u}", "", f"<= {b:g} {u}", verdict(v, b)) for n, v, b, u in costs]
    show(
        f"Search, {tag}: {search_corpus.TEXTS:,} texts, indexed in {made:.1f} s of CPU",
        ["", "measured", "tuned on / not tuned on", "bound", "within"],
        [*ranks, *rows],
    )
