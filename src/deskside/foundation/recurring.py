"""Work that is done again and again in a thread of its own, until it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from deskside.foundation import logs
from deskside.foundation.errors import DesksideError


class Recurring:
    """Does some work at an interval. Trouble is logged, and the work is tried again.

    Args:
        name: of the thread; trouble is logged as the event `<name>-failed`.
        work: what is done; called in the thread only.
        interval: seconds between the end of one turn and the next.
        last_turn: do the work once more when told to stop.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        interval: float,
        *,
        last_turn: bool = False,
    ) -> None:
        self._name = name
        self._work = work
        self._interval = interval
        self._last_turn = last_turn
        self._stop = threading.Event()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop; long work looks now and then."""
        return self._stop.is_set()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Work in the background while the block runs; what is in hand is finished."""
        thread = threading.Thread(target=self._turns, name=self._name, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _turns(self) -> None:
        while not self._stop.wait(self._interval):
            self._turn()
        if self._last_turn:
            self._turn()

    def _turn(self) -> None:
        try:
            self._work()
        except (DesksideError, SQLAlchemyError, OSError) as error:
            logs.event(f"{self._name}-failed", level="error", error=error)
