"""What a checksum that no longer fits says about one changed byte. Pure.

A CRC is linear: the difference between the checksum that was kept and the one that is found
depends only on which bits changed and on how far from the end they are. Turning that difference
back, byte by byte from the end, shows for each place the change that would explain it; nearly
all of these are longer than two bytes, and so no answer. Whoever asks must prove a candidate by
other means, for which an authenticated seal is enough.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cache

LARGEST = 4 << 20
"""Bytes beyond which nothing is mended: it would take seconds."""

_POLYNOMIAL = 0xEDB88320
_ALL = 0xFFFFFFFF
_LONGEST = 1 << 16
"""Two neighbouring bytes at most: longer changes have too many explanations."""


@cache
def _backward() -> list[int]:
    """What takes a CRC register one zero byte back, by its highest byte."""
    table = [0] * 256
    for byte in range(256):
        value = byte
        for _bit in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table[value >> 24] = (value << 8 ^ byte) & _ALL
    return table


def candidates(damaged: bytes, checksum: int) -> Iterator[bytes]:
    """What the bytes may have been, if at most two neighbouring ones were changed.

    Args:
        checksum: the CRC-32 of what they were. It may be what was changed: the bytes as they
            are come first.
    """
    yield damaged
    change = zlib.crc32(damaged) ^ checksum
    if not change or len(damaged) > LARGEST:
        return
    table = _backward()
    for start in range(len(damaged) - 1, -1, -1):
        change = (change << 8 & _ALL) ^ table[change >> 24]
        if change < _LONGEST:
            if change < 256:
                yield _with(damaged, start, bytes([change]))
            elif start + 1 < len(damaged):
                yield _with(damaged, start, change.to_bytes(2, "little"))


def _with(damaged: bytes, start: int, change: bytes) -> bytes:
    mended = bytearray(damaged)
    for offset, bits in enumerate(change, start):
        mended[offset] ^= bits
    return bytes(mended)
