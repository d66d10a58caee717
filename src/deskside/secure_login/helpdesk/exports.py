"""What the rows of the console's files hold."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from deskside.directory.model import UserName
from deskside.foundation.audit.model import Row, moment
from deskside.secure_login.seeds.service import Outcome
from deskside.secure_login.values import DeviceInfo

PERSON = ["username", "display_name", "roles", "account", "enabled", "has_password"]
DEVICE = ["serial", "kind", "label", "status", "since", "users"]
EVENT = ["id", "at", "event", "actor", "subject", "detail"]
OUTCOME = ["line", "serial", "kind", "outcome", "problem"]
ENTERED = ["line", "username", "outcome", "problem"]


def person_row(user: UserName) -> dict[str, Any]:
    """A user name as a row of an export."""
    return {
        "username": user.name,
        "display_name": user.display_name,
        "roles": sorted(role.value for role in user.roles),
        "account": user.account.value if user.account else "",
        "enabled": user.enabled,
        "has_password": user.has_password,
    }


def device_row(info: DeviceInfo) -> dict[str, Any]:
    """A device as a row of an export."""
    return {
        "serial": info.serial,
        "kind": info.kind,
        "label": info.label,
        "status": info.status.value,
        "since": info.since.isoformat(),
        "users": list(info.user_names),
    }


def outcome_row(outcome: Outcome) -> dict[str, Any]:
    """A row of the report of an import of devices."""
    return asdict(outcome)


def entered_row(outcome: Outcome) -> dict[str, Any]:
    """A row of the report of an import of people."""
    row = asdict(outcome)
    return {"username" if name == "serial" else name: row[name] for name in row if name != "kind"}


def event_row(row: Row) -> dict[str, Any]:
    """A row of the audit trail as a row of an export."""
    return {
        "id": row.id,
        "at": moment(row.at),
        "event": row.event,
        "actor": row.actor or "",
        "subject": row.subject or "",
        "detail": row.detail,
    }
