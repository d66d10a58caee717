"""Taking over the history of Deskside 0.1, which was one SQLite file beside the folder of today.

The file is only renamed when all of it has been taken over, and never removed.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from deskside.workspace.model import Snapshot, Workspace

TAKEN_OVER = ".taken-over"

_SNAPSHOTS = """
SELECT path, snapshot.id, created, snapshot.sha256, size, note, packed
FROM snapshot JOIN workspace ON workspace.id = workspace
LEFT JOIN content ON content.sha256 = snapshot.sha256 ORDER BY snapshot.id
"""
_BASES = "SELECT path, address, base FROM portal JOIN workspace ON workspace.id = workspace"


class Held(NamedTuple):
    """A snapshot of the earlier history, with its content."""

    workspace: Workspace
    snapshot: Snapshot
    content: bytes


def held(file: Path) -> Iterator[Held]:
    """All of its snapshots whose content is still there, the oldest first."""
    with closing(sqlite3.connect(file)) as db:
        for path, *fields, packed in db.execute(_SNAPSHOTS):
            try:
                content = zlib.decompress(packed)
            except (TypeError, zlib.error):
                continue
            yield Held(_workspace(path), Snapshot(*fields), content)


def bases(file: Path) -> Iterator[tuple[Workspace, str, str]]:
    """Workspace, portal, and the version there that this computer's state derives from."""
    with closing(sqlite3.connect(file)) as db:
        for path, address, base in db.execute(_BASES):
            yield _workspace(path), address, base


def retire(file: Path) -> None:
    """Put the file aside."""
    file.replace(file.with_name(f"{file.name}{TAKEN_OVER}"))


def _workspace(path: bytes) -> Workspace:
    return Workspace(Path(os.fsdecode(path)))
