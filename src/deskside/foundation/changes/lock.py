"""One change at a time: between the processes of a person, and between all that change a root.

Both locks belong to the operating system, which takes them back when their holder dies.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deskside.foundation.errors import Unavailable
from deskside.foundation.locking import held
from deskside.foundation.text import _


@contextmanager
def journal_lock(folder: Path, wait: float) -> Iterator[None]:
    """Hold the journal in `folder`: nobody else applies, undoes or recovers from it.

    Args:
        wait: how many seconds to wait for whoever holds it.

    Raises:
        Unavailable: `changes-busy`.
    """
    with held(folder / "lock", lambda: _busy(folder), wait=wait):
        yield


@contextmanager
def root_lock(root: Path, wait: float) -> Iterator[None]:
    """Hold a root against processes that keep their journal elsewhere.

    The lock is on the folder itself, so that nothing is left in it. Windows can't lock folders:
    there the journal's lock and the pinned digests must do.

    Raises:
        Unavailable: `changes-busy`.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise _busy(root) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def _busy(folder: Path) -> Unavailable:
    return Unavailable(
        "changes-busy",
        _("Another Deskside process is changing files ({folder}).").format(folder=folder),
        hint=_("Wait until it has finished and try again."),
    )
