"""Which snapshots a history can do without. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from deskside.workspace.history.model import Policy
from deskside.workspace.history.records import Brief


def dispensable(briefs: Iterable[Brief], policy: Policy, now: datetime) -> set[str]:
    """The ids of all that are not the last of their hour, day or week, as their age asks.

    A snapshot from the future counts as young.
    """
    seen: set[tuple[str, int]] = set()
    dropped = set()
    for brief in sorted(briefs, key=lambda brief: brief.id, reverse=True):
        spell = _spell(datetime.fromtimestamp(brief.created / 1000, UTC), policy, now)
        if spell is None:
            continue
        if spell in seen:
            dropped.add(brief.id)
        seen.add(spell)
    return dropped


def _spell(created: datetime, policy: Policy, now: datetime) -> tuple[str, int] | None:
    """The hour, day or week of which one stays; None where all stay."""
    age = now - created
    if age <= policy.all_for:
        return None
    if age <= policy.hourly_for:
        return "hour", int(created.timestamp() // 3600)
    day = created.astimezone(UTC).date().toordinal()
    if age <= policy.daily_for:
        return "day", day
    return "week", day // 7
