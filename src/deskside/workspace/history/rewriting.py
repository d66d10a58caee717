"""Writing a log anew: denser, thinner, or without what is damaged.

The new file is whole and on the disk before it takes the place of the old one. All this is for
whoever holds the lock, so that no record can arrive meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from deskside.workspace.history import deltas, disk, frame, records, scanning
from deskside.workspace.history.log import Entry, Log
from deskside.workspace.history.records import Brief, Kept
from deskside.workspace.history.scanning import Source

Copy = tuple[Kept, bytes]
"""The record of a snapshot and its body, as it is to be in the new file."""


def rewrite(log: Log, copies: Iterable[Copy], lost: Iterable[Brief] = ()) -> None:
    """Put a new file in the place of the log, with these snapshots and all else it knows.

    Args:
        lost: snapshots that go on being named though they are not there.

    Raises:
        OSError: nothing was changed.
    """
    disk.sweep(log.file.parent)
    disk.replace(log.file, _pieces(log, copies, list(lost)))
    log.refresh()


class BrokenLogError(Exception):
    """The log is damaged: `repair` comes before anything else."""


def whole_copies(log: Log, entries: Iterable[Entry]) -> Iterator[Copy]:
    """Snapshots as they are; those whose base is not among them become whole copies.

    Raises:
        BrokenLogError: the log is damaged.
    """
    chosen = list(entries)
    if log.scan.lost or log.state.missing or any(f.head is None for f in log.scan.frames):
        raise BrokenLogError
    there = {entry.kept.brief.sha256[: records.BASE] for entry in chosen}
    with Source(log.file) as source:
        for entry in chosen:
            body = scanning.body_of(source, log.seal, entry.frame)
            if body is None:
                raise BrokenLogError
            yield _whole(log, entry) if _homeless(entry, there) else (entry.kept, body[0])


def _homeless(entry: Entry, there: set[bytes]) -> bool:
    """Whether its base will not be there."""
    return bool(entry.kept.base) and entry.kept.base not in there


def _whole(log: Log, entry: Entry) -> Copy:
    content = log.content(entry)
    if content is None:
        raise BrokenLogError
    packed = deltas.whole(content)
    flags = entry.kept.flags & ~records.FAR & ~records.DENSE
    return entry.kept._replace(codec=packed.codec, base=b"", depth=0, flags=flags), packed.body


def _pieces(log: Log, copies: Iterable[Copy], lost: list[Brief]) -> Iterator[bytes]:
    yield frame.preamble(log.seal.identity)
    numbers = _Numbers(log)
    if log.state.owner is not None:
        yield numbers.record(records.owner(log.state.owner))
    there: list[Brief] = []
    for kept, body in copies:
        before = records.packed(there[-1]) if there else b""
        there.append(kept.brief)
        yield numbers.record(records.snapshot(kept._replace(before=before)), body)
    for said in _events(log, {brief.id for brief in [*there, *lost]}.__contains__):
        yield numbers.record(records.event(said))
    named = iter([*there, *lost] if lost or len(there) >= records.CATALOGUE_EVERY else [])
    while briefs := list(islice(named, records.CATALOGUED)):
        yield numbers.record(records.catalogue(briefs))


class _Numbers:
    def __init__(self, log: Log) -> None:
        self._seal, self._next = log.seal, 0

    def record(self, head: bytes, body: bytes = b"") -> bytes:
        self._next += 1
        return self._seal.record(self._next - 1, head, body)


def _events(log: Log, stays: Callable[[str], bool]) -> Iterator[dict[str, object]]:
    state = log.state
    for identifier in filter(stays, sorted(state.pins)):
        yield {"event": "pin", "id": identifier, "pinned": True}
    for identifier in filter(stays, sorted(state.notes)):
        yield {"event": "note", "id": identifier, "note": state.notes[identifier]}
    for address in sorted(state.portals):
        yield {"event": "portal", "address": address, "state": state.portals[address]}
