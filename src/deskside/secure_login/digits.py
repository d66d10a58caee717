"""Reading a number of known length that a person typed or pasted."""

from __future__ import annotations

import unicodedata
from enum import Enum

_LONGEST_INPUT = 256


class Flaw(Enum):
    """What is wrong with a number."""

    EMPTY = "empty"
    NOT_DIGITS = "not-digits"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"


class DigitsError(ValueError):
    """The text is not a number of the wanted length."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


def read_digits(text: str, length: int) -> str:
    """The `length` ASCII digits in the text, whatever spaces and hyphens part them.

    Other digits (Arabic-Indic, full-width …) are refused rather than translated: no device shows
    them, and two spellings of one code would be two keys for whoever counts attempts.

    Raises:
        DigitsError: with what is wrong.
    """
    if len(text) > _LONGEST_INPUT:
        raise DigitsError(Flaw.TOO_LONG)
    bare = "".join(mark for mark in text if not _parts_digits(mark))
    if not bare:
        raise DigitsError(Flaw.EMPTY)
    if not (bare.isascii() and bare.isdigit()):
        raise DigitsError(Flaw.NOT_DIGITS)
    if len(bare) != length:
        raise DigitsError(Flaw.TOO_SHORT if len(bare) < length else Flaw.TOO_LONG)
    return bare


def _parts_digits(mark: str) -> bool:
    # Word processors turn a space into a no-break space and a hyphen into a dash.
    return mark.isspace() or unicodedata.category(mark) == "Pd"
