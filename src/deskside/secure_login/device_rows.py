"""What the rows of devices say: who may answer, who must be reckoned with, what a person sees."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, select

from deskside.directory.service import STANDING
from deskside.secure_login.authenticators import LookUp, authenticator
from deskside.secure_login.model import DeviceRecord
from deskside.secure_login.store import binding, device, last_login
from deskside.secure_login.values import DeviceInfo, DeviceStatus

ACTIVE, WAITING = DeviceStatus.ACTIVE.value, DeviceStatus.WAITING.value
PARKED = "parked"
"""A binding that rests while its user name shares another device."""


def is_usable(row: Row[Any], now: datetime) -> bool:
    """Whether a bound device may answer: active, not lapsed, its codes not all used.

    One that was posted and is due may as well: its first answer activates it.
    """
    if row.binding_status != ACTIVE or row.device_status not in (ACTIVE, WAITING):
        return False
    if row.device_status == WAITING and not is_due(row, now):
        return False
    left = codes_left(row.kind, row.state)
    return (row.lapses is None or now < row.lapses) and (left is None or left[0] > 0)


def is_due(row: Row[Any], now: datetime) -> bool:
    """Whether a bound device must be reckoned with, even where it cannot answer.

    One that was posted is, once the time to activate it is over; one that its holder has only
    printed or put into an app is not before it is activated.
    """
    if row.binding_status == PARKED or row.device_status == DeviceStatus.RETIRED:
        return False
    if row.device_status == WAITING:
        return row.activate_by is not None and now >= row.activate_by
    return True


def device_columns() -> tuple[Any, ...]:
    """The columns that `Devices.record` and `is_usable` need, for a join."""
    return (
        device.c.id.label("device_id"),
        device.c.kind,
        device.c.serial,
        device.c.label,
        device.c.secret,
        device.c.state,
        device.c.version,
        device.c.status.label("device_status"),
        device.c.created,
        device.c.expires.label("lapses"),
        device.c.activate_by,
        binding.c.status.label("binding_status"),
    )


def _bound() -> Select[Any]:
    return (
        select(*device_columns(), last_login.c.device_id.label("last_used"))
        .join_from(binding, device, binding.c.device_id == device.c.id)
        .outerjoin(last_login, last_login.c.user_name_id == binding.c.user_name_id)
    )


LISTED = (
    select(device, STANDING.c.name, binding.c.status.label("binding_status"))
    .outerjoin(binding, binding.c.device_id == device.c.id)
    .outerjoin(STANDING, STANDING.c.user_name_id == binding.c.user_name_id)
    .order_by(device.c.serial, STANDING.c.name)
)
OF_USER_NAME = _bound().where(binding.c.user_name_id == bindparam("user")).order_by(device.c.serial)


def nearly_used(left: tuple[int, int]) -> bool:
    """Whether four of five codes are used."""
    return left[0] * 5 <= left[1]


def codes_left(kind: str, state: str) -> tuple[int, int] | None:
    """How many codes of a look-up device are unused, and of how many; None for other kinds."""
    plugin: Any = authenticator(kind)
    return plugin.left(json.loads(state)) if _is_look_up(plugin.__class__) else None


@cache
def _is_look_up(plugin: type) -> bool:
    # Asked for every device of every log-in; Python takes 20 µs and more to answer.
    return issubclass(plugin, LookUp)


def _plain_label(kind: str) -> str:
    unnamed = DeviceRecord(id="", kind=kind, label="", serial="", secret=b"")
    return authenticator(kind).describe(unnamed).label


def infos(rows: Sequence[Row[Any]]) -> list[DeviceInfo]:
    """Rows of `LISTED` as devices, each once, with the user names that have it."""
    names: dict[str, list[str]] = {}
    resting: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(row.id, []).extend([row.name] if row.name else [])
        if row.binding_status == PARKED:
            resting.setdefault(row.id, []).append(row.name)
    first = {row.id: row for row in reversed(rows)}
    return [
        DeviceInfo(
            id=identifier,
            kind=first[identifier].kind,
            label=first[identifier].label or _plain_label(first[identifier].kind),
            serial=first[identifier].serial,
            status=DeviceStatus(first[identifier].status),
            since=first[identifier].created,
            user_names=tuple(bound),
            expires=first[identifier].expires,
            activate_by=first[identifier].activate_by,
            left=codes_left(first[identifier].kind, first[identifier].state),
            empty=not first[identifier].secret,
            resting=tuple(resting.get(identifier, ())),
        )
        for identifier, bound in names.items()
    ]
