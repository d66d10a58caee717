"""A history as pages show it: gathered by day, each version with what a person knows it by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from deskside.foundation.text import _, mark
from deskside.foundation.units import size, when
from deskside.workspace.model import Snapshot

PAGE, PAGE_OF_CHOICES = 20, 100
"""Versions on one page; more where two are to be chosen among them."""

_WEEKDAYS = (
    mark("Monday"),
    mark("Tuesday"),
    mark("Wednesday"),
    mark("Thursday"),
    mark("Friday"),
    mark("Saturday"),
    mark("Sunday"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One version on the time line.

    Attributes:
        when: its moment in full, for whoever hears the page.
        time: of the day, with the name of the zone.
        iso: the moment for machines.
        origin: the computer or the source that it came from; empty for this computer.
        before: id of the version before it; empty for the first.
        latest: nothing has come after it.
    """

    id: str
    day: str
    when: str
    time: str
    iso: str
    note: str
    size: str
    origin: str
    pinned: bool
    before: str
    latest: bool


@dataclass(frozen=True, slots=True)
class Day:
    """The versions of one day, the latest first."""

    label: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which part of a long history a page shows.

    Attributes:
        number: of the page, from 1.
        pages: how many there are; at least one.
        most: versions on a page.
    """

    number: int
    pages: int
    most: int

    @classmethod
    def asked(cls, wish: str, count: int, *, choosing: bool) -> Stretch:
        """The page that an address asks for; the nearest one where there is no such page."""
        most = PAGE_OF_CHOICES if choosing else PAGE
        pages = max(1, -(-count // most))
        number = int(wish) if wish.isascii() and wish.isdigit() and len(wish) < 8 else 1
        return cls(min(pages, max(1, number)), pages, most)

    @property
    def start(self) -> int:
        """How many versions are on the pages before."""
        return (self.number - 1) * self.most

    @property
    def end(self) -> int:
        """How many versions are on this page and those before it, if they are full."""
        return self.number * self.most


def days(snapshots: Sequence[Snapshot], now: datetime, stretch: Stretch) -> list[Day]:
    """A stretch of a history by day; clocks may have run backwards, so a day may come twice.

    Args:
        snapshots: the latest first, from the very latest on; one more than is shown, if there is.
        now: aware.
    """
    end = min(stretch.end, len(snapshots))
    entries = [_entry(snapshots, number) for number in range(stretch.start, end)]
    by_day = groupby(entries, lambda one: one.day)
    return [Day(_label(day, now), tuple(those)) for day, those in by_day]


def _entry(snapshots: Sequence[Snapshot], number: int) -> Entry:
    snapshot = snapshots[number]
    moment = when(snapshot.created)
    day, _blank, time = moment.partition(" ")
    return Entry(
        id=snapshot.id,
        day=day,
        when=moment,
        time=time,
        iso=snapshot.created,
        note=snapshot.note,
        size=size(snapshot.size),
        origin=snapshot.origin,
        pinned=snapshot.pinned,
        before=snapshots[number + 1].id if number + 1 < len(snapshots) else "",
        latest=number == 0,
    )


def _label(day: str, now: datetime) -> str:
    if day == _day_of(now):
        return _("Today")
    if day == _day_of(now - timedelta(days=1)):
        return _("Yesterday")
    weekday = _(_WEEKDAYS[datetime.fromisoformat(day).weekday()])
    return _("{weekday}, {day}").format(weekday=weekday, day=day)


def _day_of(moment: datetime) -> str:
    return when(moment).partition(" ")[0]
