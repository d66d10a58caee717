"""A Windows disk, wherever it is mounted: paths are found whatever case they are written in.

Nothing is followed out of the disk: what a link leads to must lie on it, since a disk that was
taken out of another computer may hold links that were made to deceive.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

from deskside.foundation.errors import NotFound
from deskside.foundation.text import _
from deskside.workstation.esignal.pe import LARGEST

MOST_ENTRIES = 10_000
"""Entries of a folder that are looked through."""

_DRIVES = ("drive_c", "c", "c:")
"""What a folder that stands for drive C is called: by wine, and by those who mount disks."""


class Disk:
    """Drive C.

    Args:
        root: where it is mounted.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @classmethod
    def open(cls, given: str | None) -> Disk:
        """The disk that a person named, or this computer's own.

        The folder of TWS counts as well, and a folder that holds the disk.

        Raises:
            NotFound: `no-windows-disk`.
        """
        if given is None:
            own = present()
            if own is None:
                raise _no_disk(_("This computer runs no Windows."))
            return own
        folder = Path(given).expanduser()
        if not folder.is_dir():
            raise _no_disk(_("There is no folder {folder}.").format(folder=folder))
        disk = cls(folder)
        if disk.find("Jts") is None:
            inside = next((below for name in _DRIVES if (below := disk.find(name))), None)
            if folder.resolve().name.lower() == "jts" or disk.find("dbcapi.dll"):
                return cls(folder.resolve().parent)
            return cls(inside) if inside and inside.is_dir() else disk
        return disk

    def find(self, path: str) -> Path | None:
        """What is at a path as Windows writes it, with or without its drive; None if nothing."""
        parts = PureWindowsPath(path)
        if parts.drive and parts.drive.lower() != "c:":
            return None
        here = self.root
        for part in parts.relative_to(parts.anchor).parts:
            entry = None if part == ".." else _entry(here, part)
            if entry is None or not self._is_inside(entry):
                return None
            here = entry
        return here

    def below(self, path: str, pattern: str) -> list[Path]:
        """What lies in a folder by names that match a pattern without case, in order."""
        folder = self.find(path)
        wanted = re.compile(pattern, re.IGNORECASE)
        if folder is None:
            return []
        return [
            folder / name
            for name in sorted(_names(folder))
            if wanted.fullmatch(name) and self._is_inside(folder / name)
        ]

    def shown(self, file: Path) -> str:
        """A file as Windows calls it."""
        return str(PureWindowsPath("C:\\").joinpath(*file.relative_to(self.root).parts))

    def _is_inside(self, path: Path) -> bool:
        try:
            return path.resolve().is_relative_to(self.root)
        except (OSError, RuntimeError):
            return False


def present() -> Disk | None:
    """This computer's own drive C; None where it has none."""
    return Disk(Path("C:\\")) if sys.platform == "win32" else None


def content_of(file: Path) -> bytes:
    """What is in a file; nothing where it is larger than any library of this kind.

    Raises:
        OSError: it cannot be read.
    """
    if not file.is_file():
        return b""
    with file.open("rb") as opened:
        content = opened.read(LARGEST + 1)
    return content if len(content) <= LARGEST else b""


def _entry(folder: Path, name: str) -> Path | None:
    """The entry of that name; one that is written exactly so before any other."""
    names = list(_names(folder))
    if name in names:
        return folder / name
    return next((folder / other for other in sorted(names) if other.lower() == name.lower()), None)


def _names(folder: Path) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for _number, entry in zip(range(MOST_ENTRIES), entries, strict=False):
                yield entry.name
    except OSError:
        return


def _no_disk(reason: str) -> NotFound:
    return NotFound(
        "no-windows-disk",
        reason,
        hint=_("Name the folder where a Windows disk is mounted: --root DIR"),
        article="2560#other-system",
    )
