"""A snapshot as the pages' timeline shows it."""

from __future__ import annotations

from typing import Any

from deskside.foundation.text import _
from deskside.foundation.units import size, when
from deskside.workspace.model import Snapshot


def entry(snapshot: Snapshot, actions: list[dict[str, Any]], *, current: bool) -> dict[str, Any]:
    """One snapshot as `ui.timeline` shows it."""
    return {
        "when": when(snapshot.created),
        "iso": snapshot.created,
        "title": snapshot.note or _("Saved"),
        "detail": size(snapshot.size),
        "current": current,
        "tag": _("latest") if current else "",
        "actions": actions,
    }
