"""The journal: what a change takes away and brings, recorded before anything happens.

    FOLDER/blobs/SHA256        every content that a change takes away or brings
    FOLDER/journal/ID.json     one record a change, replaced whole when its state changes
    FOLDER/pending/ID          marks a change that is under way, so that finding one is quick
    FOLDER/lock                held while any change is under way

Order of writing: blobs, mark, record; then the change itself; then the final record; then the
mark goes. Whatever remains after a kill is thus either no change, or one that can be finished
or taken back from here alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from deskside.foundation.changes.files import PRIVATE_FOLDER, Files
from deskside.foundation.changes.ids import sortable_id
from deskside.foundation.changes.model import (
    FINAL,
    Change,
    Digest,
    FileState,
    Plan,
    State,
    Transition,
)
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _

FORMAT = 1


class Journal:
    """Records and contents of all changes made from one data folder."""

    def __init__(self, folder: Path, files: Files) -> None:
        self.folder = folder
        self._files = files
        self._records, self._blobs = folder / "journal", folder / "blobs"
        self._pending = folder / "pending"

    def prepare(self) -> None:
        """Make the journal's own folders."""
        own = (self.folder, self._records, self._blobs, self._pending)
        for folder in (*reversed(self.folder.parents), *own):
            self._files.make_folder(folder, PRIVATE_FOLDER)

    def begin(
        self, plan: Plan, transitions: tuple[Transition, ...], folders: tuple[PurePosixPath, ...]
    ) -> Change:
        """Record a change that is about to be applied; its contents must have been kept."""
        now = datetime.now(UTC)
        change = Change(
            id=sortable_id(now, max(self._ids(), default="")),
            created=now.isoformat(timespec="seconds"),
            state=State.APPLYING,
            tool=plan.tool,
            title=plan.title,
            root=str(plan.root),
            transitions=transitions,
            folders=folders,
        )
        return self.mark(change, State.APPLYING)

    def mark(
        self, change: Change, state: State, left_alone: tuple[PurePosixPath, ...] = ()
    ) -> Change:
        """Record where a change stands now."""
        marked = replace(change, state=state, left_alone=left_alone)
        pending = self._pending / change.id
        if state not in FINAL:
            self._files.put(pending, b"")
        self._files.put(self._records / f"{change.id}.json", _to_json(marked))
        if state in FINAL:
            self._files.remove(pending)
        return marked

    def pending(self) -> list[Change]:
        """Changes that were under way when their process ended; call it with the lock held."""
        found = []
        for name in self.marks():
            change = self._read(name)
            if change and change.state not in FINAL:
                found.append(change)
            else:
                self._files.remove(self._pending / name)
        return found

    def marks(self) -> list[str]:
        """Names of the changes that are marked as under way."""
        if not self._pending.is_dir():
            return []
        return sorted(mark.name for mark in self._pending.iterdir() if mark.name[0] != ".")

    def list(self) -> list[Change]:
        """All changes, the latest first."""
        read = (self._read(name) for name in sorted(self._ids(), reverse=True))
        return [change for change in read if change]

    def load(self, identifier: str) -> Change:
        """One change.

        Raises:
            NotFound: `no-such-change`.
        """
        if identifier not in self._ids():
            raise NotFound(
                "no-such-change",
                _("There is no change {id}.").format(id=identifier),
                hint=_("deskside changes list shows them all."),
            )
        change = self._read(identifier)
        assert change
        return change

    def keep(self, content: Iterable[bytes], expected: Digest) -> bool:
        """Keep content so that it can be put back; whether it was what was expected."""
        blob = self._blobs / expected
        if blob.exists() and self._is_whole(expected):
            return True
        beside = blob.with_name(f".{expected}.new")
        if self._files.create(beside, content) != expected:
            self._files.remove(beside)
            return False
        self._files.replace(beside, blob)
        return True

    def kept(self) -> None:
        """Force the names of all content kept so far to the disk."""
        self._files.sync_folder(self._blobs)

    def content(self, state: FileState) -> Iterator[bytes]:
        """Content that was kept, piece by piece; whoever puts it back checks its digest."""
        return self._files.chunks(self._blobs / state.digest)

    def _is_whole(self, name: Digest) -> bool:
        found = self._files.state(self._blobs, PurePosixPath(name))
        return found is not None and found.digest == name

    def _ids(self) -> set[str]:
        if not self._records.is_dir():
            return set()
        return {path.stem for path in self._records.glob("[!.]*.json")}

    def _read(self, identifier: str) -> Change | None:
        path = self._records / f"{identifier}.json"
        try:
            return _from_json(b"".join(self._files.chunks(path)))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(
                "journal-unreadable",
                _("The record {path} cannot be read by this version of Deskside.").format(
                    path=path
                ),
                hint=_("Update Deskside; if that does not help, keep the file and ask for help."),
                detail=repr(error),
            ) from error


def _to_json(change: Change) -> bytes:
    record = change.as_json() | {
        "format": FORMAT,
        "folders": [str(folder) for folder in change.folders],
        "transitions": [
            {"path": str(t.path), "before": _state_to(t.before), "after": _state_to(t.after)}
            for t in change.transitions
        ],
    }
    return json.dumps(record, indent=1).encode()


def _from_json(text: bytes) -> Change:
    record = json.loads(text)
    if record["format"] != FORMAT:
        raise ValueError(record["format"])
    return Change(
        **{name: record[name] for name in ("id", "created", "tool", "title", "root")},
        state=State(record["state"]),
        transitions=tuple(
            Transition(PurePosixPath(t["path"]), _state_of(t["before"]), _state_of(t["after"]))
            for t in record["transitions"]
        ),
        folders=tuple(PurePosixPath(folder) for folder in record["folders"]),
        left_alone=tuple(PurePosixPath(path) for path in record["left_alone"]),
    )


def _state_to(state: FileState | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {
        "sha256": state.digest,
        "size": state.size,
        "mode": state.mode,
        "owner": state.owner,
        "mtime_ns": state.mtime_ns,
    }


def _state_of(record: dict[str, Any] | None) -> FileState | None:
    if record is None:
        return None
    owner = tuple(record["owner"]) if record["owner"] else None
    return FileState(
        Digest(record["sha256"]), record["size"], record["mode"], owner, record["mtime_ns"]
    )
