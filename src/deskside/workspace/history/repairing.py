"""Bringing back what damage has taken, from wherever its content still is.

The damaged file is kept aside first. Then the log is written anew from every record that is
still good, and what could be found elsewhere is added to it as a save would. A snapshot that
nobody has a copy of stays named, so that a later repair can still bring it back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from deskside.workspace.history import deltas, disk, records, rewriting, scanning, writing
from deskside.workspace.history.log import Entry, Log
from deskside.workspace.history.records import Brief
from deskside.workspace.history.rewriting import Copy
from deskside.workspace.history.scanning import Source
from deskside.workspace.history.verifying import Verification
from deskside.workspace.model import Snapshot

Find = Callable[[Snapshot], bytes | None]
"""Where contents may still be: asked with a snapshot, whose SHA-256 the answer must have."""


def repair(log: Log, look: Verification, find: Find, *, accept_losses: bool) -> str:
    """Repair a log; the name of the file that keeps what was damaged. Under the lock."""
    aside = _keep_aside(log)
    entries, named = dict(log.state.entries), dict(log.state.named)
    kept = list(_good(log, entries.values()))
    rewriting.rewrite(log, kept, () if accept_losses else _absent(kept, named))
    for brief in look.unreadable.values():
        entry = log.state.entries.get(brief.id)
        if entry is None or log.content(entry) is None:
            _bring_back(log, entries.get(brief.id), brief, find)
    if accept_losses:
        whole = [e for e in log.state.entries.values() if log.content(e) is not None]
        rewriting.rewrite(log, rewriting.whole_copies(log, whole))
    return aside


def _keep_aside(log: Log) -> str:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = log.file.with_name(f"{log.file.name}.damaged-{stamp}")
    with Source(log.file) as source:
        step = 1 << 20
        disk.replace(aside, (source.get(at, step) for at in range(0, source.size, step)))
    return aside.name


def _good(log: Log, entries: Iterable[Entry]) -> Iterator[Copy]:
    """Every snapshot whose own record is good, though its base may be lost."""
    with Source(log.file) as source:
        for entry in entries:
            body = scanning.body_of(source, log.seal, entry.frame)
            if body is not None:
                yield entry.kept, body[0]


def _absent(copies: list[Copy], named: dict[str, Brief]) -> list[Brief]:
    there = {kept.brief.id for kept, _body in copies}
    return [brief for brief in named.values() if brief.id not in there]


def _bring_back(log: Log, damaged: Entry | None, brief: Brief, find: Find) -> None:
    note = damaged.kept.note if damaged else ""
    origin = damaged.kept.origin if damaged else ""
    wanted = Snapshot(brief.id, brief.moment, brief.sha256.hex(), brief.size, note, origin=origin)
    content = find(wanted)
    if content is None or hashlib.sha256(content).digest() != brief.sha256:
        return
    fit = writing.fitted(log, content, brief.sha256)
    if any(entry.kept.base == brief.sha256[: records.BASE] for entry in log.state.entries.values()):
        fit = writing.Fitted(deltas.whole(content), flags=fit.flags & records.OPAQUE)
    head = writing.snapshot_head(log, brief, fit, origin=origin, note=note)
    log.append(head, fit.packed.body)
