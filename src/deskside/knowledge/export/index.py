"""The search index of an exported site: one script that holds data and nothing else.

A browser lets no page that was opened from a file read another file, but lets it load a script.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from textwrap import shorten

from deskside.knowledge.model import Article
from deskside.knowledge.search.analysis import STOP_WORDS, words
from deskside.knowledge.search.documents import document

TITLE, TAGS, HEADING, SUMMARY, TEXT = 12, 8, 6, 4, 1
"""What a word weighs by where it stands."""

SHOWN = 180
"""Characters of a passage that a result shows."""


def index(articles: Iterable[Article], language: str) -> str:
    """The script for one language: passages, and for every word the passages that have it."""
    passages: list[list[str]] = []
    weights: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for article in articles:
        found = document(article)
        for passage in found.passages:
            at = len(passages)
            shown = shorten(passage.text or found.summary, SHOWN, placeholder=" …")
            passages.append(
                [
                    article.number,
                    found.title,
                    passage.anchor,
                    passage.heading,
                    shorten(shown, SHOWN, placeholder=" …"),
                ]
            )
            lanes = [(passage.heading, HEADING), (passage.text, TEXT)]
            if not passage.anchor:
                lanes += [(article.number, TITLE), (found.title, TITLE)]
                lanes += [(found.tags, TAGS), (found.summary, SUMMARY)]
            for text, weight in lanes:
                for word in set(words(text)) - STOP_WORDS.get(language, frozenset()):
                    weights[word][at] += weight
    listed = {
        word: [n for pair in sorted(at.items()) for n in pair] for word, at in weights.items()
    }
    data = {"passages": passages, "words": dict(sorted(listed.items()))}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    # Valid JSON is a valid script but for these two ends of lines (and only before ES2019).
    safe = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f"window.desksideIndex={safe};\n"
