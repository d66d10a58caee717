"""A file that waits sealed in the database, opened a piece at a time: it never lies in clear in one
place, neither on a disk nor in memory."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, cast


class SealedFile(io.RawIOBase):
    """Reads pieces of one size, all but the last.

    Args:
        piece: gives a piece by its number, opened.
        size: of a piece, in bytes.
        length: of the whole file, in bytes.
    """

    def __init__(self, piece: Callable[[int], bytes], size: int, length: int) -> None:
        super().__init__()
        self._piece, self._size, self._length = piece, size, length
        self._at, self._number, self._open = 0, -1, b""

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where it stands."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go elsewhere."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read on, as far as the piece goes."""
        if self._at >= self._length:
            return 0
        number, start = divmod(self._at, self._size)
        if number != self._number:
            self._number, self._open = number, self._piece(number)
        part = self._open[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)


def opened(piece: Callable[[int], bytes], size: int, length: int) -> BinaryIO:
    """A sealed file to read from its beginning."""
    return cast(BinaryIO, io.BufferedReader(SealedFile(piece, size, length)))
