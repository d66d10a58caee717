"""Writing so that what was acknowledged stays: plain system calls, each forced to the disk.

Nothing here knows what it writes.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deskside.foundation.errors import Refused, Unavailable
from deskside.foundation.text import _

PATIENCE = 15.0
"""Seconds that a writer waits for another one."""

TEMPORARY = ".new-"
_LOCK = "lock"


def force(descriptor: int) -> None:
    """Wait until the disk itself has the file; macOS has a call of its own for that."""
    if sys.platform == "darwin":
        import fcntl

        with suppress(OSError):  # some network volumes know only the ordinary one
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def force_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder; Windows does that by itself."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            force(descriptor)
        finally:
            os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a private folder and those above it, and wait until the disk has their names."""
    missing = [f for f in (folder, *folder.parents) if not f.is_dir()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
    for each in (folder, *folder.parents[:2], *(f.parent for f in missing)):
        with suppress(PermissionError):
            force_folder(each)


def append(file: Path, start: int, data: bytes) -> None:
    """Write at the end of a file, which is `start`, and wait until the disk has it.

    What could not be written whole is taken away again. For whoever holds the lock.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
    try:
        try:
            _write(descriptor, data)
            force(descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(descriptor, start)
                force(descriptor)
            raise
    finally:
        os.close(descriptor)
    force_folder(file.parent)


def settle(file: Path) -> None:
    """Wait until the disk has all of a file that another process may have left unforced."""
    descriptor = os.open(file, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        force(descriptor)
    finally:
        os.close(descriptor)
    force_folder(file.parent)


def replace(file: Path, pieces: Iterable[bytes]) -> None:
    """Put a file in its place whole or not at all, readable by its owner alone."""
    beside = file.with_name(f"{TEMPORARY}{os.urandom(6).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(beside, flags, 0o600)
    try:
        try:
            for piece in pieces:
                _write(descriptor, piece)
            force(descriptor)
        finally:
            os.close(descriptor)
        _rename(beside, file)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    force_folder(file.parent)


def sweep(folder: Path) -> None:
    """Remove what a killed process left half written. For whoever holds the lock."""
    for left in folder.glob(f"{TEMPORARY}*"):
        with suppress(OSError):
            left.unlink()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder against other writers; the lock dies with its holder.

    Raises:
        Unavailable: `history-busy`.
    """
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + PATIENCE
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                raise _busy()
            time.sleep(0.005)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _rename(source: Path, target: Path) -> None:
    """Rename; where somebody reads the target, Windows refuses for a moment."""
    for wait in (0.01, 0.05, 0.2, 0.5, None):
        try:
            source.replace(target)
        except PermissionError:
            if wait is None or sys.platform != "win32":
                raise
            time.sleep(wait)
        else:
            return


@contextmanager
def in_words() -> Iterator[None]:
    """What the operating system refuses, as an error that a person can act on."""
    try:
        yield
    except OSError as error:
        from deskside.foundation.console import system_problem

        raise system_problem(error) from error


def _busy() -> Refused:
    return Unavailable(
        "history-busy",
        _("Another program holds the history; nothing was changed."),
        hint=_("Try again in a moment."),
    )
