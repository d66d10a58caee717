"""The program's own older copies, and those of a person: found by what they hold.

Names of automatic backups differ between builds and are nowhere promised, so a file counts when
it holds settings: XML whose root is `Settings`, or the mark of a sealed file. A seal says nothing
of what is sealed, and the program's logs wear the same one: those go by their ending.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deskside.foundation.errors import DesksideError
from deskside.workspace.model import PROGRAMS, Kind, Workspace
from deskside.workspace.places import reading
from deskside.workspace.places.finding import USER_FOLDER
from deskside.workspace.rules import SEALED_MARK, Version

DEPTH = 6
"""Folders below a place that are searched."""

MOST_ENTRIES = 50_000
"""Files and folders that are looked at in one place; an external drive may hold millions."""

_SEALED_LOGS = ".ibgzenc"
_HEAD = 4096
_ACCOUNT = re.compile(rb'\blastAccount="([^"]{3,40})"')
_BEGINS_SETTINGS = re.compile(
    rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<Settings[\s/>]", re.DOTALL
)
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Backup:
    """A file that holds settings and is not the one that the program uses.

    Attributes:
        modified: UTC, ISO 8601.
        sha256: of the content; empty where the file is not whole.
        version: of the program that wrote it, where it tells.
        same_user: whether it is of the user of the workspace; None where nothing says so.
        problem: why it cannot be used, for the person; empty where it can.
    """

    file: Path
    kind: Kind
    modified: str
    size: int
    sha256: str
    version: Version | None
    same_user: bool | None
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """The backup as `settings backups` prints it."""
        return {
            "file": str(self.file),
            "kind": self.kind.value,
            "modified": self.modified,
            "size": self.size,
            "sha256": self.sha256,
            "version": str(self.version) if self.version else None,
            "same_user": self.same_user,
            "problem": self.problem,
        }


def found_backups(workspace: Workspace, extra: Iterable[Path] = ()) -> list[Backup]:
    """The backups of a workspace, the latest first; each file once, damaged ones too.

    Args:
        extra: further files, or folders to search, as on an external drive.
    """
    own = workspace.file.parent
    live = {own / name for name in _names_in(own) if name.lower() in PROGRAMS}
    files = dict.fromkeys([*_files(own), *(file for place in extra for file in _files(place))])
    account = _account(workspace.file)
    found = [
        _backup(file, kind, workspace, account)
        for file in files
        if file not in live and _program_fits(file, workspace) and (kind := _sniffed(file))
    ]
    return sorted(found, key=lambda backup: (backup.modified, backup.file), reverse=True)


def _files(place: Path) -> Iterator[Path]:
    """The plain files of a place, in it and below; links are not followed."""
    if place.is_file():
        yield place.absolute()
        return
    left = MOST_ENTRIES
    waiting = [(place.absolute(), DEPTH)]
    while waiting and left > 0:
        folder, depth = waiting.pop(0)
        for entry in _entries(folder):
            left -= 1
            path = folder / entry.name
            try:
                if entry.is_file(follow_symlinks=False):
                    yield path
                elif depth and entry.is_dir(follow_symlinks=False):
                    waiting.append((path, depth - 1))
            except OSError:
                continue


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _names_in(folder: Path) -> list[str]:
    return [entry.name for entry in _entries(folder)]


def _program_fits(file: Path, workspace: Workspace) -> bool:
    """Whether a file is of the program of a workspace: its name begins as the program's own."""
    own = workspace.file.stem.lower()
    others = {Path(name).stem for name in PROGRAMS} - {own}
    return file.name.lower().split(".")[0] not in others


def _sniffed(file: Path) -> Kind | None:
    """What a file holds by its first bytes, if that may be settings."""
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD)
    except OSError:
        return None
    if head.startswith(SEALED_MARK):
        return None if file.name.lower().endswith(_SEALED_LOGS) else Kind.OPAQUE
    return Kind.XML if _BEGINS_SETTINGS.match(_as_ascii(head)) else None


def _as_ascii(head: bytes) -> bytes:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            text = head[len(mark) :].decode(encoding, "replace")
            return text.encode("ascii", "replace")
    return head


def _backup(file: Path, kind: Kind, workspace: Workspace, account: bytes | None) -> Backup:
    same_user = _same_user(file, workspace, account)
    try:
        seen = reading.examine(file)
    except DesksideError as error:
        size, at = _size_and_time(file)
        return Backup(file, kind, at, size, "", None, same_user, error.message)
    at = _moment(seen.modified_ns)
    return Backup(file, seen.kind, at, seen.size, seen.sha256, seen.version, same_user)


def _same_user(file: Path, workspace: Workspace, account: bytes | None) -> bool | None:
    """Whose a file is: by the folder that it lies in, or by the account that it was used with."""
    if workspace.user in file.parts:
        return True
    if any(USER_FOLDER.fullmatch(part) and len(part) == 40 for part in file.parts):
        return False
    theirs = _account(file)
    return True if account and theirs == account else None


def _account(file: Path) -> bytes | None:
    try:
        with file.open("rb") as opened:
            found = _ACCOUNT.search(opened.read(1_000_000))
    except OSError:
        return None
    return found[1] if found else None


def _size_and_time(file: Path) -> tuple[int, str]:
    try:
        info = file.stat()
    except OSError:
        return 0, _moment(0)
    return info.st_size, _moment(info.st_mtime_ns)


def _moment(nanoseconds: int) -> str:
    at = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    return at.isoformat(timespec="milliseconds")
