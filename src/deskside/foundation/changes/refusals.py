"""What the operating system refuses, in words that a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from deskside.foundation.console import system_problem


@contextmanager
def in_words() -> Iterator[None]:
    """Turn an OSError into the refusal that says what to do: `disk-full`, `not-writable`, …"""
    try:
        yield
    except OSError as error:
        raise system_problem(error) from error
