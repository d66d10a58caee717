"""A few words of a text around what was asked for, with every hit marked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import islice

from deskside.knowledge.search.analysis import fold, stems

START, END = "\x02", "\x03"
AROUND = 170
"""Characters that are shown, more or less: whole words."""
BEFORE = 30
SCANNED = 20_000
"""Characters of a text that are looked through."""
MOST_HITS = 200


def excerpt(text: str, beginnings: Collection[str], language: str) -> str:
    """The stretch of a text that holds the most different hits, on one line."""
    shown = " ".join(text[:SCANNED].split())
    hits = list(islice(_hits(shown, beginnings, language), MOST_HITS))
    start, end = _stretch(shown, hits)
    pieces, at = [], start
    for begin, after, _what in hits:
        if start <= begin and after <= end:
            pieces += [shown[at:begin], START, shown[begin:after], END]
            at = after
    pieces.append(shown[at:end])
    return f"{'… ' if start else ''}{''.join(pieces).strip()}{' …' if end < len(shown) else ''}"


def _stretch(shown: str, hits: list[tuple[int, int, str]]) -> tuple[int, int]:
    """Where the stretch with the most different hits begins and ends, between words."""
    best, most = 0, 0
    for begin, _after, _what in hits:
        inside = {what for at, _end, what in hits if begin <= at < begin + AROUND - BEFORE}
        if len(inside) > most:
            best, most = begin, len(inside)
    start = shown.rfind(" ", 0, max(best - BEFORE, 0)) + 1
    end = shown.find(" ", min(start + AROUND, len(shown)))
    return start, end if end >= 0 else len(shown)


def _hits(shown: str, beginnings: Collection[str], language: str) -> Iterator[tuple[int, int, str]]:
    """Beginning and end of each hit, and which it is."""
    folded = fold(shown)
    if not beginnings or len(folded) != len(shown):
        # A text that folding makes longer or shorter cannot be marked in place.
        return
    for found in _pattern(frozenset(beginnings)).finditer(folded):
        word = found[0]
        if word in beginnings:
            yield found.start(), found.end(), word
        elif (stem := stems([word], language)[0]) in beginnings:
            yield found.start(), found.end(), stem


@lru_cache(maxsize=16)
def _pattern(beginnings: frozenset[str]) -> re.Pattern[str]:
    any_of = "|".join(map(re.escape, sorted(beginnings, key=len, reverse=True)))
    return re.compile(rf"(?<![^\W_])(?:{any_of})[^\W_]*")
