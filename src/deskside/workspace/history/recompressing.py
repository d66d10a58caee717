"""Compressing further in the background what a save compressed in a hurry.

The work is done without the lock. Only then is the log written anew, with all that has arrived
meanwhile. A log that is damaged is left as it is: `repair` comes first.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from deskside.workspace.history import deltas, records, rewriting
from deskside.workspace.history.frame import TAG
from deskside.workspace.history.log import Entry, Log
from deskside.workspace.history.records import Codec
from deskside.workspace.history.rewriting import Copy

Dense = dict[str, tuple[bytes, bytes]]
"""Base and new body, by the ids of snapshots; the body is empty where the old one is as good."""


def waiting(log: Log) -> list[Entry]:
    """The snapshots that may become smaller."""
    return [entry for entry in log.state.entries.values() if _may_shrink(entry)]


def densify(log: Log, deadline: float) -> Dense:
    """Compress what is waiting, until the deadline (of `time.monotonic`)."""
    done: Dense = {}
    for entry in waiting(log):
        if time.monotonic() >= deadline:
            break
        body = _denser(log, entry)
        if body is not None:
            done[entry.kept.brief.id] = entry.kept.base, body
    return done


def put(log: Log, done: Dense) -> bool:
    """Write a log anew with denser bodies; whether it was. For whoever holds the lock."""
    entries = list(log.state.entries.values())
    try:
        rewriting.rewrite(log, _with(rewriting.whole_copies(log, entries), done))
    except rewriting.BrokenLogError:
        return False
    return True


def _may_shrink(entry: Entry) -> bool:
    kept = entry.kept
    tried = kept.flags & (records.DENSE | records.OPAQUE)
    return kept.codec in (Codec.WHOLE, Codec.DELTA) and not tried


def _denser(log: Log, entry: Entry) -> bytes | None:
    """The body at the higher level; empty where that gains nothing; None where it is damaged."""
    content = log.content(entry)
    if content is None:
        return None
    if entry.kept.codec is Codec.WHOLE:
        packed = deltas.whole(content, level=deltas.DENSE)
    else:
        base = log.state.deriving_from(entry.kept.base)
        before = log.content(base) if base else None
        if before is None:
            return None
        packed = deltas.delta(content, before, level=deltas.DENSE)
    gained = packed.codec is entry.kept.codec and len(packed.body) < _body_size(entry)
    return packed.body if gained else b""


def _body_size(entry: Entry) -> int:
    return entry.frame.header.body - TAG


def _with(copies: Iterator[Copy], done: Dense) -> Iterator[Copy]:
    for kept, body in copies:
        base, dense = done.get(kept.brief.id, (None, b""))
        if base == kept.base and kept.codec in (Codec.WHOLE, Codec.DELTA):
            yield kept._replace(flags=kept.flags | records.DENSE), dense or body
        else:
            yield kept, body
