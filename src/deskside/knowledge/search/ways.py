"""Which text people mean who ask in such words, told by all that stands in front of the texts.

The engine weighs each word by how few texts hold it anywhere. In a desk's small library every long
article holds most words of the field somewhere, so that this tells little. Here counts what people
ask for an article with, and its title, tags, summary and headings: how often they have the
question's words (as stems), two words that follow each other, and runs of four letters, which find
mistyped words and parts of long ones. Small words count, too: *what for* is asked of other
articles than *how*.

Only texts with sections are held, since only articles have so much in front of them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from deskside.knowledge.search.analysis import words
from deskside.knowledge.search.documents import Document
from deskside.knowledge.search.traits import runs, stems_and_pairs

TITLE, HEADING = 3.0, 0.5
"""What a title and a heading count, beside tags, summary and each way to ask."""
PAIR, RUN = 0.5, 0.3
"""What two words in a row and a run of letters count, beside a word."""
ENOUGH = 3.0
"""So often a word has half of the weight that it can have in a text of usual length."""
LENGTH = 0.6
"""How far a long front is held to be long because it repeats itself."""

Lane = tuple[str, str]
"""A language, and whether words or runs are meant."""


class Ways:
    """The fronts of all texts, by what they hold."""

    def __init__(self) -> None:
        self._holding: dict[Lane, dict[str, dict[int, float]]] = defaultdict(dict)
        self._lengths: dict[Lane, dict[int, float]] = defaultdict(dict)

    def add(self, row: int, document: Document) -> None:
        """Hold a text's front."""
        for lane, held in _front(document):
            self._lengths[lane][row] = sum(held.values())
            for each, count in held.items():
                self._holding[lane].setdefault(each, {})[row] = count

    def remove(self, row: int, document: Document) -> None:
        """Forget it; told what it was."""
        for lane, held in _front(document):
            self._lengths[lane].pop(row, None)
            for each in held:
                rows = self._holding[lane][each]
                del rows[row]
                if not rows:
                    del self._holding[lane][each]

    def scores(self, asked: Sequence[str]) -> dict[int, float]:
        """The weight of every text whose front has something of a question, 1 for the best."""
        found: dict[int, float] = defaultdict(float)
        for language in {language for language, _kind in self._lengths}:
            self._weigh((language, "words"), set(stems_and_pairs(asked, language)), 1.0, found)
            self._weigh((language, "runs"), set(runs(asked)), RUN, found)
        best = max(found.values(), default=1.0)
        return {row: score / best for row, score in found.items()}

    def _weigh(
        self, lane: Lane, asked: Iterable[str], counts: float, found: dict[int, float]
    ) -> None:
        lengths, holding = self._lengths[lane], self._holding[lane]
        usual = sum(lengths.values()) / max(1, len(lengths))
        for each in asked:
            rows = holding.get(each, {})
            rare = counts * math.log(1 + len(lengths) / max(1, len(rows)))
            for row, often in rows.items():
                long = 1 - LENGTH + LENGTH * lengths[row] / usual
                found[row] += rare * often / (often + ENOUGH * long)


def _front(document: Document) -> Iterator[tuple[Lane, dict[str, float]]]:
    if len(document.passages) < 2:
        return
    held, spelt = defaultdict[str, float](float), defaultdict[str, float](float)
    headings = [(passage.heading, HEADING) for passage in document.passages]
    ways = [(way, 1.0) for way in (document.tags, document.summary, *document.asked.splitlines())]
    for text, counts in [(document.title, TITLE), *ways, *headings]:
        said = words(text)
        for each in stems_and_pairs(said, document.language):
            held[each] += counts * (PAIR if " " in each else 1.0)
        for run in set(runs(said)):
            spelt[run] += counts
    yield (document.language, "words"), held
    yield (document.language, "runs"), spelt
