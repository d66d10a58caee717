"""The journal: what a change takes away and brings, recorded before anything happens.

    FOLDER/blobs/SHA256        every content that a change takes away or brings, and the lists
                               of what was in folders that it takes away
    FOLDER/journal/ID.json     one record a change, replaced whole when its state changes
    FOLDER/pending/ID          marks a change that is under way, so that finding one is quick
    FOLDER/lock                held while any change is under way

Order of writing: blobs, mark, record; then the change itself; then the final record; then what
was set aside goes; then the mark. Whatever remains after a kill is thus either no change, or one
that can be finished or taken back from here alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.files import PRIVATE_FOLDER, Files
from deskside.foundation.changes.ids import sortable_id
from deskside.foundation.changes.model import (
    Change,
    Digest,
    FileState,
    Kind,
    Plan,
    State,
    Transition,
    Tree,
    digest,
)
from deskside.foundation.changes.places import Place
from deskside.foundation.changes.records import change_of, change_to, manifest_of, manifest_to
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _

BLOBS, RECORDS, PENDING = (PurePosixPath(name) for name in ("blobs", "journal", "pending"))


class Journal:
    """Records and contents of all changes made from one data folder."""

    def __init__(self, folder: Path, files: Files) -> None:
        self.folder = folder.resolve()
        self._files = files

    def prepare(self) -> None:
        """Make the journal's own folders."""
        for folder in (*reversed(self.folder.parents), self.folder):
            self._files.make_folder(Place(folder, PurePosixPath()), PRIVATE_FOLDER)
        for own in (BLOBS, RECORDS, PENDING):
            self._files.make_folder(Place(self.folder, own), PRIVATE_FOLDER)

    # Records.

    def begin(
        self, plan: Plan, transitions: tuple[Transition, ...], folders: tuple[PurePosixPath, ...]
    ) -> Change:
        """Record a change that is about to be applied; its contents must have been kept."""
        now = datetime.now(UTC)
        change = Change(
            id=sortable_id(now, max(self.ids(), default="")),
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
        """Record where a change stands now, and that there is something to be done about it."""
        marked = replace(change, state=state, left_alone=left_alone)
        pending = self._pending(change.id)
        if not self._files.look(pending):
            self._files.put(pending, b"")
        self.put(marked)
        return marked

    def put(self, change: Change) -> None:
        """Record a change as it is."""
        self._files.put(self._record(change.id), change_to(change))

    def unmark(self, identifier: str) -> None:
        """There is nothing more to be done about a change."""
        self._files.remove(self._pending(identifier))

    def marks(self) -> Sequence[str]:
        """Names of the changes about which something is to be done."""
        return marks(self.folder)

    def list(self) -> Sequence[Change]:
        """All changes, the latest first."""
        read = (self.read(name) for name in sorted(self.ids(), reverse=True))
        return [change for change in read if change]

    def load(self, identifier: str) -> Change:
        """One change.

        Raises:
            NotFound: `no-such-change`.
        """
        if identifier not in self.ids():
            raise NotFound(
                "no-such-change",
                _("There is no change {id}.").format(id=identifier),
                hint=_("deskside changes list shows them all."),
            )
        change = self.read(identifier)
        assert change
        return change

    def ids(self) -> set[str]:
        """Names of all recorded changes."""
        folder = self.folder / RECORDS
        if not folder.is_dir():
            return set()
        return {path.stem for path in folder.glob("[!.]*.json")}

    def read(self, identifier: str) -> Change | None:
        """One change; None where its record was never written.

        Raises:
            Refused: `journal-unreadable`.
        """
        record = self._record(identifier)
        try:
            return change_of(b"".join(self._files.chunks(record)))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(
                "journal-unreadable",
                _("The record {path} cannot be read by this version of Deskside.").format(
                    path=record.full
                ),
                hint=_("Update Deskside; if that does not help, keep the file and ask for help."),
                detail=repr(error),
            ) from error

    # Contents.

    def keep(self, content: Iterable[bytes], expected: Digest) -> bool:
        """Keep content so that it can be put back; whether it was what was expected."""
        blob = self._blob(expected)
        if self._files.look(blob) and self._is_whole(expected):
            return True
        beside = blob.beside(f".{expected}.new")
        if self._files.create(beside, content) != expected:
            self._files.remove(beside)
            return False
        self._files.replace(beside, blob)
        return True

    def keep_tree(self, place: Place, tree: Tree) -> Digest | None:
        """Keep every file in a folder and the list of them; the list's digest.

        None where one of them is not what the list says.
        """
        for path, state in tree:
            if state.kind is Kind.FILE and not self.keep(
                self._files.chunks(place.under(path)), state.digest
            ):
                return None
        manifest = manifest_to(tree)
        self.keep([manifest], digest(manifest))
        return digest(manifest)

    def kept(self) -> None:
        """Force the names of all content kept so far to the disk."""
        self._files.sync_folder(Place(self.folder, BLOBS))

    def content(self, state: FileState) -> Iterator[bytes]:
        """Content that was kept, piece by piece; whoever puts it back checks its digest."""
        return self._files.chunks(self._blob(state.digest))

    def tree(self, state: FileState) -> Tree:
        """What was in a folder; a folder without a list was made empty.

        Raises:
            Refused: `backup-damaged`.
        """
        if state.manifest is None:
            return ()
        text = b"".join(self._files.chunks(self._blob(state.manifest)))
        if digest(text) != state.manifest:
            raise damaged(self._blob(state.manifest).full, state.manifest, digest(text))
        return manifest_of(text)

    def blobs(self) -> Sequence[Digest]:
        """All contents that are kept, and what is left of attempts to keep one."""
        folder = self.folder / BLOBS
        names = self._files.names(Place(self.folder, BLOBS)) if folder.is_dir() else []
        return [Digest(name) for name in names]

    def blob_size(self, blob: Digest) -> int:
        """How many bytes a kept content takes."""
        info = self._files.look(self._blob(blob))
        return info.st_size if info else 0

    def drop(self, blob: Digest) -> None:
        """Keep a content no longer."""
        self._files.remove(self._blob(blob))

    def _is_whole(self, name: Digest) -> bool:
        found = self._files.state(self.folder, BLOBS / name)
        return found is not None and found.digest == name

    def _blob(self, name: Digest) -> Place:
        return Place(self.folder, BLOBS / name)

    def _record(self, identifier: str) -> Place:
        return Place(self.folder, RECORDS / f"{identifier}.json")

    def _pending(self, identifier: str) -> Place:
        return Place(self.folder, PENDING / identifier)


def marks(folder: Path) -> list[str]:
    """Names of the changes in a journal's folder about which something is to be done."""
    pending = folder / PENDING
    if not pending.is_dir():
        return []
    return sorted(mark.name for mark in pending.iterdir() if mark.name[0] != ".")


def damaged(path: object, expected: Digest, found: Digest) -> Refused:
    """What was kept is not what it was."""
    return Refused(
        "backup-damaged",
        _("The kept copy of {path} is damaged, so nothing was changed.").format(path=path),
        detail=f"expected {expected}, found {found}",
    )
