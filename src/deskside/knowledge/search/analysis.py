"""How text becomes words to search for; the same for an article and for a question.

Words are folded (case, accents), and each has a stem (Snowball, by language). Chinese and
Japanese write no spaces, so their characters are taken in overlapping pairs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

import Stemmer

ALGORITHMS = {"en": "english", "it": "italian", "de": "german", "fr": "french", "es": "spanish"}
"""Snowball's algorithm for a language; words of any other are not stemmed."""

MARK = "\ue000"
"""Begins every stem: of the private-use area, which FTS5 takes for a letter."""

MOST_FOLDED = 4_096
SHORTEST_TELLING = 4
PIECE = re.compile(r"(?P<han>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+)|[^\W_]+")
LETTERS = re.compile(r"[^\W\d_]{3,}")

ENGLISH = """
    a about after all also am an and any are as at be been but by can could did do does
    doing done for from get gets getting got had has have having he her here hers him his
    how i if in into is it its just let like may me might mine must my of on or our ours
    keep keeping keeps please s said say saying says shall she should so some such t than that the their them then there these they
    this those to too us use used uses using very want was we were what when where which while who whom whose
    why will with would you your yours
"""  # noqa: E501
ITALIAN = """
    a ad agli ai al alla alle allo anche c che chi ci come con cosa cos cui d da dagli dai
    dal dalla dalle dallo degli dei del dell dice dicono della delle dello di dopo dove dov due e ed era
    essere fa fare fra gli ha hai hanno ho i il in io l la le lei li lo loro lui ma mi mia
    mie miei mio ne nei nel nell nella nelle nello noi o ogni per perche piu poi posso puo
    qual quale quali quando quanto quello questa queste questi questo riesco se si sia siamo
    sono sta su sua subito sue sugli sui sul sull sulla sulle sullo suo suoi te ti tra tu
    tua tuo un una uno usare uso va vi voglio voi
"""  # noqa: E501
STOP_WORDS = {"en": frozenset(ENGLISH.split()), "it": frozenset(ITALIAN.split())}
"""Words that every text has and no question means."""


class _Folding(dict[int, str]):
    """What becomes of each character; worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        apart = unicodedata.normalize("NFKD", chr(code))
        folded = "".join(c for c in apart if not unicodedata.combining(c)).lower()
        if len(self) < MOST_FOLDED:
            self[code] = folded
        return folded


FOLDING = _Folding()


def fold(text: str) -> str:
    """Lower case without accents."""
    return text.lower() if text.isascii() else text.translate(FOLDING)


def words(text: str) -> list[str]:
    """The words of a text, in order."""
    return list(_words(fold(text)))


def _words(folded: str) -> Iterator[str]:
    for piece in PIECE.finditer(folded):
        run = piece["han"]
        if run is None:
            yield piece[0]
        elif len(run) == 1:
            yield run
        else:
            yield from (run[at : at + 2] for at in range(len(run) - 1))


def parts(of: Iterable[str]) -> Iterator[str]:
    """The parts of words that join letters and digits: `riscv` of `riscv64`."""
    for word in of:
        if not word.isalpha() and not word.isdigit():
            yield from LETTERS.findall(word)


def stems(of: Iterable[str], language: str) -> list[str]:
    """The stem of each word in a language."""
    stemmer = _stemmer(language)
    listed = list(of)
    return stemmer.stemWords(listed) if stemmer else listed


def stem_mark(stem: str) -> str:
    """A stem as it stands beside words in one column: no word looks like it."""
    return f"{MARK}{stem}"


def without_stop_words(asked: list[str], languages: Iterable[str]) -> list[str]:
    """What remains of a question without words that every text has; all of it where none would."""
    stopped = frozenset[str]().union(*(STOP_WORDS.get(tag, frozenset()) for tag in languages))
    return [word for word in asked if word not in stopped] or asked


def says_something(word: str, language: str) -> bool:
    """Whether a word is one of a text's own: letters only, neither short nor in every text."""
    long = len(word) >= SHORTEST_TELLING and word.isalpha()
    return long and word not in STOP_WORDS.get(language, ())


@lru_cache
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    name = ALGORITHMS.get(language)
    return Stemmer.Stemmer(name) if name else None
