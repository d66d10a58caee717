"""A person, or a script, at the keys of the card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deskside.foundation.clock import Clock
from deskside.foundation.text import _
from deskside.secure_login.card.device import VirtualCard, read_pin
from deskside.secure_login.card.machine import DIGIT_KEYS, OFF, Stage, State, advance, at

QUIT = "quit"

_DISPLAY_WIDTH = 16
_KEYSTROKES = {
    "p": "press",
    " ": "press",
    "\r": "ok",
    "\n": "ok",
    "c": "c",
    "\b": "c",
    "\x7f": "c",
    "q": QUIT,
    "\x1b": QUIT,
    "\x03": QUIT,
    "\x04": QUIT,
} | {digit: digit for digit in DIGIT_KEYS}


def picture(display: str) -> str:
    """The display as a box of text, with the keys that a terminal offers below."""
    edge = "─" * (_DISPLAY_WIDTH + 2)
    keys = _("p press · 0-9 · Enter OK · c clear · q quit")
    return f"┌{edge}┐\n│ {display.ljust(_DISPLAY_WIDTH)} │\n└{edge}┘\n{keys}"


def keystroke(character: str) -> str | None:
    """The card's key for a character from the terminal, `QUIT`, or None if it means nothing."""
    return _KEYSTROKES.get(character.lower())


def operate(card: VirtualCard, lines: Iterable[str], clock: Clock) -> Iterator[str]:
    """Work the card line by line; yield what the display shows after each line.

    A line is `press`, `ok`, `c`, or a whole number, which is typed and confirmed (on a card that
    is off, after a press); an empty line is the big button: `press` when off, else `ok`; `q` ends.

    Raises:
        MalformedEntry: the line is no PIN, or no challenge, where one is due.
    """
    state = OFF
    for line in lines:
        state = at(state, clock.now())
        word = line.strip().lower()
        if word == "q":
            return
        for key in _keys(card, state, word):
            state = advance(card, state, key, clock.now())
        yield state.display


def _keys(card: VirtualCard, state: State, word: str) -> list[str]:
    if word in ("press", "ok", "c"):
        return [word]
    if not word:
        return ["press" if state.stage is Stage.OFF else "ok"]
    if state.stage is Stage.CHALLENGE:
        return [*card.read_challenge(word), "ok"]
    return [*([] if state.stage is Stage.PIN else ["press"]), *read_pin(word), "ok"]
