"""Hearing of changes in folders, as soon as the system tells of them.

Where it tells nothing (a network drive, no watches left) one only hears that time has passed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread

_STEP = 250
"""Milliseconds over which changes are gathered, and between two looks whether to stop."""

_SLICE = 1.0 if sys.platform == "win32" else float("inf")
"""Seconds of one sleep: Windows does not wake a sleeper for Ctrl+C."""


class Listening:
    """Listens to some folders, not to what is below them.

    Args:
        wanted: which paths are worth being woken for.
    """

    def __init__(self, wanted: Callable[[Path], bool]) -> None:
        self._wanted = wanted
        # The one queue that a signal handler may put into: it never waits for a lock.
        self._bell: SimpleQueue[Path | None] = SimpleQueue()
        self._folders: frozenset[tuple[Path, int]] = frozenset()
        self._ended = Event()
        self._thread: Thread | None = None

    def ring(self) -> None:
        """Wake whoever waits. A signal handler may do this."""
        self._bell.put(None)

    def listen_to(self, folders: Iterable[Path]) -> bool:
        """Listen to these folders from now on; whether that is anything new.

        A folder that was replaced by another of its name is another folder.
        """
        there = frozenset(found for folder in folders if (found := _identity(folder)))
        if there == self._folders and not (self._thread and not self._thread.is_alive()):
            return False
        self.close()
        changed, self._folders = there != self._folders, there
        if there:
            self._ended = Event()
            paths = [folder for folder, _inode in there]
            self._thread = Thread(target=self._listen, args=(paths, self._ended), daemon=True)
            self._thread.start()
        return changed

    def wait(self, seconds: float) -> set[Path]:
        """Sleep until something is told or the time has passed; what was told."""
        deadline = time.monotonic() + seconds
        told: set[Path] = set()
        while not told:
            left = deadline - time.monotonic()
            try:
                rung = self._bell.get(timeout=max(0.0, min(left, _SLICE)))
            except Empty:
                if left <= _SLICE:
                    break
                continue
            if rung is None:
                break
            told.add(rung)
        while not self._bell.empty():
            if rung := self._bell.get():
                told.add(rung)
        return told

    def close(self) -> None:
        """Stop listening."""
        self._ended.set()
        if self._thread:
            self._thread.join()
        self._thread = None

    def _listen(self, folders: list[Path], ended: Event) -> None:
        from watchfiles import watch

        try:
            for changes in watch(
                *folders,
                watch_filter=None,
                step=_STEP,
                debounce=4 * _STEP,
                stop_event=ended,
                recursive=False,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                for path in {Path(name) for _change, name in changes}:
                    if self._wanted(path):
                        self._bell.put(path)
        except (OSError, RuntimeError):
            # A folder has gone, or the system has no watches left: looking around must do.
            ended.wait()


def _identity(folder: Path) -> tuple[Path, int] | None:
    try:
        return (folder, folder.stat().st_ino) if folder.is_dir() else None
    except OSError:
        return None
