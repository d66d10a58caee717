"""A test that runs beside a page, which tells how far it is while it is written."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context

from deskside.foundation.errors import DesksideError
from deskside.foundation.text import _
from deskside.network.diagnosis import Report
from deskside.network.live import doing
from deskside.network.progress import Progress, Step

Test = Callable[[Progress, threading.Event], Report]
"""Runs, tells its progress, and ends early when the event is set."""


class Watched:
    """A test under way: iterate for what to say of it in turn; then there is a `report`.

    Attributes:
        report: the result; None until it is there, and where there is a `problem`.
        problem: why there is none.
    """

    def __init__(self, test: Test) -> None:
        self.report: Report | None = None
        self.problem: DesksideError | None = None
        self._told: queue.SimpleQueue[Step | Report | BaseException] = queue.SimpleQueue()
        self._stop = threading.Event()
        run = copy_context().run
        threading.Thread(target=run, args=(self._run, test), daemon=True).start()
        self._first = self._told.get()
        if isinstance(self._first, BaseException):
            raise self._first

    def _run(self, test: Test) -> None:
        try:
            self._told.put(test(self._told.put, self._stop))
        except BaseException as error:  # noqa: BLE001 - it is raised or shown where it is waited for
            self._told.put(error)

    def __iter__(self) -> Iterator[str]:
        """What is being done, whenever that has changed."""
        told: Step | Report | BaseException = self._first
        said = ""
        try:
            while isinstance(told, Step):
                words = _words(told)
                if words != said:
                    yield words
                    said = words
                told = self._told.get()
        finally:
            # Whoever waited has gone: nothing more is sent to anybody's hosts.
            self._stop.set()
        if isinstance(told, Report):
            self.report = told
        elif isinstance(told, DesksideError):
            self.problem = told
        elif isinstance(told, BaseException):
            raise told


def _words(step: Step) -> str:
    counted = _("{done} of {all} hosts").format(done=step.done, all=step.of)
    left = _("{seconds} s left at most").format(seconds=max(round(step.left), 0))
    return f"{counted} · {left}: {doing(step)}"
