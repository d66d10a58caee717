"""Looking at every byte of a log, and naming what damage costs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from deskside.workspace.history import scanning
from deskside.workspace.history.frame import PREAMBLE_SIZE
from deskside.workspace.history.log import Entry, Log
from deskside.workspace.history.model import Damage, What
from deskside.workspace.history.records import Brief
from deskside.workspace.history.scanning import Source
from deskside.workspace.model import Workspace


def owner_of(log: Log) -> Workspace | None:
    """Whose history a log is; None where that is lost."""
    return Workspace(Path(os.fsdecode(log.state.owner))) if log.state.owner else None


class Verification:
    """One look at a whole log.

    Attributes:
        damages: every damaged region, in the order of the file.
        unreadable: the snapshots that cannot be given back, by their id.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._found: dict[int, Damage] = {}
        self.unreadable: dict[str, Brief] = {}
        if not log.preamble_whole:
            self._note(0, PREAMBLE_SIZE, What.PREAMBLE, mended=True)
        for gap in log.scan.lost:
            self._note(gap.start, gap.end, What.REGION, nameless=gap.records)
        with Source(log.file) as source:
            self._records(source)
        self._contents()
        for brief in log.state.missing:
            self._cost(self._hole(brief), brief, named=True)

    @property
    def damages(self) -> list[Damage]:
        """Every damaged region, in the order of the file."""
        return [self._found[start] for start in sorted(self._found)]

    def _records(self, source: Source) -> None:
        for found in self._log.scan.frames:
            body = scanning.body_of(source, self._log.seal, found)
            if found.head is None:
                self._note(found.start, found.end, What.RECORD, nameless=1)
            elif body is None:
                self._note(found.start, found.end, What.RECORD)
            elif body[1] or found.mended:
                self._note(found.start, found.end, What.RECORD, mended=True)

    def _contents(self) -> None:
        for entry in self._log.state.entries.values():
            if self._log.content(entry) is None:
                self._cost(self._cause(entry, set()), entry.kept.brief)

    def _cause(self, entry: Entry, seen: set[int]) -> int:
        """Where the damage begins because of which a content is lost."""
        start = entry.frame.start
        known = self._found.get(start)
        if known and not known.mended:
            return start
        bases = self._log.state.contents.get(entry.kept.base, []) if entry.kept.base else []
        for base in bases:
            if base.frame.start not in seen | {start}:
                return self._cause(base, seen | {start})
        gone = [b for b in self._log.state.missing if b.sha256.startswith(entry.kept.base)]
        if gone and entry.kept.base:
            return self._hole(gone[0])
        holes = self._holes()
        return holes[0] if holes and entry.kept.base else self._missing()

    def _hole(self, brief: Brief) -> int:
        """Where the record of a snapshot that is only named must have been."""
        fitting = [start for start in self._holes() if self._before(start) < brief.id]
        return fitting[-1] if fitting else self._missing()

    def _holes(self) -> list[int]:
        return sorted(s for s, d in self._found.items() if d.nameless or d.what is What.REGION)

    def _before(self, start: int) -> str:
        entries = self._log.state.entries.values()
        return max((e.kept.brief.id for e in entries if e.frame.start < start), default="")

    def _missing(self) -> int:
        end = self._log.scan.end
        self._found.setdefault(end, self._damage(end, end, What.MISSING))
        return end

    def _cost(self, start: int, brief: Brief, *, named: bool = False) -> None:
        damage = self._found[start]
        self.unreadable[brief.id] = brief
        self._found[start] = replace(
            damage,
            snapshots=(*damage.snapshots, brief.id),
            nameless=max(damage.nameless - named, 0),
        )

    def _note(
        self, start: int, end: int, what: What, *, mended: bool = False, nameless: int = 0
    ) -> None:
        self._found[start] = self._damage(start, end, what, mended=mended, nameless=nameless)

    def _damage(
        self, start: int, end: int, what: What, *, mended: bool = False, nameless: int = 0
    ) -> Damage:
        name = self._log.file.name
        owner = owner_of(self._log)
        return Damage(owner, name, start, end, what, mended=mended, nameless=nameless)
