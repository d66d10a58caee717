"""Which versions of settings are kept. Pure.

Of versions older than a day the newest of each hour is kept, of those older than a week the
newest of each day, of those older than 90 days the newest of each week. Hours, days and weeks
(from Monday) are those of UTC, so each lies whole within the next: what is thinned in many small
steps ends as what is thinned in one. Pinned versions and the latest are never thinned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long how many versions are kept; after `daily` one a week, for ever.

    Attributes:
        everything: the age up to which all are kept.
        hourly: the age up to which one an hour is kept.
        daily: the age up to which one a day is kept.
    """

    everything: timedelta = timedelta(days=1)
    hourly: timedelta = timedelta(days=7)
    daily: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Version:
    """What deciding takes.

    Attributes:
        number: its place in the history; the latest has the highest.
        created: aware. Clocks may have gone backwards between versions.
    """

    id: str
    number: int
    created: datetime
    pinned: bool = False


def thinned(versions: Iterable[Version], now: datetime, keeping: Keeping) -> list[str]:
    """Ids of the versions that may go, the oldest first."""
    ordered = sorted(versions, key=lambda version: version.number)
    aged = [
        (bucket, version)
        for version in ordered[:-1]
        if not version.pinned
        and (bucket := _bucket_of(version.created.astimezone(UTC), now, keeping)) is not None
    ]
    in_time = sorted(aged, key=lambda pair: pair[1].created)
    kept = {version.id for version in dict(in_time).values()}
    return [version.id for _aged, version in aged if version.id not in kept]


def _bucket_of(created: datetime, now: datetime, keeping: Keeping) -> tuple[str, datetime] | None:
    """The hour, day or week of which one version is kept; None where all are."""
    age = now - created
    if age <= keeping.everything:
        return None
    hour = created.replace(minute=0, second=0, microsecond=0)
    if age <= keeping.hourly:
        return "hour", hour
    day = hour.replace(hour=0)
    if age <= keeping.daily:
        return "day", day
    return "week", day - timedelta(days=day.weekday())
