"""Which content a new one derives from, and how it is written as the difference. Pure.

A content is kept as what zstd needs when it has the base before it (as `zstd --patch-from`).
Restoring one walks up to a whole copy, so the walk is kept short: runs of deltas to the snapshot
before; when a run has become `DEEPEST` deep, the next one derives from the beginning of the run
(a far delta), where a shorter run begins; and when the far deltas alone are so deep, a whole copy
follows. So at most 21 deltas lie before any content, and one whole copy bears at most
21 + 20 + … + 1 others, and 21 far ones between.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

from deskside.workspace.history.records import Codec

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DEEPEST = 21
"""Deltas between a content and a whole copy."""

LARGEST = 64 << 20
"""Bytes; larger contents are kept whole."""

QUICK = 6
"""Level of zstd at a save: 7 ms for 1.5 MB in a new process; 9 takes 17 and gains 8 %."""

DENSE = 19
"""Level in the background: 300 ms, and a fifth smaller."""

_WHOLE_WORTH = 3
"""A whole copy is preferred while it is no larger than so many deltas."""


class Packed(NamedTuple):
    """A content as it is kept."""

    codec: Codec
    body: bytes


def whole(content: bytes, *, level: int = QUICK) -> Packed:
    """A content by itself."""
    if len(content) > LARGEST:
        level = min(level, 3)
    body = zstd.compress(content, options=_options(level, len(content)))
    return Packed(Codec.WHOLE, body) if len(body) < len(content) else Packed(Codec.RAW, content)


def delta(content: bytes, base: bytes, *, level: int = QUICK) -> Packed:
    """A content as the difference from another one."""
    before = zstd.ZstdDict(base, is_raw=True).as_prefix
    options = _options(level, len(base) + len(content))
    return Packed(Codec.DELTA, zstd.compress(content, options=options, zstd_dict=before))


def unpacked(codec: Codec, body: bytes, base: bytes | None, size: int) -> bytes | None:
    """The content again; None where the body is not what it should be."""
    if codec is Codec.RAW:
        return body
    if codec is Codec.SAME:
        return base
    try:
        before = zstd.ZstdDict(base, is_raw=True).as_prefix if base else None
        return zstd.ZstdDecompressor(zstd_dict=before).decompress(body, size)
    except zstd.ZstdError:
        return None


def worth_a_whole(packed: Packed, content: bytes) -> bool:
    """Whether a difference is so large that a whole copy might be better."""
    return len(packed.body) * 16 > len(content)


def better(difference: Packed, copy: Packed) -> Packed:
    """The one of both that is worth more."""
    return copy if len(copy.body) <= _WHOLE_WORTH * len(difference.body) // 2 else difference


def _options(level: int, reach: int) -> dict[int, int]:
    # Without the table of a long-distance matcher, which finds less here.
    window = min(max(reach.bit_length(), 10), 27)
    return {
        zstd.CompressionParameter.compression_level: level,
        zstd.CompressionParameter.window_log: window,
    }
