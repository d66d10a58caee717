"""Looking at files, folders and pointers under a root, without following links."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.model import (
    Digest,
    FileState,
    Kind,
    Tree,
    folder_state,
    pointer_state,
)
from deskside.foundation.changes.places import Place, is_link, not_a_file, opened
from deskside.foundation.changes.pointers import leads_to, text_of

Watch = Callable[[str, Path], None]

_LONGEST_POINTER = 4096
_FOLDER = Digest("folder")
"""Stands where a folder is listed among what is in another."""


class Reader:
    """Looks at what is under a root; changes nothing.

    Args:
        watch: called with the name of each operation and its path, before it happens.
        chunk: how many bytes are read or written at a time.
        links: whether pointers are symbolic links; else they are small files (on Windows, where
            making links takes a privilege).
    """

    def __init__(
        self,
        watch: Watch | None = None,
        *,
        chunk: int = 1 << 20,
        links: bool = sys.platform != "win32",
    ) -> None:
        self._watch = watch or (lambda _operation, _path: None)
        self._chunk = chunk
        self.links = links

    def look(self, place: Place) -> os.stat_result | None:
        """What is at a place; None where nothing is.

        Raises:
            Refused: `through-link`, `not-a-file`: the way there is no plain folder.
        """
        try:
            with opened(place.parent) as folder:
                return folder.look(place.name)
        except FileNotFoundError:
            return None

    def state(self, root: Path, path: PurePosixPath) -> FileState | None:
        """What is at a path under the root; None where nothing is.

        Raises:
            Refused: `through-link`: the way there, or what is there, is a link other than a
                pointer; `not-a-file`.
            OSError: it cannot be read.
        """
        place = Place(root, path)
        info = self.look(place)
        if info is None:
            return None
        if is_link(info):
            text = self.readlink(place)
            leads_to(path, text, place.full)
            return pointer_state(text)
        if stat.S_ISDIR(info.st_mode):
            found = folder_state(self.tree(place))
            return FileState(found.digest, found.size, *_marks(info), kind=Kind.FOLDER)
        if not stat.S_ISREG(info.st_mode):
            raise not_a_file(place.full)
        return self._file(place, info)

    def _file(self, place: Place, info: os.stat_result) -> FileState:
        content, size = hashlib.sha256(), 0
        for chunk in self.chunks(place):
            content.update(chunk)
            size += len(chunk)
        return FileState(Digest(content.hexdigest()), size, *_marks(info))

    def tree(self, place: Place) -> Tree:
        """All that is in a folder, links in it by what they say."""
        found: list[tuple[PurePosixPath, FileState]] = []
        for name in self.names(place):
            self._gather(place, PurePosixPath(name), found)
        return tuple(found)

    def _gather(
        self, top: Place, path: PurePosixPath, found: list[tuple[PurePosixPath, FileState]]
    ) -> None:
        place = top.under(path)
        info = self.look(place)
        if info is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(place.full))
        if stat.S_ISLNK(info.st_mode):
            found.append((path, pointer_state(self.readlink(place))))
        elif stat.S_ISDIR(info.st_mode) and not is_link(info):
            found.append((path, FileState(_FOLDER, 0, *_marks(info), kind=Kind.FOLDER)))
            for name in self.names(place):
                self._gather(top, path / name, found)
        elif stat.S_ISREG(info.st_mode):
            found.append((path, self._file(place, info)))
        else:
            raise not_a_file(place.full)

    def names(self, place: Place) -> list[str]:
        """All names in a folder, sorted."""
        with opened(place) as folder:
            self._watch("list", place.full)
            return folder.names()

    def readlink(self, place: Place) -> str:
        """What a symbolic link says."""
        with opened(place.parent) as folder:
            return folder.readlink(place.name)

    def pointer(self, place: Place) -> str | None:
        """What a pointer says, be it a link or a small file; None where there is none."""
        info = self.look(place)
        if info is None:
            return None
        if is_link(info):
            return self.readlink(place)
        if self.links or not stat.S_ISREG(info.st_mode) or info.st_size > _LONGEST_POINTER:
            return None
        return text_of(b"".join(self.chunks(place)))

    def other_names(self, place: Place) -> int:
        """How many other names (hard links) a file has."""
        info = self.look(place)
        return info.st_nlink - 1 if info and stat.S_ISREG(info.st_mode) else 0

    def chunks(self, place: Place) -> Iterator[bytes]:
        """The content of a file, piece by piece."""
        with opened(place.parent) as folder:
            self._watch("open", place.full)
            descriptor = folder.open(place.name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            while True:
                self._watch("read", place.full)
                chunk = file.read(self._chunk)
                if not chunk:
                    return
                yield chunk


def pointer_target(
    root: Path, path: PurePosixPath, *, reader: Reader | None = None
) -> PurePosixPath | None:
    """The path under the root that a pointer points to; None where there is no pointer.

    Args:
        root: existing folder.
        path: of the pointer, relative to the root.

    Raises:
        Refused: `through-link`: the pointer leads out of the root, or over another link.
    """
    reader, place = reader or Reader(), Place(root.resolve(), path)
    text = reader.pointer(place)
    if text is None:
        return None
    target = leads_to(path, text, place.full)
    reader.look(Place(place.root, target / "inside"))
    return target


def _marks(info: os.stat_result) -> tuple[int, tuple[int, int], int]:
    return stat.S_IMODE(info.st_mode), (info.st_uid, info.st_gid), info.st_mtime_ns
