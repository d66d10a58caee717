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
    a about after again all already also although always am an and any anybody anyone anything are
    aren as asap at be because been being but by can could couldn d did didn do does doesn doing don
    done dont either else even ever every everything for from get gets getting give gives go goes
    going gone got had has hasn have haven having he hello help her here hers hey hi him his how
    however i if im in instead into is isn it its just keep keeping keeps know let like ll m make
    makes many may maybe me might mine more most much must my near need needs never no nobody not
    nothing now of off ok okay on only onto or our ours out please pls plz really s said same say
    saying says shall she should since so some somebody someone something still such suddenly sure t
    tell than thank thanks that the their them then there these they thing this those though to too
    trying try tried urgent urgently us use used uses using ve very want wanted wants was wasn way
    we were what whatever when where whether which while who whom whose why will with won would
    wouldn yet you your yours
"""
ITALIAN = """
    a abbiamo abbia ad adesso agli ai aiuto al alcuni all alla alle allo allora anche ancora avere
    avete aveva avevo bisogna bisogno buongiorno buonasera c che chi ci ciao cioe col come comunque
    con cosa cosi cos cui d da dagli dai dal dall dalla dalle dallo deve devi devo degli dei del
    dell della delle dello dentro di dice dicono dirmi dopo dov dove due e ecco ed era erano ero
    essere fa faccio facciamo fanno far fare fatto fino fra funziona funzionano gia gli grazie ha
    hai hanno ho i il in invece io l la le lei li lo loro lui ma mai me mentre mi mia mie miei mio
    molto ne nei nel nell nella nelle nello niente noi non nostra nostre nostri nostro o oggi ogni
    ok ora oppure per perche pero piu poi possiamo posso possono potete prego proprio pur puo puoi
    qual qualche qualcosa qualcuno quale quali quando quanta quante quanti quanto quel quella
    quelle quelli quello questa queste questi questo qui quindi riesce riesco salve sapere se sei
    sempre senz serve servono si sia siamo sono sta stai stanno state stato stata sto su sua subito
    sue sugli sui sul sull sulla sulle sullo suo suoi te ti tra troppo tu tua tuo tutta tutte
    tutti tutto un una uno urgente usare usato uso va vado vi voglio voi vorrei vuole vuoi
"""
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


def is_small(word: str, languages: Iterable[str]) -> bool:
    """Whether a word is one that every text of a language has."""
    return any(word in STOP_WORDS.get(tag, ()) for tag in languages)


def says_something(word: str, language: str) -> bool:
    """Whether a word is one of a text's own: letters only, neither short nor in every text."""
    long = len(word) >= SHORTEST_TELLING and word.isalpha()
    return long and word not in STOP_WORDS.get(language, ())


@lru_cache
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    name = ALGORITHMS.get(language)
    return Stemmer.Stemmer(name) if name else None
