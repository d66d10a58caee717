"""The history of all workspaces on this computer: the one door to it.

Readers need no lock. Writers hold one for the whole folder, and acknowledge what they have done
when the disk has it.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskside.foundation.changes.ids import sortable_id
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _
from deskside.workspace.history import disk, frame, key, records, writing
from deskside.workspace.history.log import SUFFIX, Entry, Log
from deskside.workspace.history.records import Brief
from deskside.workspace.model import Saved, Snapshot, Workspace

if TYPE_CHECKING:
    from deskside.workspace.history.model import (
        Damage,
        Policy,
        PortalState,
        Recompressed,
        Repaired,
    )


class History:
    """The history of all workspaces on this computer.

    Every method that reads raises Refused `history-newer`, `history-key-missing`,
    `history-key-damaged`, `history-key-wrong`, or what the operating system refuses; every one
    that writes also `disk-full`, `not-writable` and Unavailable `history-busy`. Nothing is lost
    by any of these.

    Args:
        folder: of the logs and their key; made (0700) when the first snapshot is saved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key: bytes | None = None
        self._logs: dict[Path, Log] = {}
        self._mine = threading.RLock()
        self._current = False

    def save(self, workspace: Workspace, content: bytes, note: str = "", origin: str = "") -> Saved:
        """Keep a content, unless the latest snapshot holds the same already.

        Raises:
            Refused: `note-too-long`.
        """
        sha256 = hashlib.sha256(content).digest()
        records.note_bytes(note)
        with self._writing(workspace) as log:
            latest = log.state.latest
            same = latest is not None and latest.kept.brief.sha256 == sha256
            if latest and same and log.content(latest) == content:
                disk.settle(log.file)
                return Saved(_snapshot(log, latest), changed=False)
            if latest and same:  # the stored copy has rotted; the good one is in hand
                kept = latest.kept
                self._add(log, kept.brief, content, kept.origin, kept.note)
                return Saved(_snapshot(log, latest), changed=False)
            now = datetime.now(UTC)
            made = sortable_id(now, max(log.state.named, default=""))
            brief = Brief(made, int(now.timestamp() * 1000), len(content), sha256)
            self._add(log, brief, content, origin, note)
            return Saved(_snapshot(log, log.state.entries[made]), changed=True)

    def snapshots(self, workspace: Workspace) -> list[Snapshot]:
        """The snapshots of a workspace, the latest first."""
        with self._reading():
            log = self._log(workspace)
            if log is None:
                return []
            entries = log.state.entries
            return [_snapshot(log, entries[name]) for name in sorted(entries, reverse=True)]

    def find(self, identifier: str) -> tuple[Workspace, Snapshot]:
        """One snapshot by its id, and whose it is.

        Raises:
            NotFound: `no-such-snapshot`.
            Refused: `snapshot-damaged`.
        """
        with self._reading():
            for log in self._all():
                if entry := log.state.entries.get(identifier):
                    return _owner(log), _snapshot(log, entry)
            if any(identifier in log.state.named for log in self._all()):
                raise _damaged_snapshot(identifier)
            raise _no_such_snapshot(identifier)

    def content(self, snapshot: Snapshot) -> bytes:
        """The content of a snapshot, checked against its digest.

        Raises:
            Refused: `snapshot-damaged`.
        """
        with self._reading():
            content = self.content_of(snapshot.sha256)
            if content is None:
                raise _damaged_snapshot(snapshot.id)
            return content

    def content_of(self, sha256: str) -> bytes | None:
        """The content with that digest, from whichever log has it; None where none does."""
        digest = bytes.fromhex(sha256)
        with self._reading():
            for log in self._all():
                for entry in log.state.contents.get(digest[: records.BASE], []):
                    if entry.kept.brief.sha256 == digest and (content := log.content(entry)):
                        return content
            return b"" if digest == hashlib.sha256(b"").digest() else None

    def workspaces(self) -> list[Workspace]:
        """All workspaces that have a history, the one saved first comes first."""
        with self._reading():
            logs = [log for log in self._all() if log.state.owner and log.state.entries]
            return [_owner(log) for log in sorted(logs, key=lambda log: min(log.state.entries))]

    def damaged(self) -> list[str]:
        """Ids of all snapshots that cannot be given back as they were saved."""
        return sorted({name for damage in self.verify() for name in damage.snapshots})

    def verify(self) -> list[Damage]:
        """Read every byte anew; every region that is not as it was written, and what it costs."""
        from deskside.workspace.history.model import Damage, What
        from deskside.workspace.history.verifying import Verification

        with self._reading():
            found: list[Damage] = []
            for file in self._files():
                found += Verification(Log(file, self._opened_key())).damages
            if self._files() and not key.read_key(self.folder)[1]:
                size = (self.folder / key.NAME).stat().st_size
                found.append(Damage(None, key.NAME, 0, size, What.KEY, mended=True))
            return found

    def repair(
        self,
        source: History | Callable[[Snapshot], bytes | None] | None = None,
        *,
        accept_losses: bool = False,
    ) -> Repaired:
        """Bring back what damage has taken, and write the damaged files anew.

        Args:
            source: another copy of the history, or a function that gives contents, from the
                portal perhaps. What another log here holds is found without.
            accept_losses: forget those that no copy is found of; they stay in the files aside.
        """
        from deskside.workspace.history import repairing
        from deskside.workspace.history.model import Repaired
        from deskside.workspace.history.verifying import Verification

        def find(snapshot: Snapshot) -> bytes | None:
            content = self.content_of(snapshot.sha256)
            if content is not None or source is None:
                return content
            if isinstance(source, History):
                return source.content_of(snapshot.sha256)
            return source(snapshot)

        lost, aside = set(), []
        before = set(self.damaged())
        with self._holding():
            key.mend_key(self.folder)
            for file in self._files():
                log = Log(file, self._opened_key())
                look = Verification(log)
                if look.damages:
                    aside.append(repairing.repair(log, look, find, accept_losses=accept_losses))
            lost = set(self.damaged()) if not accept_losses else before - self._ids()
        return Repaired(tuple(sorted(before - lost)), tuple(sorted(lost)), tuple(aside))

    def recompress(self, budget_seconds: float) -> Recompressed:
        """Compress further what saves compressed in a hurry, for so many seconds of work."""
        from deskside.workspace.history import recompressing
        from deskside.workspace.history.model import Recompressed

        deadline = time.monotonic() + budget_seconds
        before, left = self.size(), 0
        for file in self._files():
            with self._reading():
                log = Log(file, self._opened_key())
            done = recompressing.densify(log, deadline)
            if done:
                with self._holding():
                    log.refresh()
                    recompressing.put(log, done)
            left += len(recompressing.waiting(log))
        return Recompressed(before, self.size(), left)

    def prune(self, policy: Policy | None = None, now: datetime | None = None) -> list[str]:
        """Thin out the snapshots of opaque settings, for good; the ids of those removed.

        A history that is damaged is left as it is until it is repaired.
        """
        from deskside.workspace.history import pruning
        from deskside.workspace.history.model import Policy

        removed: list[str] = []
        with self._holding():
            for log in self._all():
                removed += pruning.prune(log, policy or Policy(), now or datetime.now(UTC))
        return removed

    def forget(self, workspace: Workspace) -> None:
        """Delete the whole history of a workspace, with what repairs have kept aside of it."""
        with self._holding():
            file = self._file(workspace)
            self._logs.pop(file, None)
            for each in [*self.folder.glob(f"{file.name}.damaged-*"), file]:
                with suppress(FileNotFoundError):
                    each.unlink()
            disk.sweep(self.folder)
            disk.force_folder(self.folder)

    def import_history(self, folder: Path) -> list[Snapshot]:
        """Take over all snapshots of another history that are not here yet, and are not damaged.

        Args:
            folder: of that history, with its key.
        """
        other = History(folder)
        taken = []
        for workspace in other.workspaces():
            for snapshot in reversed(other.snapshots(workspace)):
                try:
                    content = other.content(snapshot)
                except Refused as error:
                    if error.code != "snapshot-damaged":
                        raise
                    continue
                taken += self._take(workspace, snapshot, content)
        return taken

    def _take(self, workspace: Workspace, snapshot: Snapshot, content: bytes) -> list[Snapshot]:
        """Take over one snapshot; nothing where it is here already."""
        digest, created = bytes.fromhex(snapshot.sha256), records.milliseconds(snapshot.created)
        with self._writing(workspace) as log:
            if snapshot.id in log.state.entries:
                return []
            brief = Brief(snapshot.id, created, snapshot.size, digest)
            self._add(log, brief, content, snapshot.origin, snapshot.note)
            if snapshot.pinned:
                self._say(log, {"event": "pin", "id": snapshot.id, "pinned": True})
            return [_snapshot(log, log.state.entries[snapshot.id])]

    def pin(self, snapshot: Snapshot, pinned: bool = True) -> Snapshot:
        """Pin a snapshot, so that no thinning takes it away, or unpin it."""
        return self._tell(snapshot, {"event": "pin", "id": snapshot.id, "pinned": pinned})

    def edit_note(self, snapshot: Snapshot, note: str) -> Snapshot:
        """Give a snapshot another note.

        Raises:
            Refused: `note-too-long`.
        """
        records.note_bytes(note)
        return self._tell(snapshot, {"event": "note", "id": snapshot.id, "note": note})

    def portal_state(self, workspace: Workspace, address: str) -> PortalState:
        """What this computer knows of a workspace on the portal with that address."""
        from deskside.workspace.history.model import PortalState

        with self._reading():
            log = self._log(workspace)
            kept = log.state.portals.get(address) if log else None
            return PortalState.of(kept) if kept else PortalState()

    def set_portal_state(self, workspace: Workspace, address: str, state: PortalState) -> None:
        """Remember it."""
        with self._writing(workspace) as log:
            if log.state.portals.get(address) != state.as_json():
                said = {"event": "portal", "address": address, "state": state.as_json()}
                self._say(log, said)
            else:
                disk.settle(log.file)

    def base(self, workspace: Workspace, portal: str) -> str:
        """The version on a portal that this computer's state derives from; empty for none."""
        return self.portal_state(workspace, portal).base

    def set_base(self, workspace: Workspace, portal: str, base: str) -> None:
        """Remember the version on a portal that this computer's state derives from now."""
        state = self.portal_state(workspace, portal)
        self.set_portal_state(workspace, portal, replace(state, base=base))

    def size(self) -> int:
        """Bytes of all files of the history, key included; not those that repairs kept aside."""
        files = [*self._files(), self.folder / key.NAME]
        return sum(file.stat().st_size for file in files if file.exists())

    def _ids(self) -> set[str]:
        return {name for log in self._all() for name in log.state.entries}

    def _add(self, log: Log, brief: Brief, content: bytes, origin: str, note: str) -> None:
        fit = writing.fitted(log, content, brief.sha256)
        head = writing.snapshot_head(log, brief, fit, origin=origin, note=note)
        log.append(head, fit.packed.body)
        log.cache.put(brief.sha256, content)
        if log.state.uncatalogued >= records.CATALOGUE_EVERY:
            named = log.state.recent(records.CATALOGUE_EVERY)
            log.append(records.catalogue(named, log.scan.skipped))

    def _say(self, log: Log, said: dict[str, Any]) -> None:
        log.append(records.event(said, log.scan.skipped))

    def _tell(self, snapshot: Snapshot, said: dict[str, Any]) -> Snapshot:
        workspace, _found = self.find(snapshot.id)
        with self._writing(workspace) as log:
            self._say(log, said)
            return _snapshot(log, log.state.entries[snapshot.id])

    def _file(self, workspace: Workspace) -> Path:
        return self.folder / f"{_identity(workspace).hex()}{SUFFIX}"

    def _files(self) -> list[Path]:
        try:
            files = list(self.folder.iterdir())  # where that is refused, glob finds nothing
        except FileNotFoundError:
            return []
        return sorted(file for file in files if file.suffix == SUFFIX)

    def _opened_key(self) -> bytes:
        if self._key is None:
            self._key = key.read_key(self.folder)[0]
        return self._key

    def _open(self, file: Path) -> Log:
        log = self._logs.get(file)
        if log is None:
            log = self._logs[file] = Log(file, self._opened_key())
        else:
            log.refresh()
        return log

    def _log(self, workspace: Workspace) -> Log | None:
        file = self._file(workspace)
        return self._open(file) if file.exists() else None

    def _all(self) -> list[Log]:
        return [self._open(file) for file in self._files()]

    def _take_over_earlier(self) -> None:
        """Take over what an earlier version of Deskside kept, once."""
        if self._current:
            return
        self._current = True
        file = self.folder.with_name(f"{self.folder.name}.sqlite3")
        if not file.exists():
            return
        from deskside.workspace.history import earlier

        for each in earlier.held(file):
            self._take(*each)
        for workspace, address, base in earlier.bases(file):
            if not self.base(workspace, address):
                self.set_base(workspace, address, base)
        earlier.retire(file)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._mine, disk.in_words():
            self._take_over_earlier()
            yield

    @contextmanager
    def _holding(self) -> Iterator[None]:
        with self._mine, disk.in_words():
            self._take_over_earlier()
            if not self.folder.is_dir():
                disk.make_folder(self.folder)
            with disk.locked(self.folder):
                yield

    @contextmanager
    def _writing(self, workspace: Workspace) -> Iterator[Log]:
        with self._holding():
            file = self._file(workspace)
            if not file.exists():
                disk.make_folder(self.folder)
                disk.sweep(self.folder)
                self._key = key.make_key(self.folder)
                seal = frame.Seal(self._key, _identity(workspace))
                said = seal.record(0, records.owner(os.fsencode(workspace.file)), b"")
                disk.replace(file, [frame.preamble(seal.identity), said])
            log = self._open(file)
            if log.state.owner is None:
                log.append(records.owner(os.fsencode(workspace.file), log.scan.skipped))
            yield log


def _identity(workspace: Workspace) -> bytes:
    return hashlib.sha256(os.fsencode(workspace.file)).digest()[:16]


def _owner(log: Log) -> Workspace:
    """Whose history it is. Where that is lost, a place that does not exist stands for it."""
    if log.state.owner is None:
        return Workspace(Path("/lost", log.file.stem, "settings.xml"))
    return Workspace(Path(os.fsdecode(log.state.owner)))


def _snapshot(log: Log, entry: Entry) -> Snapshot:
    kept, brief = entry.kept, entry.kept.brief
    note = log.state.notes.get(brief.id, kept.note)
    pinned = brief.id in log.state.pins
    return Snapshot(
        brief.id, brief.moment, brief.sha256.hex(), brief.size, note, pinned, kept.origin
    )


def _no_such_snapshot(identifier: str) -> NotFound:
    return NotFound(
        "no-such-snapshot",
        _("There is no snapshot {id}.").format(id=identifier),
        hint=_("deskside settings history shows them all."),
    )


def _damaged_snapshot(identifier: str) -> Refused:
    return Refused(
        "snapshot-damaged",
        _("Snapshot {id} is damaged on the disk.").format(id=identifier),
        hint=_("The others are not affected: deskside settings verify names every damaged one."),
        article="2323",
    )
