"""Operations on files that keep their word through a crash or a power cut.

A file is never changed in place. New content goes into a new file beside it, is forced to the
disk, and takes the name in one step; then the folder is forced to the disk as well. Measured
against simulated power cuts, leaving out either of the two loses acknowledged work.

Every operation announces itself to `watch` first, so that tests can make any of them fail, or
kill the process right there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.model import Digest, FileState
from deskside.foundation.errors import Refused
from deskside.foundation.text import _

Watch = Callable[[str, Path], None]

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_LINKS = {0xA000000C, 0xA0000003}
"""Reparse tags of symbolic links and of mount points, which act as links, on Windows."""


class Files:
    """The file operations of the change engine.

    Args:
        watch: called with the name of each operation and its path, before it happens.
        chunk: how many bytes are read or written at a time.
    """

    def __init__(self, watch: Watch | None = None, *, chunk: int = 1 << 20) -> None:
        self._watch = watch or (lambda _operation, _path: None)
        self._chunk = chunk

    def locate(self, root: Path, path: PurePosixPath) -> Path:
        """Where a path under the root is, having made sure that it gets there without a link.

        Raises:
            Refused: `through-link` or `not-a-file`.
        """
        here = root
        for name in path.parts:
            here = here / name
            info = _look(here)
            if info is None:
                return root / path
            if stat.S_ISLNK(info.st_mode) or getattr(info, "st_reparse_tag", 0) in _LINKS:
                raise Refused(
                    "through-link",
                    _("{path} is a link, and changing files through links is not safe.").format(
                        path=here
                    ),
                    hint=_("Name the folder that it points to instead."),
                )
            wanted = stat.S_ISREG if here == root / path else stat.S_ISDIR
            if not wanted(info.st_mode):
                raise Refused(
                    "not-a-file", _("{path} is in the way: not a plain file.").format(path=here)
                )
        return here

    def state(self, root: Path, path: PurePosixPath) -> FileState | None:
        """What is at a path under the root; None where nothing is.

        Raises:
            Refused: as for `locate`.
            OSError: it cannot be read.
        """
        place = self.locate(root, path)
        info = _look(place)
        if info is None:
            return None
        content, size = hashlib.sha256(), 0
        for chunk in self.chunks(place):
            content.update(chunk)
            size += len(chunk)
        owner = (info.st_uid, info.st_gid)
        mode = stat.S_IMODE(info.st_mode)
        return FileState(Digest(content.hexdigest()), size, mode, owner, info.st_mtime_ns)

    def chunks(self, path: Path) -> Iterator[bytes]:
        """The content of a file, piece by piece."""
        self._watch("open", path)
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            while True:
                self._watch("read", path)
                chunk = file.read(self._chunk)
                if not chunk:
                    return
                yield chunk

    def create(self, path: Path, content: Iterable[bytes], like: FileState | None = None) -> Digest:
        """Make a new file and force it to the disk; the digest of what was written.

        A file that is already there under this name is a left-over of ours, and goes.

        Args:
            like: whose permissions, owner and time the file takes; without it, it is private.
        """
        path.unlink(missing_ok=True)
        written = hashlib.sha256()
        self._watch("create", path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        mode = 0o666 if like and like.mode is None else PRIVATE_FILE
        with os.fdopen(os.open(path, flags, mode), "wb", buffering=0) as file:
            for piece in content:
                for start in range(0, len(piece), self._chunk):
                    self._watch("write", path)
                    self._write(file.fileno(), piece[start : start + self._chunk])
                written.update(piece)
            if like:
                self._resemble(path, like)
            self._watch("sync", path)
            _force(file.fileno())
        return Digest(written.hexdigest())

    def _resemble(self, path: Path, like: FileState) -> None:
        self._watch("resemble", path)
        if like.owner is not None and hasattr(os, "chown"):
            with contextlib.suppress(PermissionError):
                os.chown(path, *like.owner)
        if like.mode is not None:
            path.chmod(like.mode)
        if like.mtime_ns is not None:
            os.utime(path, ns=(like.mtime_ns, like.mtime_ns))

    @staticmethod
    def _write(descriptor: int, piece: bytes) -> None:
        remaining = memoryview(piece)
        while remaining:
            remaining = remaining[os.write(descriptor, remaining) :]

    def put(self, path: Path, content: bytes) -> None:
        """Make or replace a private file whole, so that a reader sees the old or the new."""
        beside = path.with_name(f".{path.name}.new")
        self.create(beside, [content])
        self.replace(beside, path)
        self.sync_folder(path.parent)

    def replace(self, source: Path, target: Path) -> None:
        """Give a file its final name, over whatever bears it now."""
        self._watch("replace", target)
        _patiently(lambda: source.replace(target))

    def remove(self, path: Path) -> None:
        """Remove a file; fine if it is gone already."""
        self._watch("remove", path)
        _patiently(lambda: path.unlink(missing_ok=True))

    def make_folder(self, path: Path, mode: int = 0o777) -> None:
        """Make one folder; fine if it is there already."""
        if path.is_dir():
            return
        self._watch("mkdir", path)
        path.mkdir(mode=mode, exist_ok=True)
        self.sync_folder(path.parent)

    def remove_folder(self, path: Path) -> None:
        """Remove a folder if nothing is left in it."""
        self._watch("rmdir", path)
        with contextlib.suppress(OSError):
            path.rmdir()
            self.sync_folder(path.parent)

    def sync_folder(self, path: Path) -> None:
        """Force a folder's names to the disk (Windows does so by itself)."""
        if sys.platform == "win32":
            return
        self._watch("sync-folder", path)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _force(descriptor)
        finally:
            os.close(descriptor)


def _look(path: Path) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def _force(descriptor: int) -> None:
    """Force written data to the disk itself; on macOS fsync alone stops at the drive's cache."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def _patiently(operation: Callable[[], object]) -> object:
    """Do it; on Windows wait a moment for a virus scanner or indexer to let go of the file."""
    for wait in (0.05, 0.1, 0.2, 0.4, 0.8) if sys.platform == "win32" else ():
        try:
            return operation()
        except PermissionError:
            time.sleep(wait)
    return operation()
