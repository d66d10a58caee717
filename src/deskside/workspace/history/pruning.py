"""Thinning a log by a policy: what is removed is gone."""

from __future__ import annotations

from datetime import datetime

from deskside.workspace.history import records, rewriting
from deskside.workspace.history.log import Entry, Log
from deskside.workspace.history.model import Policy
from deskside.workspace.history.thinning import dispensable


def prune(log: Log, policy: Policy, now: datetime) -> list[str]:
    """Remove what the policy does not keep; the ids of it. For whoever holds the lock."""
    entries = log.state.entries
    thinned = [e.kept.brief for e in entries.values() if policy.plain or _is_opaque(e)]
    dropped = dispensable(thinned, policy, now) - _needed(log)
    if not dropped:
        return []
    stays = [entry for name, entry in entries.items() if name not in dropped]
    try:
        rewriting.rewrite(log, rewriting.whole_copies(log, stays))
    except rewriting.BrokenLogError:
        return []
    return sorted(dropped)


def _is_opaque(entry: Entry) -> bool:
    return bool(entry.kept.flags & records.OPAQUE)


def _needed(log: Log) -> set[str]:
    """Pins, the latest, and what is still to be sent to a portal or merged with it."""
    needed = set(log.state.pins)
    if log.state.latest:
        needed.add(log.state.latest.kept.brief.id)
    for state in log.state.portals.values():
        needed |= {state.get(name) or "" for name in ("ancestor", "queued", "fetched")}
    return needed
