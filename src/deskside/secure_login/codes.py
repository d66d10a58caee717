"""Codes that are printed, read aloud and typed: their alphabet, and reading what was typed."""

from __future__ import annotations

import unicodedata

from deskside.foundation.clock import Randomness

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""31 capitals and digits: no 0 beside O, no 1 beside I and L. A character is 4.95 bits."""

_LONGEST_INPUT = 256


def random_code(length: int, rng: Randomness) -> str:
    """A code of so many characters, each as likely as any other."""
    return "".join(ALPHABET[rng.below(len(ALPHABET))] for _place in range(length))


def bare(text: str) -> str:
    """What was typed, without spaces and hyphens and of bounded length."""
    return "".join(
        mark
        for mark in text[:_LONGEST_INPUT]
        if not (mark.isspace() or unicodedata.category(mark) == "Pd")
    )


def is_code(text: str) -> bool:
    """Whether a text is made of the alphabet's characters alone."""
    return all(mark in ALPHABET for mark in text)
