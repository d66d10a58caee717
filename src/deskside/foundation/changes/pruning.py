"""Clearing contents that only old changes need, so that the journal does not grow for ever.

The records stay: what happened can always be listed and shown. First the records say that their
contents are gone, then the contents go, so that a kill in between promises nothing that is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from deskside.foundation.changes.journal import Journal
from deskside.foundation.changes.model import FINAL, Change, Digest, Kind, State

KEEP_DAYS = 90


@dataclass(frozen=True, slots=True)
class Pruning:
    """What is cleared.

    Attributes:
        changes: whose contents are no longer kept, the latest first.
        blobs: contents that no other change needs.
        size: how many bytes those take.
    """

    changes: tuple[Change, ...] = ()
    blobs: tuple[Digest, ...] = ()
    size: int = 0

    @property
    def undoable(self) -> tuple[Change, ...]:
        """The changes that could have been undone until now."""
        return tuple(change for change in self.changes if change.state is State.APPLIED)

    def as_json(self) -> dict[str, Any]:
        """As `changes prune` prints it."""
        return {
            "pruned": [change.id for change in self.changes],
            "no_longer_undoable": [change.as_json() for change in self.undoable],
            "contents": len(self.blobs),
            "bytes": self.size,
        }


def prospect(journal: Journal, before: datetime) -> Pruning:
    """What can be cleared of changes that are final and older; call it with the lock held.

    Contents that no change needs, as a kill leaves them, can always be.

    Raises:
        Refused: `journal-unreadable`, `backup-damaged`: better keep everything, then.
    """
    every = journal.list()
    old = [c for c in every if c.state in FINAL and not c.pruned and _made(c) < before]
    going = {change.id for change in old}
    needed = set(_needed(journal, (c for c in every if c.id not in going and not c.pruned)))
    blobs = tuple(blob for blob in journal.blobs() if blob not in needed)
    return Pruning(tuple(old), blobs, sum(journal.blob_size(blob) for blob in blobs))


def carry_out(journal: Journal, pruning: Pruning) -> None:
    """Clear it."""
    for change in pruning.changes:
        journal.put(replace(change, pruned=True))
    for blob in pruning.blobs:
        journal.drop(blob)


def _made(change: Change) -> datetime:
    return datetime.fromisoformat(change.created)


def _needed(journal: Journal, changes: Iterable[Change]) -> Iterator[Digest]:
    states = (s for c in changes for t in c.transitions for s in (t.before, t.after) if s)
    for state in states:
        if state.kind is Kind.FILE:
            yield state.digest
        elif state.manifest is not None:
            yield state.manifest
            yield from (inner.digest for _, inner in journal.tree(state) if inner.kind is Kind.FILE)
