"""The keys that a person presses at a terminal, one by one and never echoed.

The terminal is switched once for the whole time. Switched for each read, it would echo between
two of them what is typed ahead, digits of a PIN among them.
"""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_KEY = re.compile(r"\x1b[\[O][0-?]*[ -/]*[@-~]|.", re.DOTALL)
"""A key that sends a sequence, such as an arrow, or any character (ECMA-48 section 5.4)."""

_PIECE = 1024


@contextmanager
def pressed_keys() -> Iterator[Iterator[str]]:
    """The keys pressed at the terminal on standard input, until it is closed.

    What was typed ahead or pasted comes key by key. At the end the terminal is as it was, and
    what nobody asked for is forgotten, so that no shell shows or runs it.
    """
    if sys.platform == "win32":
        yield _windows_keys()
        return
    import termios

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    silent = termios.tcgetattr(descriptor)
    # Ctrl+C comes as a character too: no signal may leave the terminal as it is meanwhile.
    silent[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
    silent[6][termios.VMIN], silent[6][termios.VTIME] = 1, 0
    try:
        termios.tcsetattr(descriptor, termios.TCSANOW, silent)
        yield _posix_keys(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)


def _posix_keys(descriptor: int) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while piece := _read(descriptor):
        yield from _KEY.findall(decoder.decode(piece))


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _PIECE)
    except OSError:  # the terminal is gone
        return b""


def _windows_keys() -> Iterator[str]:
    import click

    while True:
        try:
            yield click.getchar()
        except (EOFError, KeyboardInterrupt):
            return
