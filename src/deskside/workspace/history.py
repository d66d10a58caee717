"""The history on this computer: one SQLite file, whose snapshots are only ever added to.

    workspace   a settings file, by its path
    content     every distinct content once, compressed, by its SHA-256
    snapshot    one save: which content, when, with what note; sealed by a digest of its own

A save is one transaction with synchronous=FULL: once it is acknowledged, a power cut cannot take
it back. Every read checks digests. The standard library's sqlite3, since start-up is measured.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from deskside.foundation.changes.ids import sortable_id
from deskside.foundation.errors import NotFound, Refused, Unavailable
from deskside.foundation.text import _
from deskside.workspace.model import Saved, Snapshot, Workspace

VERSION = 1
PATIENCE = 15.0
"""Seconds that a save waits for another one."""

COMPRESSION = 3
"""Level of zlib: 5 ms for real settings of 1.5 MB, and 20 % larger than what takes 12."""

_SCHEMA = """
CREATE TABLE workspace (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE
);
CREATE TABLE content (
    sha256 TEXT PRIMARY KEY,
    packed BLOB NOT NULL
);
CREATE TABLE snapshot (
    id TEXT PRIMARY KEY,
    workspace INTEGER NOT NULL REFERENCES workspace,
    created TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES content,
    size INTEGER NOT NULL,
    note TEXT NOT NULL,
    seal TEXT NOT NULL
);
CREATE TABLE portal (
    workspace INTEGER NOT NULL REFERENCES workspace,
    address TEXT NOT NULL,
    base TEXT NOT NULL,
    PRIMARY KEY (workspace, address)
);
CREATE INDEX snapshot_workspace ON snapshot (workspace, id);
CREATE TRIGGER snapshot_stays BEFORE DELETE ON snapshot
    BEGIN SELECT RAISE(ABORT, 'snapshots are only ever added'); END;
CREATE TRIGGER snapshot_never_changes BEFORE UPDATE ON snapshot
    BEGIN SELECT RAISE(ABORT, 'snapshots are only ever added'); END;
PRAGMA user_version = 1;
"""


class History:
    """The history of all workspaces on this computer.

    Args:
        file: the database; made (0600) when the first snapshot is saved.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def save(self, workspace: Workspace, content: bytes, note: str = "") -> Saved:
        """Keep a content, unless the latest snapshot holds the same already.

        Raises:
            Refused: `disk-full`, `not-writable`, `history-damaged`, `history-newer`.
            Unavailable: `history-busy`.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        with self._writing() as db:
            number = _number(db, workspace)
            _keep(db, sha256, content)
            latest = _latest(db, number)
            if latest and latest.sha256 == sha256:
                return Saved(latest, changed=False)
            now = datetime.now(UTC)
            (last,) = db.execute("SELECT coalesce(max(id), '') FROM snapshot").fetchone()
            created = now.isoformat(timespec="milliseconds")
            made = Snapshot(sortable_id(now, last), created, sha256, len(content), note)
            row = (made.id, number, created, sha256, made.size, note, _seal(number, made))
            db.execute("INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            return Saved(made, changed=True)

    def snapshots(self, workspace: Workspace) -> list[Snapshot]:
        """The snapshots of a workspace, the latest first; damaged rows are left out."""
        with self._reading() as db:
            number = _known(db, workspace) if db else None
            if db is None or number is None:
                return []
            rows = db.execute(f"{_SELECT} WHERE workspace = ? ORDER BY id DESC", (number,))
            return [snapshot for snapshot in map(_snapshot, rows) if snapshot]

    def find(self, identifier: str) -> tuple[Workspace, Snapshot]:
        """One snapshot by its id, and whose it is.

        Raises:
            NotFound: `no-such-snapshot`.
            Refused: `snapshot-damaged`.
        """
        with self._reading() as db:
            row = db.execute(f"{_SELECT} WHERE id = ?", (identifier,)).fetchone() if db else None
            if db is None or row is None:
                raise _no_such_snapshot(identifier)
            snapshot = _snapshot(row)
            if snapshot is None:
                raise _damaged_snapshot(identifier)
            (path,) = db.execute("SELECT path FROM workspace WHERE id = ?", (row[1],)).fetchone()
            return Workspace(Path(os.fsdecode(path))), snapshot

    def content(self, snapshot: Snapshot) -> bytes:
        """The content of a snapshot, checked against its digest.

        Raises:
            Refused: `snapshot-damaged`.
        """
        with self._reading() as db:
            content = _unpacked(db, snapshot.sha256) if db else None
            if content is None:
                raise _damaged_snapshot(snapshot.id)
            return content

    def workspaces(self) -> list[Workspace]:
        """All workspaces that have a history."""
        with self._reading() as db:
            rows = db.execute("SELECT path FROM workspace ORDER BY id").fetchall() if db else []
            return [Workspace(Path(os.fsdecode(path))) for (path,) in rows]

    def damaged(self) -> list[str]:
        """Ids of all snapshots that cannot be given back as they were saved."""
        with self._reading() as db:
            if db is None:
                return []
            rows = db.execute(f"{_SELECT} ORDER BY id").fetchall()
            whole = {
                sha256
                for (sha256,) in db.execute("SELECT DISTINCT sha256 FROM snapshot").fetchall()
                if _unpacked(db, sha256) is not None
            }
            return [row[0] for row in rows if not _snapshot(row) or row[3] not in whole]

    def base(self, workspace: Workspace, portal: str) -> str:
        """The version on a portal that this computer's state derives from; empty for none."""
        with self._reading() as db:
            number = _known(db, workspace) if db else None
            if db is None or number is None:
                return ""
            query = "SELECT base FROM portal WHERE workspace = ? AND address = ?"
            row = db.execute(query, (number, portal)).fetchone()
            return row[0] if row else ""

    def set_base(self, workspace: Workspace, portal: str, base: str) -> None:
        """Remember the version on a portal that this computer's state derives from now."""
        with self._writing() as db:
            row = (_number(db, workspace), portal, base)
            db.execute("INSERT OR REPLACE INTO portal VALUES (?, ?, ?)", row)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.rollback()
                raise
            db.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """The open history; None where there is none yet, which reading does not make."""
        if not self.file.exists():
            yield None
            return
        with self._open() as db:
            yield db

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = None
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600))
            db = sqlite3.connect(self.file, timeout=PATIENCE, isolation_level=None)
            db.execute("PRAGMA synchronous = FULL")
            _prepare(db)
            yield db
        except sqlite3.Error as error:
            raise _in_words(error, self.file) from error
        except OSError as error:
            from deskside.foundation.console import system_problem

            raise system_problem(error) from error
        finally:
            if db is not None:
                db.close()


_SELECT = "SELECT id, workspace, created, sha256, size, note, seal FROM snapshot"
_Row = tuple[str, int, str, str, int, str, str]


def _prepare(db: sqlite3.Connection) -> None:
    """Make the tables in a new file; refuse those of a newer program."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == 0:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _statements(_SCHEMA):
                db.execute(statement)
            version = VERSION
        db.execute("COMMIT")
    if version > VERSION:
        raise Refused(
            "history-newer",
            _("The history was written by a newer version of Deskside."),
            hint=_("Update Deskside on this computer."),
        )


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _number(db: sqlite3.Connection, workspace: Workspace) -> int:
    path = os.fsencode(workspace.file)
    db.execute("INSERT INTO workspace (path) VALUES (?) ON CONFLICT DO NOTHING", (path,))
    number = _known(db, workspace)
    assert number is not None
    return number


def _known(db: sqlite3.Connection, workspace: Workspace) -> int | None:
    path = os.fsencode(workspace.file)
    row = db.execute("SELECT id FROM workspace WHERE path = ?", (path,)).fetchone()
    return row[0] if row else None


def _latest(db: sqlite3.Connection, number: int) -> Snapshot | None:
    query = f"{_SELECT} WHERE workspace = ? ORDER BY id DESC LIMIT 1"
    row = db.execute(query, (number,)).fetchone()
    return _snapshot(row) if row else None


def _keep(db: sqlite3.Connection, sha256: str, content: bytes) -> None:
    """Keep a content; a stored copy that has rotted is mended by the good one in hand."""
    if _unpacked(db, sha256) != content:
        packed = zlib.compress(content, COMPRESSION)
        db.execute("INSERT OR REPLACE INTO content VALUES (?, ?)", (sha256, packed))


def _unpacked(db: sqlite3.Connection, sha256: str) -> bytes | None:
    row = db.execute("SELECT packed FROM content WHERE sha256 = ?", (sha256,)).fetchone()
    try:
        content = zlib.decompress(row[0]) if row else None
    except (zlib.error, TypeError):
        return None
    whole = content is not None and hashlib.sha256(content).hexdigest() == sha256
    return content if whole else None


def _snapshot(row: _Row) -> Snapshot | None:
    """The snapshot of a row; None where the row is not as it was written."""
    identifier, number, created, sha256, size, note, seal = row
    snapshot = Snapshot(identifier, created, sha256, size, note)
    return snapshot if seal == _seal(number, snapshot) else None


def _seal(number: int, snapshot: Snapshot) -> str:
    fields = (snapshot.id, number, snapshot.created, snapshot.sha256, snapshot.size, snapshot.note)
    return hashlib.sha256(repr(fields).encode()).hexdigest()


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


def _in_words(error: sqlite3.Error, file: Path) -> Refused:
    said = str(error)
    if "locked" in said or "busy" in said:
        return Unavailable(
            "history-busy",
            _("Another program holds the history; nothing was changed."),
            hint=_("Try again in a moment."),
            detail=said,
        )
    if "full" in said:
        return Refused(
            "disk-full",
            _("The disk is full; nothing was changed."),
            hint=_("Free some space and run the same command again."),
            detail=said,
        )
    if "readonly" in said or "unable to open" in said:
        return Refused(
            "not-writable",
            _("The history {file} cannot be opened for writing.").format(file=file),
            hint=_("Check the permissions of the file and of its folder."),
            detail=said,
        )
    return Refused(
        "history-damaged",
        _("The history {file} is damaged or the disk fails.").format(file=file),
        hint=_("Copy the file to a safe place first. A new one begins when you move it away."),
        detail=said,
    )
