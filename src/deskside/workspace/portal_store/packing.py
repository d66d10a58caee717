"""How a version's bytes are made small, and whole again. Pure.

Plain XML changes little from save to save: a version is packed onto an earlier one (zstd with
that one's bytes as prefix, RFC 8878), in about a thousandth of its size. So that any version is
whole again in few steps, the n-th after a whole copy is packed onto the one whose distance is n
with its lowest digit that is not zero, to the base of 4, less by one:

    1→0  2→1  3→2  4→0  5→4 … 8→4 … 16→0 … 64→0       at most 3 steps a digit, 12 in all

After SPAN versions a whole copy follows, which also bounds what a damaged one can cost.
"""

from __future__ import annotations

import sys
import zlib
from enum import IntEnum

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

RADIX = 4
SPAN = RADIX**4
"""How many versions share one whole copy at most."""

DEEPEST = 3 * RADIX + 4
"""Steps to the whole copy at most, even where versions in between were deleted."""

_WINDOW = 27  # 128 MiB: twice the largest file
_WHOLE_LEVEL, _DELTA_LEVEL = 6, 3
_LEAST_WINDOW = 20


class Coding(IntEnum):
    """How the bytes of a version lie in the database."""

    ZLIB = 0  # by the first release's tables; the seal's context names the workspace alone
    WHOLE = 1
    ONTO = 2
    AS_IS = 3


class PackedWrong(ValueError):
    """What was packed cannot be unpacked: altered, cut, or onto something else."""


def pack(content: bytes) -> bytes:
    """A content by itself."""
    options: dict[int, int] = {zstd.CompressionParameter.compression_level: _WHOLE_LEVEL}
    return zstd.compress(content, options=options)


def pack_onto(content: bytes, base: bytes) -> bytes:
    """A content as what changed since another."""
    parameter = zstd.CompressionParameter
    options: dict[int, int] = {
        parameter.compression_level: _DELTA_LEVEL,
        parameter.window_log: _window(len(content) + len(base)),
        parameter.enable_long_distance_matching: 1,
    }
    return zstd.compress(content, options=options, zstd_dict=_prefix(base))


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


def _prefix(base: bytes) -> tuple[zstd.ZstdDict, int]:
    return zstd.ZstdDict(base, is_raw=True).as_prefix


def _window(size: int) -> int:
    """Log2 of the window that holds so many bytes."""
    return min(max(size.bit_length(), _LEAST_WINDOW), _WINDOW)


def _unpacked(packed: bytes, size: int, base: bytes | None) -> bytes:
    decompressor = zstd.ZstdDecompressor(
        zstd_dict=None if base is None else _prefix(base),
        options={zstd.DecompressionParameter.window_log_max: _WINDOW},
    )
    try:
        return decompressor.decompress(packed, max_length=size + 1)
    except (zstd.ZstdError, EOFError) as error:
        raise PackedWrong(str(error)) from None


def _inflated(packed: bytes, size: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, size + 1)
    except zlib.error as error:
        raise PackedWrong(str(error)) from None
