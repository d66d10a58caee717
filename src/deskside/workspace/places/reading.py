"""Reading a settings file while its program may be writing it.

A file is read through once, piece by piece, to learn whether it is whole settings; nothing of a
file that is not is kept in memory. One that is good is then read a second time for its bytes, and
both readings must agree: what changes between them is being written.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar

from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _
from deskside.workspace.model import Kind
from deskside.workspace.rules import (
    Version,
    kind_of_pieces,
    settings_version,
)

T = TypeVar("T")

ATTEMPTS = 3
PIECE = 1 << 16
_OVERLAP = 1000
"""Bytes kept from one piece to the next, so that a tag on the seam is seen whole."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
# Without O_NONBLOCK, opening a named pipe would wait for somebody to write into it.

_BUSY_ON_WINDOWS = (32, 33)
"""Another process has the file to itself, or a part of it, at this moment."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A settings file as it was at one moment."""

    content: bytes = field(repr=False)
    kind: Kind
    modified_ns: int

    @property
    def sha256(self) -> str:
        """Digest of the content."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def version(self) -> Version | None:
        """The build that wrote it; None where it is sealed or does not tell."""
        return settings_version(self.content) if self.kind is Kind.XML else None


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of a settings file that was read through without being kept."""

    kind: Kind
    size: int
    sha256: str
    modified_ns: int
    version: Version | None


def read(file: Path) -> Reading:
    """A settings file, whole and valid, as it was at one moment.

    A link is followed to the file that it names.

    Raises:
        NotFound: `settings-missing`.
        Refused: `settings-changing`, `settings-unreadable`, and those of `rules.kind_of`.
    """

    def twice(opened: BinaryIO) -> Reading | None:
        seen = _examined(opened)
        opened.seek(0)
        content = opened.read(seen.size)
        same = hashlib.sha256(content).hexdigest() == seen.sha256
        return Reading(content, seen.kind, seen.modified_ns) if same else None

    return _while_it_stands_still(file, twice)


def examine(file: Path) -> Examined:
    """What a settings file is, without ever holding more than a piece of it.

    Raises:
        NotFound, Refused: as for `read`.
    """
    return _while_it_stands_still(file, _examined)


def mark_of(info: os.stat_result) -> tuple[int, int, int]:
    """What changes when a file is written or replaced: identity, size, time of modification."""
    return info.st_ino, info.st_size, info.st_mtime_ns


def changing(file: Path) -> Refused:
    """The file does not stand still."""
    return Refused(
        "settings-changing",
        _("{file} is being written at this moment.").format(file=file),
        hint=_("Close the trading program, or try again in a moment."),
        article="2323#settings-changing",
    )


def _while_it_stands_still(file: Path, look: Callable[[BinaryIO], T | None]) -> T:
    """What a look at a file gives, where nothing was written meanwhile."""
    for _attempt in range(ATTEMPTS):
        try:
            with _open(file) as opened:
                before = os.fstat(opened.fileno())
                if not stat.S_ISREG(before.st_mode):
                    raise _unreadable(file, _("not a plain file"))
                found, problem = _looked(opened, look)
            steady = mark_of(before) == mark_of(file.stat())
        except FileNotFoundError:
            raise _missing(file) from None
        except OSError as error:
            if getattr(error, "winerror", 0) in _BUSY_ON_WINDOWS:
                continue
            raise _unreadable(file, error.strerror or repr(error)) from error
        if steady and problem:
            raise problem
        if steady and found is not None:
            return found
    raise changing(file)


def _looked(
    opened: BinaryIO, look: Callable[[BinaryIO], T | None]
) -> tuple[T | None, Refused | None]:
    """What a look gives, or what is wrong: of a file that is being written, nothing is wrong."""
    try:
        return look(opened), None
    except Refused as problem:
        return None, problem


def _open(file: Path) -> BinaryIO:
    return os.fdopen(os.open(file, _FLAGS), "rb", buffering=0)


def _examined(opened: BinaryIO) -> Examined:
    """Read a file through once."""
    info = os.fstat(opened.fileno())
    passing = _Passing()
    kind = kind_of_pieces(passing.pieces(opened), info.st_size)
    version = passing.version if kind is Kind.XML else None
    sha256 = passing.digest.hexdigest()
    return Examined(kind, passing.length, sha256, info.st_mtime_ns, version)


class _Passing:
    """What is learnt from the pieces of a file on their way by."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.length = 0
        self.version: Version | None = None
        self._last = b""

    def pieces(self, opened: BinaryIO) -> Iterator[bytes]:
        while piece := opened.read(PIECE):
            self.length += len(piece)
            self.digest.update(piece)
            self.version = settings_version(self._last + piece) or self.version
            self._last = piece[-_OVERLAP:]
            yield piece


def _missing(file: Path) -> NotFound:
    if file.is_symlink():
        message = _("{file} is a link to a file that is not there.").format(file=file)
    else:
        message = _("There is no file {file}.").format(file=file)
    return NotFound(
        "settings-missing",
        message,
        hint=_("Check the path, or restore it from the history."),
        article="2323#settings-missing",
    )


def _unreadable(file: Path, reason: str) -> Refused:
    return Refused(
        "settings-unreadable",
        _("{file} cannot be read: {reason}.").format(file=file, reason=reason),
        hint=_("Check the permissions of the file and of its folder."),
        article="2323#settings-unreadable",
    )
