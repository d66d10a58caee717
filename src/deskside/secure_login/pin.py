"""Which PINs a holder may choose."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise, permutations

from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _
from deskside.secure_login.digits import DigitsError, read_digits

PIN_LENGTH = 4


class PinRefused(UsageProblem):
    """The PIN is not acceptable.

    `code` is one of `pin-malformed`, `pin-repeated`, `pin-sequential`, `pin-personal`.
    """


def choose_pin(text: str, personal_digits: Iterable[str] = ()) -> str:
    """The PIN that a holder chose, if others could not guess it.

    Refused are a digit or pair of digits repeated (7777, 4747), a run up or down (2345, 0987),
    and what stands in the holder's own numbers. `personal_digits` are such numbers as they are
    written (telephone, identity document, house number); dates as YYYY-MM-DD, of which every
    arrangement of day, month and year counts.

    Raises:
        PinRefused: with the reason.
    """
    try:
        pin = read_digits(text, PIN_LENGTH)
    except DigitsError as error:
        raise PinRefused(
            "pin-malformed", _("The PIN must be {count} digits, 0 to 9.").format(count=PIN_LENGTH)
        ) from error
    if pin[:2] == pin[2:]:
        raise PinRefused("pin-repeated", _("The PIN repeats its digits."), hint=_another())
    if _step(pin) in (1, 9):
        raise PinRefused("pin-sequential", _("The PIN is a run of digits."), hint=_another())
    if any(pin in number for number in _guesses(personal_digits)):
        raise PinRefused(
            "pin-personal",
            _("The PIN is part of a date or number that others know of you."),
            hint=_another(),
        )
    return pin


def _another() -> str:
    return _("Choose digits that mean nothing to anybody else.")


def _step(pin: str) -> int | None:
    """The distance from each digit to the next, modulo ten, if it is the same throughout."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return steps.pop() if len(steps) == 1 else None


def _guesses(personal_digits: Iterable[str]) -> Iterable[str]:
    for written in personal_digits:
        yield re.sub(r"[^0-9]", "", written)
        if date := re.fullmatch(r"[0-9]{2}([0-9]{2})-([0-9]{2})-([0-9]{2})", written):
            yield from map("".join, permutations(date.groups(), 2))
