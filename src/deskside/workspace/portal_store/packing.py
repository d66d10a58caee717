"""How a version's bytes are made small, and whole again. Pure.

Plain XML changes little from save to save: a version is packed onto an earlier one (zstd with
that one's bytes as prefix, RFC 8878), in about a thousandth of its size. So that any version is
whole again in few steps, the n-th after a whole copy is packed onto the one whose distance is n
with its lowest digit that is not zero, to the base of 4, less by one:

    1→0  2→1  3→2  4→0  5→4 … 8→4 … 16→0 … 64→0       at most 3 steps a digit, 12 in all

After SPAN versions a whole copy follows, which also bounds what a damaged one can cost.
"""

from __future__ import annotations

import zlib
from enum import IntEnum

from deskside.workspace.history import deltas
from deskside.workspace.history.records import Codec

RADIX = 4
SPAN = RADIX**4
"""How many versions share one whole copy at most."""

DEEPEST = 3 * RADIX + 4
"""Steps to the whole copy at most, even where versions in between were deleted."""

_LEVEL = 6
"""Of zstd: 5 ms for 1.5 MB, since a thousand may come at once."""


class Coding(IntEnum):
    """How the bytes of a version lie in the database."""

    ZLIB = 0  # by the first release's tables; the seal's context names the workspace alone
    WHOLE = 1
    ONTO = 2
    AS_IS = 3


class PackedWrong(ValueError):
    """What was packed cannot be unpacked: altered, cut, or onto something else."""


def pack(content: bytes) -> tuple[Coding, bytes]:
    """A content by itself."""
    packed = deltas.whole(content, level=_LEVEL)
    return (Coding.AS_IS if packed.codec is Codec.RAW else Coding.WHOLE), packed.body


def pack_onto(content: bytes, base: bytes) -> bytes:
    """A content as what changed since another."""
    return deltas.delta(content, base, level=_LEVEL).body


def unpack(coding: int, packed: bytes, size: int, base: bytes | None = None) -> bytes:
    """The content again, never more than `size` bytes.

    Raises:
        PackedWrong: it is not what was packed, or not of that size.
    """
    if coding == Coding.AS_IS:
        content = packed
    elif coding == Coding.ZLIB:
        content = _inflated(packed, size)
    else:
        content = _unpacked(packed, size, base if coding == Coding.ONTO else None)
    if len(content) != size:
        raise PackedWrong(f"{len(content)} bytes instead of {size}")
    return content


def distance(number: int) -> int:
    """The distance from the whole copy that the version at a distance is packed onto."""
    step = 1
    while number % (step * RADIX) == 0:
        step *= RADIX
    return number - step


def _unpacked(packed: bytes, size: int, base: bytes | None) -> bytes:
    codec = Codec.WHOLE if base is None else Codec.DELTA
    content = deltas.unpacked(codec, packed, base, size + 1)
    if content is None:
        raise PackedWrong("no zstd, or onto something else")
    return content


def _inflated(packed: bytes, size: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, size + 1)
    except zlib.error as error:
        raise PackedWrong(str(error)) from None
