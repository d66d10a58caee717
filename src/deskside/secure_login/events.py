"""Security events as the person whom they concern reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select

from deskside.foundation.audit.model import Row
from deskside.foundation.audit.service import concerning
from deskside.foundation.clock import Clock
from deskside.foundation.database import Database
from deskside.foundation.text import _, mark
from deskside.secure_login.store import binding, device
from deskside.secure_login.words import ago, kind_name
from deskside.web.model import Visitor


@dataclass(frozen=True, slots=True)
class Told:
    """How an event is told: its words, its tone, and whether the person is written to as well."""

    words: str
    tone: str = "notice"
    notice: bool = False


SHOWN: dict[str, Told] = {
    "login.succeeded": Told(mark("Logged in"), "ok"),
    "login.refused": Told(mark("A log-in failed"), "warning"),
    "login.password-alone": Told(
        mark("Logged in from a new place with the password alone"), "warning", notice=True
    ),
    "login.unfinished": Told(
        mark("The right password was given, but no device answered"), "warning", notice=True
    ),
    "login.after-quiet": Told(mark("Logged in for the first time in a long while"), notice=True),
    "login.disowned": Told(mark("The user name was locked: “this wasn’t me”"), "warning"),
    "login.lock-ended": Told(mark("The desk ended a lock after failed log-ins"), notice=True),
    "session.ended": Told(mark("Logged out"), "neutral"),
    "session.revoked": Told(mark("A session was ended")),
    "session.moved": Told(mark("A session was used from another address"), "warning"),
    "session.moved-and-ended": Told(
        mark("A session was ended: its requests came from two addresses"), "warning", notice=True
    ),
    "device.bound": Told(mark("A security device was added"), notice=True),
    "share.pending": Told(mark("A request to share a device waits for compliance review")),
    "share.approved": Told(mark("The sharing of a device was approved"), "ok", notice=True),
    "share.rejected": Told(
        mark("The sharing of a device was not approved"), "warning", notice=True
    ),
    "share.cancelled": Told(mark("The sharing of a device was cancelled"), notice=True),
    "share.refused": Told(mark("A device could not be shared"), "warning"),
    "share.begun": Told(
        mark("Your password was given to share your device with another user name"), "warning"
    ),
    "share.given": Told(mark("Your device is now used by another user name as well"), notice=True),
    "device.sent-back": Told(mark("A security device is on its way back"), "warning", notice=True),
    "device.activated": Told(mark("A security device was activated"), notice=True),
    "device.lost": Told(mark("A security device was reported lost"), "warning", notice=True),
    "device.parked": Told(
        mark("A security device was reported broken or its battery empty"), "warning", notice=True
    ),
    "device.nearly-used": Told(
        mark("Four of five codes of a card are used: make a new one before they run out"),
        "warning",
        notice=True,
    ),
    "device.destroyed": Told(mark("A security device has ended for good"), "neutral"),
    "device.reminded": Told(mark("A reminder about a security device was sent"), "neutral"),
    "order.placed": Told(mark("A security device was ordered"), notice=True),
    "order.shipped": Told(mark("A security device was posted"), "ok", notice=True),
    "order.cancelled": Told(mark("The order of a security device was cancelled"), notice=True),
    "return.requested": Told(mark("A security device is to be sent back")),
    "return.received": Told(mark("A security device was received back"), "ok", notice=True),
    "return.missing": Told(
        mark("A security device was not sent back: its fee is due"), "warning", notice=True
    ),
    "device.pin-changed": Told(mark("The PIN of a security device was changed"), notice=True),
    "device.locked": Told(mark("A security device was locked"), "warning", notice=True),
    "device.unlocked": Told(mark("A security device was unlocked"), notice=True),
    "directory.link-issued": Told(mark("A link to choose a password was issued"), notice=True),
    "directory.password-chosen": Told(mark("The password was changed"), notice=True),
    "directory.user-name-disabled": Told(mark("The user name was disabled"), "warning"),
    "directory.user-name-enabled": Told(mark("The user name was enabled"), notice=True),
    "step-up.proved": Told(mark("The identity was verified for a sensitive task"), "neutral"),
    "rights.allowed": Told(mark("Another program was told that you may"), "neutral"),
    "rights.used": Told(mark("An amount was used"), "neutral"),
    "rights.released": Told(mark("An amount was released"), "neutral"),
    "rights.denied": Told(mark("Another program was told that you may not"), "warning"),
    "settings.pushed": Told(mark("Workspace settings were stored"), "neutral"),
}
"""What a person is told of. An event with `notice` is written about wherever it is caused."""

FOR_STAFF: dict[str, Told] = {
    "order.assigned": Told(mark("A device from stock was assigned to an order")),
    "directory.equity": Told(mark("The equity of the account was told")),
    "directory.account-closed": Told(mark("The account was closed and its devices ended")),
    "desk.viewed": Told(mark("Looked at at the desk"), "neutral"),
    "desk.exported": Told(mark("Exported")),
    "knowledge.comment-removed": Told(mark("A comment on an article was removed"), "neutral"),
    "desk.sessions-ended": Told(mark("The desk ended all sessions")),
    "desk.reset-sent": Told(mark("The desk sent a link to choose a password")),
    "desk.temporary-code": Told(mark("The desk gave a temporary code")),
    "desk.device-issued": Told(mark("The desk issued a device")),
    "desk.import-begun": Told(
        mark("A file of devices or people was given to be checked"), "neutral"
    ),
    "desk.import-run": Told(mark("An import of devices or people was begun")),
    "desk.import-dropped": Told(mark("An import of devices or people was given up")),
    "device.imported": Told(mark("A device came into stock by an import"), "neutral"),
    "desk.device-locked": Told(mark("The desk locked a device")),
    "desk.device-active": Told(mark("The desk unlocked a device")),
    "directory.user-name-added": Told(mark("The user name was added")),
    "directory.user-name-imported": Told(mark("The user name was taken over by an import")),
    "directory.account-status": Told(mark("The account's status was changed")),
    "share.decided": Told(mark("A reviewer decided on the sharing of a device")),
    "login.password-accepted": Told(mark("The right password was given"), "neutral"),
}
"""What only the audit trail at the desk tells, beside all of the above."""

OF_ONES_OWN = "settings."
"""Events that concern whoever did them, since their subject is no user name or device."""

LISTED, LONGEST_PAGE = 6, 200


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """Something that happened, in the present language.

    `name` is stable; `about` names the device that it happened to, where it is one of the person's.
    """

    id: str
    at: datetime
    name: str
    text: str
    tone: str
    detail: Mapping[str, str | int | bool] = field(default_factory=dict)
    about: str = ""


def own_events(
    database: Database, visitor: Visitor, *, before: str = "", limit: int = 50
) -> tuple[list[SecurityEvent], str | None]:
    """The events of a visitor's user name and devices, newest first.

    Returns:
        The events older than the one with the id `before`, and what to give as `before` for more;
        None where there are no more.
    """
    limit = min(max(1, limit), LONGEST_PAGE)
    with database.read() as connection:
        rows_of = connection.execute(
            select(device.c.id, device.c.kind, device.c.label, device.c.serial)
            .join_from(binding, device, binding.c.device_id == device.c.id)
            .where(binding.c.user_name_id == visitor.user_name_id)
        )
        named = {row.id: f"{row.label or kind_name(row.kind)}, {row.serial}" for row in rows_of}
    mine = (visitor.user_name_id, *named)
    rows = concerning(database, *mine, limit=limit + 1, before=before, events=SHOWN)
    listed = [
        replace(as_told(row), about=_about(row, named))
        for row in rows[:limit]
        if row.subject in mine or row.event.startswith(OF_ONES_OWN)
    ]
    return listed, rows[limit - 1].id if len(rows) > limit else None


def _about(row: Row, named: Mapping[str, str]) -> str:
    return named.get(row.subject or "") or named.get(str(row.fields.get("device", "")), "")


def as_told(row: Row) -> SecurityEvent:
    """A row of the audit trail in words; by its name where it has none."""
    told = SHOWN.get(row.event) or FOR_STAFF.get(row.event)
    words = _(told.words) if told else row.event
    return SecurityEvent(
        row.id, row.at, row.event, words, told.tone if told else "neutral", row.fields
    )


def recent_events(database: Database, clock: Clock, visitor: Visitor) -> list[dict[str, str]]:
    """The latest events of a visitor, newest first, as `ui.events` shows them."""
    found, _more = own_events(database, visitor, limit=LISTED)
    return [for_page(event, ago(event.at, clock.now())) for event in found]


def for_page(event: SecurityEvent, when: str) -> dict[str, str]:
    """An event as `ui.events` shows it."""
    told = {"text": event.text, "tone": event.tone, "when": when, "iso": event.at.isoformat()}
    return told | ({"where": event.about} if event.about else {})
