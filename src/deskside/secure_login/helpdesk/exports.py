"""What the console hands out as files: CSV for spreadsheets, JSON for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from litestar.response import Stream

from deskside.directory.model import UserName
from deskside.foundation.audit.model import Row, moment
from deskside.foundation.errors import NotFound
from deskside.foundation.text import _
from deskside.secure_login.seeds.service import Outcome
from deskside.secure_login.values import DeviceInfo

TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def written(form: str, rows: Iterable[Mapping[str, Any]], columns: list[str]) -> Iterator[bytes]:
    """A file piece by piece, so that a large desk needs no memory."""
    yield from _as_csv(rows, columns) if form == "csv" else _as_json(rows)


def _as_csv(rows: Iterable[Mapping[str, Any]], columns: list[str]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])
        if buffer.tell() > 65536:
            yield _emptied(buffer)
    yield _emptied(buffer)


def _emptied(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula (CSV injection)."""
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _as_json(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    yield b"["
    for number, row in enumerate(rows):
        yield (b",\n" if number else b"\n") + json.dumps(row, ensure_ascii=False).encode()
    yield b"\n]\n"


def download(name: str, form: str, rows: Iterable[Mapping[str, Any]], columns: list[str]) -> Stream:
    """The rows as a file to save; raises NotFound for a form that we don't write."""
    if form not in TYPES:
        raise NotFound("unknown-export", _("There is no such export."))
    return Stream(
        written(form, rows, columns),
        media_type=TYPES[form],
        headers={
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{name}.{form}"',
        },
    )


PERSON = ["username", "display_name", "roles", "account", "enabled", "has_password"]
DEVICE = ["serial", "kind", "label", "status", "since", "users"]
EVENT = ["id", "at", "event", "actor", "subject", "detail"]
OUTCOME = ["line", "serial", "kind", "outcome", "problem"]


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
    """A row of an import's report."""
    return asdict(outcome)


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
