"""Well-known ways of saving, good and bad. The bad ones must be caught, or nothing is proved."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.crash_states.scenarios import Scenario, Seen
from tests.crash_states.tracing import Say

SAVES = 3
SIZE = 9000


def version(number: int) -> bytes:
    """A content that tells whether it is whole."""
    filler = bytes([97 + number % 26]) * (SIZE + 700 * number)
    return b"<v%03d>" % number + filler + b"</v%03d>" % number


def told(content: bytes) -> str:
    """Which version a content is, or that it is none."""
    number = content[2:5]
    whole = number.isdigit() and content == version(int(number))
    return str(int(number)) if whole else f"torn ({len(content)} bytes)"


def work(save: Callable[[bytes], None], say: Say) -> None:
    """Save some versions, each over the last."""
    say("NOW file 0")
    for number in range(1, SAVES + 1):
        say(f"TRY file {number}")
        save(version(number))
        say(f"NOW file {number}")


@dataclass(frozen=True)
class Protocol:
    """A way of saving, as a scenario."""

    name: str
    save: Callable[[Path, bytes], None]
    read: Callable[[Path], bytes | None]

    def prepare(self, root: Path) -> None:
        self.save(root, version(0))

    def work(self, root: Path, say: Say) -> None:
        work(lambda content: self.save(root, content), say)

    def look(self, root: Path) -> Seen:
        content = self.read(root)
        return Seen(values={} if content is None else {"file": told(content)})


def _read_file(root: Path) -> bytes | None:
    file = root / "file"
    return file.read_bytes() if file.exists() else None


def _overwrite(root: Path, content: bytes) -> None:
    (root / "file").write_bytes(content)


def _replace(root: Path, content: bytes, *, force: bool, folder: bool) -> None:
    beside = root / "file.new"
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        if force:
            os.fsync(file.fileno())
    beside.replace(root / "file")
    if folder:
        _force_folder(root)


def _force_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _append(root: Path, content: bytes) -> None:
    """A log without checksums: the length comes first, and is believed."""
    with (root / "log").open("ab") as file:
        file.write(len(content).to_bytes(4, "big") + content)
        file.flush()
        os.fsync(file.fileno())
    _force_folder(root)


def _read_log(root: Path) -> bytes | None:
    data, last = (root / "log").read_bytes(), None
    while len(data) >= 4:
        size = int.from_bytes(data[:4], "big")
        last, data = data[4 : 4 + size], data[4 + size :]
    return last


@dataclass(frozen=True)
class Database:
    """One row of an SQLite database, replaced again and again over one connection."""

    name: str
    synchronous: str
    mode: str

    def prepare(self, root: Path) -> None:
        with closing(self._open(root)) as db:
            db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, content BLOB)")
            self._save(db, version(0))

    def work(self, root: Path, say: Say) -> None:
        with closing(self._open(root)) as db:
            work(lambda content: self._save(db, content), say)

    def look(self, root: Path) -> Seen:
        try:
            with closing(sqlite3.connect(root / "db")) as db:
                ((found,),) = db.execute("SELECT content FROM t").fetchall()
                (sound,) = db.execute("PRAGMA integrity_check").fetchone()
        except sqlite3.DatabaseError as error:
            return Seen(trouble=(str(error),))
        return Seen(values={"file": told(found)}, trouble=() if sound == "ok" else (sound,))

    def _open(self, root: Path) -> sqlite3.Connection:
        db = sqlite3.connect(root / "db", isolation_level=None)
        db.execute(f"PRAGMA journal_mode = {self.mode}")
        db.execute(f"PRAGMA synchronous = {self.synchronous}")
        db.execute("PRAGMA wal_autocheckpoint = 8")
        return db

    @staticmethod
    def _save(db: sqlite3.Connection, content: bytes) -> None:
        db.execute("INSERT OR REPLACE INTO t VALUES (1, ?)", (content,))


GOOD: list[Scenario] = [
    Protocol("replace", lambda r, c: _replace(r, c, force=True, folder=True), _read_file),
    Database("sqlite-wal-full", "FULL", "WAL"),
]
BAD: list[Scenario] = [
    Protocol("overwrite", _overwrite, _read_file),
    Protocol("no-fsync", lambda r, c: _replace(r, c, force=False, folder=True), _read_file),
    Protocol("no-folder-fsync", lambda r, c: _replace(r, c, force=True, folder=False), _read_file),
    Protocol("log-without-checksum", _append, _read_log),
    Database("sqlite-wal-normal", "NORMAL", "WAL"),
    Database("sqlite-delete-off", "OFF", "DELETE"),
]
