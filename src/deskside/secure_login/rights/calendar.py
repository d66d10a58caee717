"""The desk's calendar: its days, and which of them are business days. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

BUSINESS_DAYS = 5
"""How many business days a window holds."""

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class DeskCalendar:
    """Days as they are where the desk is; all but weekends and `holidays` are business days."""

    zone: tzinfo
    holidays: frozenset[date] = frozenset()

    def day_of(self, moment: datetime) -> date:
        """The desk's date at a moment."""
        return moment.astimezone(self.zone).date()

    def is_business_day(self, day: date) -> bool:
        """Whether the desk works on a day."""
        return day.weekday() < SATURDAY and day not in self.holidays

    def window_from(self, day: date) -> date:
        """The first day of the window that ends with `day` and holds five business days.

        What lies between them, weekends and holidays, belongs to the window: an amount on a
        Sunday counts beside those of the week before.
        """
        first, left = day, BUSINESS_DAYS
        while True:
            left -= self.is_business_day(first)
            if left == 0:
                return first
            first -= timedelta(days=1)
