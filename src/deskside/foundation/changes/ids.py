"""Names that are short, sort by time, and can be typed."""

from __future__ import annotations

import secrets
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def sortable_id(now: datetime, last: str = "") -> str:
    """A short name that sorts by time: milliseconds, then chance, in Crockford's base 32.

    Args:
        last: the latest name given so far; the new one sorts after it even if the clock went back.
    """
    moment = int(now.timestamp() * 1000)
    if last:
        moment = max(moment, _number(last[:9]) + 1)
    return _base32(moment, 9) + _base32(secrets.randbits(15), 3)


def _base32(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> 5 * i & 31] for i in reversed(range(length)))


def _number(text: str) -> int:
    number = 0
    for letter in text:
        number = number << 5 | _ALPHABET.index(letter)
    return number
