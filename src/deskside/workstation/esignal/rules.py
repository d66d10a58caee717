"""What the facts come to. Pure.

Issue A: one of the two programs is not 32-bit. No copy mends that. Issue B: TWS's library is not
the one that the other program brings along. Both may be so at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from deskside.workstation.esignal.model import Host, Library, Recipe, Seen


class Issue(StrEnum):
    """What the article calls the two reasons of the message."""

    A = "A"
    B = "B"


class Code(StrEnum):
    """What can be found; each is a section of the article."""

    TWS_NOT_32_BIT = "tws-not-32-bit"
    TWS_JAVA_MISSING = "tws-java-missing"
    TWS_JAVA_UNKNOWN = "tws-java-unknown"
    PARTNER_NOT_32_BIT = "partner-not-32-bit"
    PARTNER_MISSING = "partner-missing"
    LIBRARY_MISSING = "library-missing"
    LIBRARY_DAMAGED = "library-damaged"
    LIBRARY_WRONG_WORD_SIZE = "library-wrong-word-size"
    LIBRARY_FOREIGN = "library-foreign"
    LIBRARY_INCOMPATIBLE = "library-incompatible"
    LIBRARY_OK = "library-ok"
    DONOR_MISSING = "donor-missing"
    DONOR_UNUSABLE = "donor-unusable"
    RUNTIME_MISSING = "runtime-missing"
    TWS_32_BIT = "tws-32-bit"
    PARTNER_32_BIT = "partner-32-bit"
    LIBRARY_MET = "library-met"


ISSUE_OF = {
    Code.TWS_NOT_32_BIT: Issue.A,
    Code.PARTNER_NOT_32_BIT: Issue.A,
    Code.LIBRARY_MISSING: Issue.B,
    Code.LIBRARY_DAMAGED: Issue.B,
    Code.LIBRARY_WRONG_WORD_SIZE: Issue.B,
    Code.LIBRARY_FOREIGN: Issue.B,
    Code.LIBRARY_INCOMPATIBLE: Issue.B,
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """One thing that follows from the facts.

    Attributes:
        about: the file that it is about; None where there is none.
        mends: whether the recipe's repair answers it.
    """

    code: Code
    about: Library | Host | None = None
    mends: bool = False


def judge(recipe: Recipe, seen: Seen) -> Iterator[Judgement]:
    """Everything that follows from the facts, the worst first."""
    yield from _hosts(seen)
    yield from _partner(recipe, seen)
    yield from _library(recipe, seen)
    if seen.runtime_missing:
        yield Judgement(Code.RUNTIME_MISSING, seen.donor)
    for other in seen.others:
        yield Judgement(Code.LIBRARY_MET, other)


def issues(judgements: list[Judgement]) -> list[str]:
    """Which issues of the article were found."""
    return sorted({ISSUE_OF[one.code].value for one in judgements if one.code in ISSUE_OF})


def _hosts(seen: Seen) -> Iterator[Judgement]:
    if not seen.hosts:
        yield Judgement(Code.TWS_JAVA_UNKNOWN)
    for host in seen.hosts:
        if host.refused:
            yield Judgement(Code.TWS_JAVA_MISSING, host)
        elif host.bits != 32 or host.machine != "x86":
            yield Judgement(Code.TWS_NOT_32_BIT, host)
        else:
            yield Judgement(Code.TWS_32_BIT, host)


def _partner(recipe: Recipe, seen: Seen) -> Iterator[Judgement]:
    """The other program's word size, by its own program or else by the library it brings."""
    if not recipe.partner_programs:
        return
    known = seen.partner if seen.partner and not seen.partner.refused else None
    known = known or next((one for one in seen.donors if not one.refused), None)
    if known is None:
        yield Judgement(Code.PARTNER_MISSING)
    elif known.machine == "x86":
        yield Judgement(Code.PARTNER_32_BIT, known)
    else:
        yield Judgement(Code.PARTNER_NOT_32_BIT, known)


def _library(recipe: Recipe, seen: Seen) -> Iterator[Judgement]:
    target, donor = seen.target, seen.donor
    wrong = _wrong_with(target)
    if wrong is None and donor and target and donor.sha256 != target.sha256:
        wrong = Code.LIBRARY_INCOMPATIBLE
    if wrong is None:
        yield Judgement(Code.LIBRARY_OK, target)
        return
    if wrong is Code.LIBRARY_MISSING and recipe.donor is None:
        return
    yield Judgement(wrong, target, mends=donor is not None)
    if donor is None and recipe.donor:
        bad = seen.donors[0] if seen.donors else None
        yield Judgement(Code.DONOR_UNUSABLE if bad else Code.DONOR_MISSING, bad)


def _wrong_with(target: Library | None) -> Code | None:
    """Why a 32-bit TWS could not load the library; None if it could."""
    if target is None:
        return Code.LIBRARY_MISSING
    if target.refused:
        return Code.LIBRARY_DAMAGED
    if target.foreign:
        return Code.LIBRARY_FOREIGN
    return None if target.usable else Code.LIBRARY_WRONG_WORD_SIZE
