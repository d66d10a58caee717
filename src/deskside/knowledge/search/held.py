"""What is kept of an indexed text in memory, besides its rows in the tables."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from sys import intern

from deskside.knowledge.search.analysis import says_something, words
from deskside.knowledge.search.documents import Document
from deskside.knowledge.search.tables import lane


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of an indexed text besides its rows.

    Attributes:
        lead: words of title and tags.
        asked: the same for each way in which people ask for it.
        telling: its different words that say something.
        titling: those of its title.
        front: words of all that stands in front of the text, `asked` included.
    """

    document: Document
    lead: frozenset[str]
    asked: tuple[frozenset[str], ...]
    telling: tuple[str, ...]
    titling: tuple[str, ...]
    front: frozenset[str]

    @property
    def in_sections(self) -> bool:
        """Whether parts of it can be answers by themselves; one alone is the whole text."""
        return len(self.document.passages) > 1


def held(document: Document, vocabulary: Collection[str]) -> Held:
    """What is kept of a text whose words are these."""
    return Held(
        document,
        lane_of(f"{document.title} {document.tags}", document.language),
        tuple(lane_of(phrase, document.language) for phrase in document.asked.splitlines()),
        _telling(vocabulary, document.language),
        _telling(set(words(document.title)), document.language),
        lane_of(
            f"{document.title} {document.tags} {document.summary} {document.asked}",
            document.language,
        ),
    )


def _telling(listed: Collection[str], language: str) -> tuple[str, ...]:
    return tuple(intern(word) for word in listed if says_something(word, language))


@lru_cache(maxsize=4_096)
def lane_of(text: str, language: str) -> frozenset[str]:
    """The words of a text with their parts and stems, as they stand in a column."""
    return frozenset(lane(words(text), language).split())
