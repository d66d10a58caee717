"""How a content becomes the record of a snapshot, in the company of those that a log holds."""

from __future__ import annotations

from typing import NamedTuple

from deskside.workspace.history import deltas, records
from deskside.workspace.history.deltas import Packed
from deskside.workspace.history.log import Entry, Log
from deskside.workspace.history.records import Brief, Codec, Kept
from deskside.workspace.rules import SEALED_MARK

_SMALLEST_BASE = 64
_HEADS = 4
"""Snapshots that a new one may follow: two computers take turns, or an old state came back."""

_GOOD = 128
"""A difference is good when it is so many times smaller than the content."""


class Fitted(NamedTuple):
    """A content as it is to be kept.

    Attributes:
        base: first bytes of the digest of what it derives from.
    """

    packed: Packed
    base: bytes = b""
    depth: int = 0
    flags: int = 0


def fitted(log: Log, content: bytes, sha256: bytes) -> Fitted:
    """The smallest of the ways to keep a content that are worth trying."""
    if equal := _equal(log, content, sha256):
        return Fitted(Packed(Codec.SAME, b""), sha256[: records.BASE], equal.kept.depth)
    if content.startswith(SEALED_MARK):
        return Fitted(deltas.whole(content), flags=records.OPAQUE)
    if len(content) > deltas.LARGEST:
        return Fitted(deltas.whole(content))
    best = _difference(log, content)
    if best is None:
        return Fitted(deltas.whole(content))
    if deltas.worth_a_whole(best.packed, content):
        copy = deltas.whole(content)
        return best if deltas.better(best.packed, copy) is best.packed else Fitted(copy)
    return best


def snapshot_head(
    log: Log, brief: Brief, fit: Fitted, *, origin: str = "", note: str = ""
) -> bytes:
    """The head of a snapshot's record that goes to the end of a log."""
    latest = log.state.latest
    flags = fit.flags
    if brief.size and _is_opaque(log, fit):
        flags |= records.OPAQUE
    before = records.packed(latest.kept.brief) if latest else b""
    kept = Kept(brief, fit.packed.codec, flags, fit.depth, fit.base, before, origin, note)
    return records.snapshot(kept, log.scan.skipped)


def _is_opaque(log: Log, fit: Fitted) -> bool:
    """Whether it equals one that is opaque."""
    equal = log.state.deriving_from(fit.base) if fit.packed.codec is Codec.SAME else None
    return bool(equal and equal.kept.flags & records.OPAQUE)


def _equal(log: Log, content: bytes, sha256: bytes) -> Entry | None:
    """A snapshot with this very content, which can be given back."""
    for entry in log.state.contents.get(sha256[: records.BASE], ()):
        if entry.kept.brief.sha256 == sha256:
            return entry if log.content(entry) == content else None
    return None


def _difference(log: Log, content: bytes) -> Fitted | None:
    """The smallest difference from what the last few snapshots offer as a base."""
    best: Fitted | None = None
    seen: set[bytes] = set()
    for head in list(log.state.entries.values())[: -_HEADS - 1 : -1]:
        spot = log.base_for(head)
        if spot is None or spot[0].kept.brief.sha256 in seen:
            continue
        base = log.content(spot[0])
        seen.add(spot[0].kept.brief.sha256)
        if base is None or not _SMALLEST_BASE <= len(base) <= deltas.LARGEST:
            continue
        packed = deltas.delta(content, base)
        if best is None or len(packed.body) < len(best.packed.body):
            digest = spot[0].kept.brief.sha256[: records.BASE]
            flags = records.FAR if spot[1] else 0
            best = Fitted(packed, digest, spot[0].kept.depth + 1, flags)
        if len(best.packed.body) * _GOOD < len(content):
            break
    return best
