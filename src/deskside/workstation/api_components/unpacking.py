"""Unpacking an archive: every content is checked in memory before the first byte is written."""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deskside.foundation.errors import NotFound
from deskside.foundation.text import _
from deskside.workstation.api_components import archive_format, archive_rules, nested
from deskside.workstation.api_components.archive_format import Buffer
from deskside.workstation.api_components.hostile import HostileArchive, Rule
from deskside.workstation.api_components.inflating import content

MAX_ARCHIVE = 256 << 20
"""Bytes of an archive; a vendor's package has a few million."""

Watch = Callable[[str, Path], None]


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An archive whose entries have all been checked.

    Attributes:
        sha256: of the archive.
        size: of the archive in bytes.
        files: content of every file, by its path.
        folders: paths of all folders, outer ones first.
    """

    sha256: str
    size: int
    files: Mapping[str, bytes]
    folders: tuple[str, ...]


def unpack(path: Path) -> Unpacked:
    """Read a whole archive into memory, refusing whatever breaks a rule.

    Raises:
        NotFound: `no-such-file`.
        HostileArchive: it breaks a rule.
        OSError: it cannot be read.
    """
    with _mapped(path) as archive:
        entries = archive_format.read(archive)
        archive_rules.check(entries, len(archive))
        contents = {entry.name: content(archive, entry) for entry in entries}
        nested.check(contents)
        sha256 = hashlib.sha256(archive).hexdigest()
        size = len(archive)
    files = {name: held for name, held in contents.items() if not name.endswith("/")}
    return Unpacked(sha256, size, files, folders_of(contents))


def write(unpacked: Unpacked, folder: Path, *, watch: Watch | None = None) -> None:
    """Write everything into a new folder and force it to the disk.

    Modes are those of any new file here, whatever the archive says; nothing is executable.

    Args:
        watch: called before each file is written; tests kill the process there.

    Raises:
        OSError: it could not be written; what was written until then is still there.
    """
    folder.mkdir()
    for name in unpacked.folders:
        (folder / name).mkdir()
    for name, held in unpacked.files.items():
        path = f"{folder}/{name}"
        if watch:
            watch("unpack", Path(path))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            remaining = memoryview(held)
            while remaining:
                remaining = remaining[os.write(descriptor, remaining) :]
            if not hasattr(os, "sync"):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    if hasattr(os, "sync"):
        # One call for hundreds of files: forcing each by itself takes ten times as long.
        os.sync()


def folders_of(names: Mapping[str, bytes]) -> tuple[str, ...]:
    """All folders that some paths lie in, outer ones first."""
    found: set[str] = set()
    for name in names:
        folder = name.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return tuple(sorted(found))


@contextmanager
def _mapped(path: Path) -> Iterator[Buffer]:
    """The archive's bytes, without reading more of them than are looked at."""
    try:
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise NotFound("no-such-file", _("There is no file {path}.").format(path=path)) from None
    with file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_ARCHIVE:
            raise HostileArchive(Rule.TOO_LARGE)
        if size == 0:
            raise HostileArchive(Rule.NOT_AN_ARCHIVE)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped
