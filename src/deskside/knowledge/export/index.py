"""The search index of an exported site: one script that holds data and nothing else.

A browser lets no page that was opened from a file read another file, but lets it load a script.

It holds the passages with the words of each, and the fronts of the articles in every language: what
people ask for them with. `search.js` weighs both as the portal's search does (`search.ways`), so
that a question in other words, or in the other language, leads to the article here, too. A browser
cannot stem, so that the stems of all words that stand in front are in the script.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from textwrap import shorten

from deskside.knowledge.model import Article
from deskside.knowledge.search import traits, ways
from deskside.knowledge.search.analysis import STOP_WORDS, stems, words
from deskside.knowledge.search.documents import Document, document
from deskside.knowledge.search.ranking import MEANT, WAYS

TITLE, TAGS, HEADING, SUMMARY, ASKED, TEXT = 12, 8, 6, 4, 2, 1
"""What a word weighs by where it stands."""

SHOWN = 180
"""Characters of a passage that a result shows."""


WEIGHTS = {
    "ways": WAYS,
    "meant": MEANT,
    "pair": ways.PAIR,
    "run": ways.RUN,
    "enough": ways.ENOUGH,
    "length": ways.LENGTH,
    "letters": traits.LONGEST_RUN,
}
"""What the script weighs with: the numbers of the portal's search."""


def index(articles: Mapping[str, Sequence[Article]], language: str) -> str:
    """The script for one language.

    Args:
        articles: all articles by language; those of the others give their fronts only.
        language: that of the pages.
    """
    shown = [document(article) for article in articles[language]]
    numbers = {found.number for found in shown}
    fronts = {
        tag: [found for found in map(document, listed) if found.number in numbers]
        for tag, listed in articles.items()
    }
    data = {
        **_passages(shown, language),
        "fronts": {tag: [_front(found) for found in listed] for tag, listed in fronts.items()},
        "stems": {tag: _stems(listed, tag) for tag, listed in fronts.items()},
        "small": {tag: sorted(STOP_WORDS.get(tag, ())) for tag in fronts},
        "weights": WEIGHTS,
    }
    return script("desksideIndex", data)


def script(name: str, data: object) -> str:
    """A script that only says what `window.<name>` is."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    # Valid JSON is a valid script but for these two ends of lines (and only before ES2019).
    safe = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f"window.{name}={safe};\n"


def _passages(documents: Iterable[Document], language: str) -> dict[str, object]:
    """All passages, and for every word those that have it, each with the word's weight there."""
    passages: list[list[str]] = []
    weights: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for found in documents:
        for passage in found.passages:
            at = len(passages)
            shown = shorten(passage.text or found.summary, SHOWN, placeholder=" …")
            passages.append([found.number, found.title, passage.anchor, passage.heading, shown])
            lanes = [(passage.heading, HEADING), (passage.text, TEXT)]
            if not passage.anchor:
                lanes += [(found.number, TITLE), (found.title, TITLE)]
                lanes += [(found.tags, TAGS), (found.summary, SUMMARY), (found.asked, ASKED)]
            for text, weight in lanes:
                for word in set(words(text)) - STOP_WORDS.get(language, frozenset()):
                    weights[word][at] += weight
    listed = {
        word: [n for pair in sorted(at.items()) for n in pair] for word, at in weights.items()
    }
    return {"passages": passages, "words": dict(sorted(listed.items()))}


def _front(found: Document) -> list[object]:
    """The number of an article, then each text of its front by what it counts."""
    by_weight: dict[float, list[str]] = {
        ways.TITLE: [found.title],
        1.0: [found.tags, found.summary, *found.asked.splitlines()],
        ways.HEADING: [passage.heading for passage in found.passages if passage.heading],
    }
    listed = [[w, [" ".join(words(text)) for text in texts]] for w, texts in by_weight.items()]
    return [found.number, listed]


def _stems(documents: Iterable[Document], language: str) -> dict[str, str]:
    """The stems of all words in front of the articles, but of those that are their own stems."""
    fronts = (
        " ".join((d.title, d.tags, d.summary, d.asked, *(p.heading for p in d.passages)))
        for d in documents
    )
    said = sorted({word for front in fronts for word in words(front)})
    return {w: stem for w, stem in zip(said, stems(said, language), strict=True) if w != stem}
