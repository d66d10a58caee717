"""Security events as the person whom they concern reads them."""

from __future__ import annotations

from deskside.foundation.audit.service import concerning
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database
from deskside.foundation.text import _, mark
from deskside.secure_login.words import ago
from deskside.web.model import Visitor

SHOWN: dict[str, tuple[str, str]] = {
    "login.succeeded": (mark("Logged in"), "ok"),
    "login.refused": (mark("A log-in failed"), "warning"),
    "session.ended": (mark("Logged out"), "neutral"),
    "session.revoked": (mark("A session was ended"), "notice"),
    "device.bound": (mark("A security device was added"), "notice"),
    "device.locked": (mark("A security device was locked"), "warning"),
    "device.unlocked": (mark("A security device was unlocked"), "notice"),
    "directory.password-chosen": (mark("The password was changed"), "notice"),
    "settings.pushed": (mark("Workspace settings were stored"), "neutral"),
}
"""What a person is told of: the event's words and its tone."""

LOOKED_AT = 60
LISTED = 6


def recent_events(database: Database, clock: Clock, visitor: Visitor) -> list[dict[str, str]]:
    """The latest events of a visitor's user name, newest first, as `ui.events` shows them."""
    rows = concerning(database, visitor.user_name_id, limit=LOOKED_AT)
    return [
        {
            "text": _(SHOWN[row.event][0]),
            "tone": SHOWN[row.event][1],
            "when": ago(row.at, clock.now()),
            "iso": row.at.isoformat(),
        }
        for row in rows
        if row.event in SHOWN
    ][:LISTED]
