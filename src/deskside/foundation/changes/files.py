"""Operations on files that keep their word through a crash or a power cut.

A file is never changed in place. New content goes into a new file beside it, is forced to the
disk, and takes the name in one step; then the folder is forced to the disk as well. Measured
against simulated power cuts, leaving out either of the two loses acknowledged work.

Every operation announces itself to `watch` first, so that tests can make any of them fail, or
kill the process right there; by then its folder is held open, see `places`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.model import Digest, FileState
from deskside.foundation.changes.places import Folder, Place, opened
from deskside.foundation.changes.reading import Reader
from deskside.foundation.errors import Unavailable
from deskside.foundation.text import _

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_IN_USE = (32, 33, 1224)
"""What Windows says of a file that another program holds: sharing, lock, mapped section."""


class Files(Reader):
    """The file operations of the change engine.

    Args:
        watch: called with the name of each operation and its path, before it happens.
        chunk: how many bytes are read or written at a time.
        links: whether pointers are symbolic links; else they are small files (on Windows, where
            making links takes a privilege).
    """

    waits: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4, 0.8) if sys.platform == "win32" else ()
    """Seconds to wait for a virus scanner or indexer to let go of a file, one after the other."""

    # Making.

    def create(
        self, place: Place, content: Iterable[bytes], like: FileState | None = None
    ) -> Digest:
        """Make a new file and force it to the disk; the digest of what was written.

        A file that is already there under this name is a left-over of ours, and goes.

        Args:
            like: whose permissions, owner and time the file takes; without it, it is private.
        """
        written = hashlib.sha256()
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        mode = 0o666 if like and like.mode is None else PRIVATE_FILE
        with opened(place.parent) as folder:
            folder.unlink(place.name)
            self._watch("create", place.full)
            descriptor = folder.open(place.name, flags, mode)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            for piece in content:
                for start in range(0, len(piece), self._chunk):
                    self._watch("write", place.full)
                    self._write(file.fileno(), piece[start : start + self._chunk])
                written.update(piece)
            if like:
                self._resemble(place, file.fileno(), like)
            self._watch("sync", place.full)
            _force(file.fileno())
        return Digest(written.hexdigest())

    def _resemble(self, place: Place, descriptor: int, like: FileState) -> None:
        self._watch("resemble", place.full)
        # Windows acts on names only, and its mode is but the read-only mark.
        itself = descriptor if os.chmod in os.supports_fd else place.full
        if like.owner is not None and hasattr(os, "chown"):
            with contextlib.suppress(PermissionError):
                os.chown(itself, *like.owner)
        if like.mode is not None:
            os.chmod(itself, like.mode)  # noqa: PTH101 - a descriptor
        if like.mtime_ns is not None:
            os.utime(itself, ns=(like.mtime_ns, like.mtime_ns))

    @staticmethod
    def _write(descriptor: int, piece: bytes) -> None:
        remaining = memoryview(piece)
        while remaining:
            remaining = remaining[os.write(descriptor, remaining) :]

    def put(self, place: Place, content: bytes) -> None:
        """Make or replace a private file whole, so that a reader sees the old or the new."""
        beside = place.beside(f".{place.name}.new")
        self.create(beside, [content])
        self.replace(beside, place)
        self.sync_folder(place.parent)

    def link(self, source: Place, place: Place) -> bool:
        """Give a file a second name, so that it can be renamed without a moment between.

        The file stays itself, with its extended attributes and other names. Whether it could be
        done: some file systems know no second names, and some owners allow none.
        """
        try:
            with opened(source.parent) as giver, opened(place.parent) as taker:
                taker.unlink(place.name)
                self._watch("link", place.full)
                giver.link(source.name, taker, place.name)
        except (OSError, NotImplementedError):
            return False
        return True

    def point(self, place: Place, text: str) -> None:
        """Make a symbolic link; one of this name is a left-over of ours, and goes."""
        with opened(place.parent) as folder:
            folder.unlink(place.name)
            self._watch("point", place.full)
            folder.symlink(text, place.name)

    # Naming.

    def replace(self, source: Place, target: Place, aside: Place | None = None) -> None:
        """Give a file its final name, over whatever file bears it now.

        Args:
            aside: where the present bearer goes if it is in use: a mapped library on Windows
                can be renamed but not replaced.

        Raises:
            Unavailable: `file-in-use`.
        """

        def rename_in() -> None:
            with opened(source.parent) as giver, opened(target.parent) as taker:
                self._watch("replace", target.full)
                self._over(giver, source.name, taker, target.name)

        self._patiently(rename_in, target, aside)

    def remove(self, place: Place, aside: Place | None = None) -> None:
        """Remove a file; fine if it is gone already.

        Args:
            aside: where it goes if it is in use.

        Raises:
            Unavailable: `file-in-use`.
        """

        def unlink() -> None:
            try:
                with opened(place.parent) as folder:
                    self._watch("remove", place.full)
                    self._unlink(folder, place.name)
            except FileNotFoundError:
                return

        self._patiently(unlink, place, aside)

    def move(self, source: Place, target: Place) -> None:
        """Give a file or folder another name, which must be free.

        Raises:
            Unavailable: `file-in-use`.
        """

        def rename() -> None:
            with opened(source.parent) as giver, opened(target.parent) as taker:
                self._watch("move", target.full)
                giver.rename(source.name, taker, target.name)

        self._patiently(rename, source, None)

    def _over(self, giver: Folder, name: str, taker: Folder, new: str) -> None:
        giver.rename(name, taker, new)

    def _unlink(self, folder: Folder, name: str) -> None:
        folder.unlink(name)

    def _patiently(self, operation: Callable[[], None], place: Place, aside: Place | None) -> None:
        """Do it; where the file is in use, move it aside first, or wait a moment."""
        for wait in (*self.waits, None):
            try:
                return operation()
            except PermissionError as error:
                if aside and self._out_of_the_way(operation, place, aside):
                    return None
                if wait is None:
                    if getattr(error, "winerror", None) in _IN_USE:
                        raise in_use(place.full, error) from error
                    raise
                time.sleep(wait)
        return None

    def _out_of_the_way(self, operation: Callable[[], None], place: Place, aside: Place) -> bool:
        """Move what is in use aside and try again; else leave everything as it was."""
        try:
            self.move(place, aside)
        except (OSError, Unavailable):
            return False
        try:
            operation()
        except PermissionError:
            self.move(aside, place)
            return False
        except BaseException:
            self.move(aside, place)
            raise
        return True

    # Folders.

    def make_folder(self, place: Place, mode: int = 0o777) -> None:
        """Make one folder, and the root itself if that is meant; fine if it is there already."""
        if not place.path.parts:
            return self._make_root(place.root, mode)
        if self.look(place) is not None:
            with opened(place):
                return None
        with opened(place.parent) as folder:
            self._watch("mkdir", place.full)
            with contextlib.suppress(FileExistsError):
                folder.mkdir(place.name, mode)
        self.sync_folder(place.parent)
        return None

    def _make_root(self, path: Path, mode: int) -> None:
        if path.is_dir():
            return
        self._watch("mkdir", path)
        path.mkdir(mode=mode, exist_ok=True)
        self.sync_folder(Place(path.parent.resolve(), PurePosixPath()))

    def remove_folder(self, place: Place) -> None:
        """Remove a folder if nothing is left in it; fine if it is gone already."""
        try:
            with opened(place.parent) as folder:
                self._watch("rmdir", place.full)
                folder.rmdir(place.name)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return
        self.sync_folder(place.parent)

    def finish_folder(self, place: Place, like: FileState) -> None:
        """Give a folder its mode, owner and time, and force it and its names to the disk."""
        with opened(place) as folder:
            self._watch("resemble", place.full)
            folder.resemble(like.mode, like.owner, like.mtime_ns)
            if folder.descriptor is not None:
                self._watch("sync-folder", place.full)
                _force(folder.descriptor)

    def open_up(self, place: Place, mode: int) -> None:
        """Let ourselves into a folder that is about to go."""
        with opened(place) as folder:
            self._watch("resemble", place.full)
            folder.resemble(mode, None, None)

    def sync_folder(self, place: Place) -> None:
        """Force a folder's names to the disk (Windows does so by itself)."""
        with opened(place) as folder:
            if folder.descriptor is not None:
                self._watch("sync-folder", place.full)
                _force(folder.descriptor)


def in_use(path: Path, error: PermissionError) -> Unavailable:
    """Another program holds the file."""
    return Unavailable(
        "file-in-use",
        _("{path} is in use by another program; nothing was changed.").format(path=path),
        hint=_("Close the program that uses it, and try again."),
        detail=repr(error),
    )


def _force(descriptor: int) -> None:
    """Force written data to the disk itself; on macOS fsync alone stops at the drive's cache."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)
