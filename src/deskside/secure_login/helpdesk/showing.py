"""What the console's pages show of people, devices and events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from deskside.directory.model import UserName
from deskside.foundation.audit.model import Row
from deskside.foundation.text import _
from deskside.secure_login import words
from deskside.secure_login.authenticators import authenticator
from deskside.secure_login.events import as_told, for_page
from deskside.secure_login.helpdesk.actions import ACTIONS
from deskside.secure_login.helpdesk.reasons import REASONS
from deskside.secure_login.helpdesk.service import Dossier, Helpdesk
from deskside.secure_login.values import DeviceInfo, DeviceStatus

DESK = "/desk"


def address(name: str) -> str:
    """The address of a user name's page."""
    return f"{DESK}/people/{quote(name)}"


def crumbs(label: str, href: str = "") -> list[tuple[str, str]]:
    """Where a page is below the console's first."""
    return [(_("Desk"), DESK), (label, href)]


def person_row(user: UserName) -> dict[str, str]:
    """A user name in a list."""
    return {
        "href": address(user.name),
        "name": user.name,
        "display_name": user.display_name,
        "state": _("Active") if user.enabled else _("Locked"),
        "tone": "ok" if user.enabled else "failure",
    }


def device_row(info: DeviceInfo) -> dict[str, Any]:
    """A device in a list."""
    state, tone = words.state(info)
    return {
        "serial": info.serial,
        "label": info.label,
        "kind": info.kind,
        "state": state,
        "tone": tone,
        "people": [{"href": address(name), "label": name} for name in info.user_names],
    }


def device(info: DeviceInfo, dossier: Dossier) -> dict[str, Any]:
    """A device of one person, with what can be done about it."""
    key = "lock-device" if info.status is DeviceStatus.ACTIVE else "unlock-device"
    each = ACTIONS[key]
    allowed = each.right in dossier.rights and info.status in (
        DeviceStatus.ACTIVE,
        DeviceStatus.LOCKED,
    )
    level = authenticator(info.kind).protection_level
    state, tone = words.state(info, dossier.person.name)
    return device_row(info) | {
        "state": state,
        "tone": tone,
        "level": words.meter(level),
        "level_label": _("Protection level {level}").format(level=level),
        "since": _("since {day}").format(day=words.day(info.since)),
        "shared_with": ", ".join(name for name in info.user_names if name != dossier.person.name),
        "href": f"{address(dossier.person.name)}/{key}?device={info.id}" if allowed else "",
        "action": _(each.title),
    }


def states() -> list[tuple[str, str]]:
    """The states of devices, and their names."""
    blank = DeviceInfo("", "", "", "", DeviceStatus.ACTIVE, datetime.min.replace(tzinfo=UTC))
    return [(each.value, words.state(replace(blank, status=each))[0]) for each in DeviceStatus]


def state(dossier: Dossier) -> tuple[str, str]:
    """Whether the user name works, and the tone that says so."""
    if not dossier.person.enabled:
        return _("Locked"), "failure"
    return (_("Locked out"), "warning") if dossier.locked else (_("Active"), "ok")


def facts(dossier: Dossier) -> list[tuple[str, str]]:
    """What is on record."""
    seen = dossier.person
    return [
        (_("Name"), seen.display_name),
        (_("Roles"), ", ".join(sorted(role.value for role in seen.roles)) or "–"),
        (_("Account"), seen.account.value if seen.account else "–"),
        (_("Password"), _("chosen") if seen.has_password else _("not chosen yet")),
        (_("Sessions"), str(dossier.sessions)),
    ]


def events(helpdesk: Helpdesk, rows: list[Row]) -> list[dict[str, str]]:
    """Rows of the trail as `ui.events` shows them, with who did it and why."""
    names = helpdesk.names([row.actor for row in rows])
    told = []
    for row in rows:
        event = as_told(row)
        reason = REASONS.get(str(row.fields.get("reason", "")))
        said = [
            names.get(row.actor or "", row.actor or ""),
            _(reason) if reason else str(row.fields.get("reason", "")),
            str(row.fields.get("reference", "")),
        ]
        told.append(
            for_page(event, words.moment(event.at)) | {"where": " · ".join(filter(None, said))}
        )
    return told
