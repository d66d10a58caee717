"""Runs a command in a pseudo-terminal, as a person would, and draws what the screen shows.

Nothing is retouched, but for the temporary home folder, which is shown as `/home/tessa`.
"""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fcntl import ioctl
from html import escape
from time import monotonic, sleep

COLUMNS = 100
PATIENCE = 30.0
HOME_SHOWN = "/home/tessa"

FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
CELL, LINE, MARGIN = 8.4, 21, 20
PAPER, INK, FAINT = "#111c2c", "#e4ebf4", "#93a5bd"
COLOURS = {31: "#ff938a", 32: "#7fdca4", 33: "#f0cd6b", 34: "#8abfff", 35: "#d8a8f5", 36: "#74d8e2"}

_SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")

Answer = tuple[str, str]
"""What to wait for (a regular expression), and what to type then: a line, or a single key."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a character is written."""

    colour: str = INK
    bold: bool = False
    dim: bool = False

    def after(self, codes: str) -> Style:
        """The style after a sequence of SGR codes (ECMA-48, 8.3.117)."""
        style = self
        for code in (int(part or 0) for part in codes.split(";")):
            if code == 0:
                style = Style()
            elif code == 1:
                style = Style(style.colour, True, style.dim)
            elif code == 2:
                style = Style(style.colour, style.bold, True)
            elif code in COLOURS:
                style = Style(COLOURS[code], style.bold, style.dim)
        return style


@dataclass(slots=True)
class Screen:
    """A screen without end: text, styles, and a cursor that may go up and back."""

    rows: list[list[tuple[str, Style]]] = field(default_factory=lambda: [[]])
    row: int = 0
    column: int = 0
    style: Style = field(default_factory=Style)

    def show(self, text: str) -> None:
        """Write what a program printed."""
        end = 0
        for found in _SEQUENCE.finditer(text):
            self._write(text[end : found.start()])
            self._obey(found.group(1), found.group(2))
            end = found.end()
        self._write(text[end:])

    def _obey(self, argument: str, letter: str) -> None:
        if letter == "m":
            self.style = self.style.after(argument)
        elif letter == "A":
            self.row = max(0, self.row - int(argument or 1))

    def _write(self, text: str) -> None:
        for character in text:
            if character == "\n":
                self.row, self.column = self.row + 1, 0
            elif character == "\r":
                self.column = 0
            elif character.isprintable():
                self._put(character)

    def _put(self, character: str) -> None:
        if self.column >= COLUMNS:
            self.row, self.column = self.row + 1, 0
        while len(self.rows) <= self.row:
            self.rows.append([])
        line = self.rows[self.row]
        line += [(" ", Style())] * (self.column + 1 - len(line))
        line[self.column] = (character, self.style)
        self.column += 1

    def svg(self) -> str:
        """The screen as a picture."""
        rows = list(self.rows)
        while rows and not "".join(character for character, _style in rows[-1]).strip():
            rows.pop()
        width = COLUMNS * CELL + 2 * MARGIN
        height = len(rows) * LINE + 2 * MARGIN
        lines = "\n".join(
            _line(row, MARGIN + (number + 0.72) * LINE) for number, row in enumerate(rows)
        )
        words = "\n".join("".join(c for c, _s in row).rstrip() for row in rows)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
            f' width="{width:g}" height="{height:g}" role="img">\n'
            f"<title>{escape(words)}</title>\n"
            f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>\n'
            f'<g font-family="{FONT}" font-size="14">\n{lines}\n</g>\n</svg>\n'
        )


def _line(row: Sequence[tuple[str, Style]], y: float) -> str:
    """One line: runs of one style, each pinned to its column whatever the font's width."""
    runs: list[tuple[int, str, Style]] = []
    for column, (character, style) in enumerate(row):
        if runs and runs[-1][2] == style:
            start, text, _style = runs[-1]
            runs[-1] = (start, text + character, style)
        else:
            runs.append((column, character, style))
    return "".join(_run(column, text, style, y) for column, text, style in runs if text.strip())


def _run(column: int, text: str, style: Style, y: float) -> str:
    start = column + len(text) - len(text.lstrip())
    text = text.strip().replace(" ", "\u00a0")
    ink = FAINT if style.dim else style.colour
    weight = ' font-weight="bold"' if style.bold else ""
    return (
        f'<text x="{MARGIN + start * CELL:.1f}" y="{y:.1f}" fill="{ink}"{weight}'
        f' textLength="{len(text) * CELL:.1f}">{escape(text)}</text>'
    )


def run(
    command: Sequence[str], environment: Mapping[str, str], answers: Sequence[Answer] = ()
) -> str:
    """What a command prints on a terminal, while somebody types the answers.

    Raises:
        TimeoutError: it waits for something that nobody types.
        ChildProcessError: it ended before it asked for everything.
    """
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe(command[0], list(command), dict(environment))
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    try:
        return _converse(terminal, answers)
    finally:
        os.close(terminal)
        os.waitpid(process, 0)


def _converse(terminal: int, answers: Sequence[Answer]) -> str:
    said, heard = "", 0
    for pattern, reply in answers:
        while not (found := re.search(pattern, said[heard:])):
            more = _read(terminal)
            if not more:
                raise ChildProcessError(said)
            said += more
        heard += found.end()
        if not reply.endswith("\n"):
            _wait_for_keys(terminal)
        os.write(terminal, reply.encode())
    while more := _read(terminal):
        said += more
    return said


def _wait_for_keys(terminal: int) -> None:
    """Wait until the program reads single keys; one typed sooner would be held back."""
    until = monotonic() + PATIENCE
    while termios.tcgetattr(terminal)[3] & termios.ICANON:
        if monotonic() > until:
            raise TimeoutError
        sleep(0.005)


def _read(terminal: int) -> str:
    ready, _writable, _broken = select.select([terminal], [], [], PATIENCE)
    if not ready:
        raise TimeoutError
    try:
        return os.read(terminal, 65536).decode(errors="replace")
    except OSError:  # the other end is closed: the program has ended
        return ""


def picture(shown: Sequence[tuple[str, str]], home: str) -> str:
    """Commands and what each printed, as an SVG."""
    screen = Screen()
    for number, (command, printed) in enumerate(shown):
        gap = "\n" if number else ""
        screen.show(f"{gap}\x1b[36m$ \x1b[0m\x1b[1m{command}\x1b[0m\n")
        screen.show(printed.replace(home, HOME_SHOWN).rstrip() + "\n")
    return screen.svg()
