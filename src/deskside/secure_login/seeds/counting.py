"""About how many rows a file has, for a progress bar; of files of any length, in little memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

PIECE = 1024 * 1024


def line_breaks(file: BinaryIO) -> int:
    """Line breaks between rows: those at the end of the file part nothing."""
    count = at_end = 0
    for piece in pieces(file):
        body = piece.rstrip(b"\n")
        if body:
            count += at_end + body.count(b"\n")
            at_end = 0
        at_end += len(piece) - len(body)
    return count


def occurrences(file: BinaryIO, what: bytes) -> int:
    """How often a text stands in the file, also across the borders of what is read at once."""
    count, kept = 0, b""
    for piece in pieces(file):
        seen = kept + piece
        count += seen.count(what)
        # Too short to hold the text once more.
        kept = seen[len(seen) - len(what) + 1 :] if len(seen) >= len(what) else seen
    return count


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """The rest of a file, a megabyte at a time."""
    return iter(lambda: file.read(PIECE), b"")
