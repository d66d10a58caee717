"""What a person asks, understood: numbers and codes by themselves, and terms to search for.

A term is one thing to find, with every way in which it may be written: the word, its stems in the
languages of the index, words of the field that mean the same, and for the last word of a question
everything that begins with it. Whatever was typed becomes quoted words: no operator of the
engine's language gets through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from deskside.knowledge.model import article_number
from deskside.knowledge.search import synonyms
from deskside.knowledge.search.analysis import (
    MARK,
    is_small,
    stem_mark,
    stems,
    without_stop_words,
    words,
)

LONGEST = 4_000
"""Characters of a question that are looked at: a pasted message with all that stood around it."""
MOST_TERMS = 12
"""Terms searched for; of a longer question, those that the fewest articles hold."""
SHORTEST_PREFIX = 3
LONGEST_PHRASE = 12
"""Words of a message that must follow each other to be taken for a quotation."""
MOST_SAID = 80
"""Words of a message that are compared with the ways in which people ask."""

CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
NAMED = re.compile(r"kb\s?([0-9]{1,6})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Traces:
    """What of a term a text has.

    Attributes:
        itself: the term in its forms, or words that it begins.
        same: phrases that mean the same.
    """

    itself: Sequence[str]
    same: Sequence[tuple[str, ...]]

    def __bool__(self) -> bool:
        return bool(self.itself or self.same)

    def hits(self, lane: frozenset[str]) -> float:
        """Whether a part of the text has the term (1), or what means the same (0.6)."""
        if not lane.isdisjoint(self.itself):
            return 1.0
        return 0.6 if any(map(lane.issuperset, self.same)) else 0.0


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to find.

    Attributes:
        word: as it is searched for, after correction.
        stems: its stems, one for each language.
        same: phrases that mean the same, as words and as stems that are marked.
        prefix: whether it may be the beginning of a word.
    """

    word: str
    stems: tuple[str, ...]
    same: tuple[tuple[str, ...], ...] = ()
    prefix: bool = False
    _tokens: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tokens", (self.word, *map(stem_mark, self.stems)))

    @property
    def exact(self) -> str:
        """The word itself, its stems and, where it may be unfinished, what it begins."""
        return f"({' OR '.join(self._itself())})"

    @property
    def written(self) -> str:
        """The word itself, or where it may be unfinished, whatever it begins."""
        return f'"{self.word}"*' if self.prefix else f'"{self.word}"'

    @property
    def query(self) -> str:
        """As `exact`, or any phrase that means the same."""
        return f"({' OR '.join([*self._itself(), *map(_phrase, self.same)])})"

    @property
    def alike(self) -> str:
        """Any phrase that means the same."""
        return f"({' OR '.join(map(_phrase, self.same))})"

    def _itself(self) -> list[str]:
        itself = dict.fromkeys((f'"{self.word}"', self.written))
        return [*itself, *(f'"{stem_mark(stem)}"' for stem in self.stems)]

    def written_in(self, listed: Collection[str]) -> bool:
        """Whether the word is there as it was written, or if unfinished, one that it begins."""
        if self.prefix:
            return any(word.startswith(self.word) for word in listed)
        return self.word in listed

    def hits(self, lane: frozenset[str]) -> float:
        """Whether a title has the term (1), or a word that means the same (0.6)."""
        return self.traces(lane).hits(lane)

    def traces(self, lane: frozenset[str]) -> Traces:
        """What of the term stands in front of a text, for looking into parts of that."""
        itself = [token for token in self._tokens if token in lane]
        if self.prefix:
            itself += [word for word in lane if word.startswith(self.word)]
        return Traces(itself, [phrase for phrase in self.same if lane.issuperset(phrase)])

    @property
    def begins(self) -> tuple[str, ...]:
        """Beginnings of the words that are hits, for marking them."""
        alike = (word.removeprefix(MARK) for phrase in self.same for word in phrase)
        return self.word, *self.stems, *alike


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks.

    Attributes:
        numbers: numbers of articles that it names.
        codes: words with hyphens that may be codes of findings.
        terms: what to search for, without words that every text has.
        literal: the same with those words, where there are some; the strictest way to search.
        phrase: its first words in order.
        said: the same, more of them, for what is not compared word for word.
        corrected: the question with mistyped words corrected; empty where none was.
        only_names: whether it is a number or a code and nothing else.
    """

    numbers: tuple[str, ...]
    codes: tuple[str, ...]
    terms: tuple[Term, ...]
    literal: tuple[Term, ...]
    phrase: str
    said: tuple[str, ...]
    corrected: str
    only_names: bool


def understand(
    asked: str,
    languages: Sequence[str],
    correct: Callable[[str, bool], str],
    frequency: Callable[[str], int],
) -> Question:
    """Make terms of what was typed.

    Args:
        asked: what the person typed, of any length.
        languages: those that the index holds.
        correct: the nearest known word; its second argument says that the word may be unfinished.
        frequency: how many texts hold a word.
    """
    text = asked[:LONGEST]
    typed = words(text)
    unfinished = bool(text) and not text[-1].isspace()
    fixed = [
        # A small word is no mistake for another, though no article may happen to hold it.
        word if is_small(word, languages) else correct(word, unfinished and at == len(typed) - 1)
        for at, word in enumerate(typed)
    ]
    same = _same(fixed, languages)
    last = fixed[-1] if fixed and unfinished else ""

    def terms(listed: Iterable[str]) -> tuple[Term, ...]:
        return tuple(
            Term(word, _stems(word, languages), same.get(word, ()), word == last and _long(word))
            for word in listed
        )

    corrected = "" if fixed == typed else _corrected(text, typed, fixed)
    every = list(dict.fromkeys(fixed))
    kept = without_stop_words(every, languages)
    return Question(
        _numbers(text),
        # A code with a typing mistake names its section as well as one without.
        tuple(dict.fromkeys(CODE.findall(f"{text} {corrected}".lower()))),
        terms(_rarest(kept, frequency)),
        terms(every) if len(kept) < len(every) <= MOST_TERMS else (),
        " ".join(fixed[:LONGEST_PHRASE]),
        tuple(fixed[:MOST_SAID]),
        corrected,
        article_number(text) is not None or CODE.fullmatch(text.strip().lower()) is not None,
    )


def _phrase(words_of_it: tuple[str, ...]) -> str:
    return f'"{" ".join(words_of_it)}"'


def _numbers(text: str) -> tuple[str, ...]:
    alone = article_number(text)
    named = [str(int(number)) for number in NAMED.findall(text)]
    return tuple(dict.fromkeys([*([alone] if alone else []), *named]))


def _stems(word: str, languages: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stem for tag in languages for stem in stems([word], tag)))


def _same(asked: list[str], languages: Sequence[str]) -> dict[str, tuple[tuple[str, ...], ...]]:
    """For the first word of each phrase of the field: what else is said for the phrase."""
    found: dict[str, dict[tuple[str, ...], None]] = {}
    for at, word in enumerate(asked):
        for length in range(min(synonyms.LONGEST, len(asked) - at), 0, -1):
            if others := synonyms.others(tuple(asked[at : at + length])):
                known = found.setdefault(word, {})
                known |= dict.fromkeys(
                    form for other in others for form in _forms(other, languages)
                )
                break
    return {word: tuple(phrases) for word, phrases in found.items()}


def _forms(phrase: tuple[str, ...], languages: Sequence[str]) -> Iterator[tuple[str, ...]]:
    yield phrase
    for tag in languages:
        yield tuple(map(stem_mark, stems(phrase, tag)))


def _rarest(kept: Iterable[str], frequency: Callable[[str], int]) -> list[str]:
    listed = list(kept)
    if len(listed) <= MOST_TERMS:
        return listed
    # Words that no text holds say nothing; of the others the rare ones say most.
    ranked = sorted(listed, key=lambda word: frequency(word) or 1_000_000)[:MOST_TERMS]
    return [word for word in listed if word in ranked]


def _long(word: str) -> bool:
    return len(word) >= SHORTEST_PREFIX


def _corrected(text: str, typed: list[str], fixed: list[str]) -> str:
    exchanged = {old: new for old, new in zip(typed, fixed, strict=True) if old != new}
    pieces = re.split(r"(\W+)", text.strip())
    return "".join(exchanged.get("".join(words(piece)), piece) for piece in pieces)[:200]
