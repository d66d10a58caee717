"""The card as a machine with keys and a display.

    off ──press──▶ PIN> ──4 digits, ok──▶ CHALLNG> ──6 digits, ok──▶ 8-digit response

`c` clears what is being typed, and with nothing typed turns the card off; `press` begins anew at
any time. Keys that make no sense where they are pressed do nothing. Left alone, the card turns
itself off. The PIN is part of the computation and is never checked here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from deskside.secure_login.card.device import VirtualCard
from deskside.secure_login.pin import PIN_LENGTH

TURNS_OFF_AFTER: Final = timedelta(seconds=60)
DIGIT_KEYS: Final = tuple("0123456789")
KEYS: Final = ("press", *DIGIT_KEYS, "c", "ok")
_NEVER: Final = datetime.fromtimestamp(0, UTC)


class Stage(StrEnum):
    """What the card waits for."""

    OFF = "off"
    PIN = "pin"
    CHALLENGE = "challenge"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class State:
    """Where the card stands between two keys; `shown` is what is typed, or the response."""

    stage: Stage = Stage.OFF
    shown: str = field(default="", repr=False)
    pin: str = field(default="", repr=False)
    touched: datetime = _NEVER

    @property
    def display(self) -> str:
        """The text on the display; PIN digits appear as dashes."""
        match self.stage:
            case Stage.OFF:
                return ""
            case Stage.PIN:
                return "PIN>" + "-" * len(self.shown)
            case Stage.CHALLENGE:
                return "CHALLNG>" + self.shown
            case Stage.RESPONSE:
                return self.shown


OFF: Final = State()


def at(state: State, now: datetime) -> State:
    """The state as time has left it: off, if no key was pressed for `TURNS_OFF_AFTER`."""
    return OFF if now - state.touched >= TURNS_OFF_AFTER else state


def advance(card: VirtualCard, state: State, key: str, now: datetime) -> State:
    """The state after one key of `KEYS`; raises ValueError for a key that the card has not."""
    if key not in KEYS:
        raise ValueError(f"the card has no key {key!r}")
    return replace(_after(card, at(state, now), key), touched=now)


def _after(card: VirtualCard, state: State, key: str) -> State:
    if key == "press":
        return State(Stage.PIN)
    if state.stage is Stage.OFF:
        return OFF
    if key == "c":
        typing = state.stage is not Stage.RESPONSE and state.shown
        return replace(state, shown="") if typing else OFF
    if state.stage is Stage.RESPONSE:
        return state
    return _confirmed(card, state) if key == "ok" else _typed(card, state, key)


def _typed(card: VirtualCard, state: State, digit: str) -> State:
    full = len(state.shown) == _length(card, state.stage)
    return state if full else replace(state, shown=state.shown + digit)


def _confirmed(card: VirtualCard, state: State) -> State:
    if len(state.shown) < _length(card, state.stage):
        return state
    if state.stage is Stage.PIN:
        return State(Stage.CHALLENGE, pin=state.shown)
    return State(Stage.RESPONSE, shown=card.respond(state.shown, state.pin))


def _length(card: VirtualCard, stage: Stage) -> int:
    return PIN_LENGTH if stage is Stage.PIN else card.suite.question_length
