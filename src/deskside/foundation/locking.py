"""One process at a time.

The lock belongs to the operating system, which takes it back when its holder dies: one left behind
by a killed process is no lock. Its file stays behind and means nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deskside.foundation.errors import DesksideError


@contextmanager
def held(file: Path, taken: Callable[[], DesksideError], *, wait: float = 0) -> Iterator[None]:
    """Hold `file` against all other processes.

    Args:
        file: the lock's file, in a folder that exists.
        taken: makes the error that says who else holds it and what to do.
        wait: how many seconds to wait for whoever holds it.

    Raises:
        DesksideError: what `taken` made.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(file, timeout=wait, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise taken() from None
    try:
        yield
    finally:
        lock.release()
