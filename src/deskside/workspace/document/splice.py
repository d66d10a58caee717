"""Replaces stretches of bytes and leaves every other byte as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """The bytes from `start` to before `end` become `replacement`. Where both are equal, it is
    put in before the byte at `start`."""

    start: int
    end: int
    replacement: bytes


def splice(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The content with all edits made. Those that put in at one place keep their order.

    Raises:
        ValueError: two edits overlap, or one lies outside the content: the caller is wrong.
    """
    pieces: list[bytes] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not done <= edit.start <= edit.end <= len(content):
            raise ValueError(f"{edit.start}:{edit.end} overlaps or is outside")
        pieces += content[done : edit.start], edit.replacement
        done = edit.end
    return b"".join([*pieces, content[done:]])
