"""A test that a person watches in a terminal, and may end with Ctrl+C."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from deskside.foundation.text import _
from deskside.foundation.units import number
from deskside.foundation.wrapping import columns
from deskside.network.progress import Progress, Step

_BAR = 24


@contextmanager
def watched(deadline: float, *, shown: bool) -> Iterator[tuple[Progress | None, threading.Event]]:
    """What to tell of progress, and what Ctrl+C sets; the display is gone at the end.

    Args:
        deadline: seconds that the test may take.
        shown: whether anything is shown at all; it is on a terminal only.
    """
    display = Display(deadline) if shown and sys.stderr.isatty() else None
    with _interruptible() as stop:
        if display is None:
            yield None, stop
            return
        try:
            display.show(Step(0, 0, (), deadline))
            yield display.show, stop
        finally:
            display.clear()


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """The first Ctrl+C sets the event; a second one interrupts as usual."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.getsignal(signal.SIGINT)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, on_signal)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


class Display:
    """Two lines at the bottom of a terminal: how far, and what is being probed."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._lines = 0

    def show(self, step: Step) -> None:
        """Draw the lines anew."""
        width = columns() - 1
        lines = [line[:width] for line in self._text(step)]
        self._write("".join(f"{line}\x1b[K\n" for line in lines))
        self._lines = len(lines)

    def clear(self) -> None:
        """Take the lines away, so that the report stands in their place."""
        self._write("\x1b[J")
        self._lines = 0

    def _write(self, text: str) -> None:
        up = f"\x1b[{self._lines}F" if self._lines else ""
        click.echo(up + text, err=True, nl=False, color=True)

    def _text(self, step: Step) -> Iterator[str]:
        filled = round(_BAR * step.done / step.of) if step.of else 0
        counted = _("{done} of {all} hosts").format(done=step.done, all=step.of)
        left = _("{seconds} s left at most").format(seconds=number(max(step.left, 0)))
        told = " · ".join([counted, left, _("Ctrl+C ends it")] if step.of else [left])
        yield f"{'━' * filled}{'╌' * (_BAR - filled)}  {told}"
        yield doing(step)


def doing(step: Step) -> str:
    """What is being probed, in words."""
    if step.doing:
        first, more = ", ".join(step.doing[:3]), len(step.doing) - 3
        return (
            f"{first} …"
            if more <= 0
            else _("{hosts} and {count} more …").format(hosts=first, count=more)
        )
    if step.done < step.of or not step.of:
        return _("The test begins …")
    return _("This computer and its line …")
