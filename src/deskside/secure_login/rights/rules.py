"""Whether a session may do something up to an amount. Pure: every decision, and nothing else.

Refused unless everything speaks for it:

1. the action is one that the desk knows;
2. the session may be used for more than the portal's own pages;
3. with what counts already, the amount stays within the ceilings of the device that authenticates
   this request: of one day, and of five business days. It is not the best device that the person
   owns, but the one that was used (KB2895); and what was done with another one counts as well.

Amounts are whole US cents. We move no money: whoever does asks first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

UNLIMITED = "unlimited"


class Denial(StrEnum):
    """Why not; the reasons in the API."""

    UNKNOWN_ACTION = "unknown-action"
    PORTAL_ONLY = "portal-only"
    DAY = "day-ceiling"
    WINDOW = "five-day-ceiling"


@dataclass(frozen=True, slots=True)
class Amounts:
    """Cents of one day and of five business days; None is without end."""

    day: int | None
    window: int | None


@dataclass(frozen=True, slots=True)
class Used:
    """Cents that count already, whatever device they were authenticated with."""

    day: int
    window: int


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Ceilings by protection level, ascending; each holds up to the next."""

    by_level: tuple[tuple[int, Amounts], ...]

    def of(self, level: int) -> Amounts:
        """The ceiling of a protection level; nothing below the lowest that is listed."""
        found = Amounts(0, 0)
        for least, ceiling in self.by_level:
            if least <= level:
                found = ceiling
        return found


def parse_ceilings(text: str) -> Ceilings:
    """Ceilings from `0=50000/100000, 40=unlimited`: level, US dollars a day and in five days.

    Raises:
        ValueError: it is written in another way, a level stands twice, or a stronger one has less.
    """
    rows: dict[int, Amounts] = {}
    for item in text.split(","):
        level, equals, amounts = item.strip().partition("=")
        day, slash, window = amounts.partition("/")
        if not equals or not re.fullmatch(r"[0-9]{1,3}", level) or int(level) in rows:
            raise ValueError(item)
        if amounts == UNLIMITED:
            rows[int(level)] = Amounts(None, None)
        elif slash and re.fullmatch(r"[0-9]{1,12}", day) and re.fullmatch(r"[0-9]{1,12}", window):
            rows[int(level)] = Amounts(int(day) * 100, int(window) * 100)
        else:
            raise ValueError(item)
    ordered = tuple(sorted(rows.items()))
    columns = [(amounts.day, amounts.window) for _level, amounts in ordered]
    if not all(map(_ascends, zip(*columns, strict=True))):
        raise ValueError(text)
    return Ceilings(ordered)


def parse_amount(text: str) -> int:
    """Cents from `1234.50`; raises ValueError for anything else, and for nothing."""
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,2})?", text) or not Decimal(text):
        raise ValueError(text)
    return int(Decimal(text) * 100)


def written(cents: int | None) -> str | None:
    """Cents as the API writes them: `1234.50`."""
    return None if cents is None else f"{cents // 100}.{cents % 100:02d}"


def remaining(ceiling: Amounts, used: Used) -> Amounts:
    """What is left of a ceiling, and no more in a day than in five."""
    window = None if ceiling.window is None else max(0, ceiling.window - used.window)
    day = None if ceiling.day is None else max(0, ceiling.day - used.day)
    if day is not None and window is not None:
        day = min(day, window)
    return Amounts(day, window)


def refusal(
    action: str, cents: int, *, actions: Sequence[str], scope: str, ceiling: Amounts, used: Used
) -> Denial | None:
    """Why the session may not; None where it may."""
    if action not in actions:
        return Denial.UNKNOWN_ACTION
    if scope != "full":
        return Denial.PORTAL_ONLY
    if ceiling.day is not None and used.day + cents > ceiling.day:
        return Denial.DAY
    if ceiling.window is not None and used.window + cents > ceiling.window:
        return Denial.WINDOW
    return None


def _ascends(amounts: Sequence[int | None]) -> bool:
    endless = [10**18 if amount is None else amount for amount in amounts]
    return endless == sorted(endless)
