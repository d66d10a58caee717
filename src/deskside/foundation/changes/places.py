"""Names under a root, reached without ever following a link.

A path is walked folder by folder, each held open while the next one is looked up in it, and what
is done to a name is done through the open folder. Whoever exchanges a folder for a link between
our look and our deed gains nothing: the deed happens in the folder that we looked at. Windows
offers no such handles; there each step of the way is looked at just before the deed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from deskside.foundation.errors import Refused
from deskside.foundation.text import _

_REPARSE_LINKS = {0xA000000C, 0xA0000003}
"""Reparse tags of symbolic links and of mount points, which act as links, on Windows."""
_HANDLES = sys.platform != "win32"


@dataclass(frozen=True, slots=True)
class Place:
    """A path under a root; neither is followed through links."""

    root: Path
    path: PurePosixPath

    @property
    def full(self) -> Path:
        """The whole path, for messages and for watchers."""
        return self.root / self.path

    @property
    def name(self) -> str:
        """The last part."""
        return self.path.name

    @property
    def parent(self) -> Place:
        """The folder that it is in."""
        return Place(self.root, self.path.parent)

    def beside(self, name: str) -> Place:
        """Another name in the same folder."""
        return Place(self.root, self.path.with_name(name))

    def under(self, path: PurePosixPath | str) -> Place:
        """A path below this one."""
        return Place(self.root, self.path / path)


class Folder:
    """A folder that is held open: its names stay its own, whatever becomes of its path.

    Every method acts on one name in it, never on what a link of that name points to.
    """

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self._descriptor = descriptor

    def _at(self, name: str) -> str:
        return str(self.path / name) if self._descriptor is None else name

    def look(self, name: str) -> os.stat_result | None:
        """What is under a name; None where nothing is."""
        try:
            return os.stat(self._at(name), dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def open(self, name: str, flags: int, mode: int = 0o600) -> int:
        """A descriptor of a file; see `os.open`."""
        flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        try:
            return os.open(self._at(name), flags, mode, dir_fd=self._descriptor)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise through_link(self.path / name) from error
            raise

    def child(self, name: str) -> Folder:
        """A folder in this one.

        Raises:
            FileNotFoundError: there is nothing of that name.
            Refused: `through-link`, `not-a-file`.
        """
        path = self.path / name
        if self._descriptor is None:
            _check_folder(path, self.look(name))
            return Folder(path, None)
        try:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            return Folder(path, os.open(name, flags, dir_fd=self._descriptor))
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                _check_folder(path, self.look(name))
            raise

    def names(self) -> list[str]:
        """All names in it, sorted."""
        itself = self.path if self._descriptor is None else self._descriptor
        return sorted(os.listdir(itself))  # noqa: PTH208 - a descriptor

    def rename(self, name: str, to: Folder, new: str) -> None:
        """Give what is under a name another one, over a file that bears it."""
        os.replace(
            self._at(name),
            to._at(new),
            src_dir_fd=self._descriptor,
            dst_dir_fd=to._descriptor,
        )

    def link(self, name: str, to: Folder, new: str) -> None:
        """Give a file a second name (a hard link)."""
        os.link(
            self._at(name),
            to._at(new),
            src_dir_fd=self._descriptor,
            dst_dir_fd=to._descriptor,
            follow_symlinks=not _HANDLES,
        )

    def unlink(self, name: str) -> None:
        """Remove a name; fine if it is gone already."""
        try:
            os.unlink(self._at(name), dir_fd=self._descriptor)
        except FileNotFoundError:
            return

    def mkdir(self, name: str, mode: int) -> None:
        """Make a folder."""
        os.mkdir(self._at(name), mode, dir_fd=self._descriptor)

    def rmdir(self, name: str) -> None:
        """Remove an empty folder."""
        os.rmdir(self._at(name), dir_fd=self._descriptor)

    def symlink(self, text: str, name: str) -> None:
        """Make a symbolic link that says `text`."""
        os.symlink(text, self._at(name), dir_fd=self._descriptor)

    def readlink(self, name: str) -> str:
        """What a symbolic link says."""
        return os.readlink(self._at(name), dir_fd=self._descriptor)

    def resemble(
        self, mode: int | None, owner: tuple[int, int] | None, mtime_ns: int | None
    ) -> None:
        """Give the folder itself a mode, an owner and a time."""
        itself = str(self.path) if self._descriptor is None else self._descriptor
        if owner is not None and hasattr(os, "chown"):
            with contextlib.suppress(PermissionError):
                os.chown(itself, *owner)
        if mode is not None:
            os.chmod(itself, mode)  # noqa: PTH101 - a descriptor
        if mtime_ns is not None:
            os.utime(itself, ns=(mtime_ns, mtime_ns))

    @property
    def descriptor(self) -> int | None:
        """For forcing the folder's names to the disk; None on Windows, which does it itself."""
        return self._descriptor

    def close(self) -> None:
        """Let go of it."""
        if self._descriptor is not None:
            os.close(self._descriptor)


@contextmanager
def opened(place: Place) -> Iterator[Folder]:
    """The folder at a place, held open.

    Raises:
        FileNotFoundError: it is not there.
        Refused: `through-link`, `not-a-file`.
    """
    folder = _root(place.root)
    try:
        for name in place.path.parts:
            inner = folder.child(name)
            folder.close()
            folder = inner
        yield folder
    finally:
        folder.close()


def _root(root: Path) -> Folder:
    if not _HANDLES:
        return Folder(root, None)
    try:
        return Folder(root, os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW))
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            _check_folder(root, root.lstat())
        raise


def is_link(info: os.stat_result) -> bool:
    """Whether it is a symbolic link or a junction."""
    return stat.S_ISLNK(info.st_mode) or getattr(info, "st_reparse_tag", 0) in _REPARSE_LINKS


def _check_folder(path: Path, info: os.stat_result | None) -> None:
    if info is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    if is_link(info):
        raise through_link(path)
    if not stat.S_ISDIR(info.st_mode):
        raise not_a_file(path)


def through_link(path: Path) -> Refused:
    """The way there, or what is there, is a link."""
    return Refused(
        "through-link",
        _("{path} is a link, and changing files through links is not safe.").format(path=path),
        hint=_("Name the folder that it points to instead."),
    )


def not_a_file(path: Path) -> Refused:
    """Something else than a file is in the way."""
    return Refused("not-a-file", _("{path} is in the way: not a plain file.").format(path=path))
