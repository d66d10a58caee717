"""A device's first right answer, or its first since it was lost: from then on it is due."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select, update

from deskside.secure_login.authenticators import authenticator
from deskside.secure_login.devices import Devices
from deskside.secure_login.orders.store import device_order
from deskside.secure_login.store import binding, device
from deskside.secure_login.values import DeviceStatus

PRINTED, ONLINE, TEMPORARY = "code-card", "online-code-card", "temporary-code"


def activate(devices: Devices, connection: Connection, user_name_id: str, row: Row[Any]) -> None:
    """Put a device in force that has answered rightly for a user name.

    What was only temporary ends for everybody who has the device; an earlier card of the same
    printed kind ends with the new one, and what the device was ordered to replace ends with it.
    Every other device stays as it is.
    """
    plugin = authenticator(row.kind)
    if not plugin.temporary:
        bound = select(binding.c.user_name_id).where(binding.c.device_id == row.device_id)
        holders = connection.execute(bound).scalars().all()
        devices.retire(connection, holders, {TEMPORARY, ONLINE})
        _end_replaced(connection, row.device_id)
    if row.kind in (PRINTED, ONLINE):
        devices.retire(connection, [user_name_id], {row.kind}, but=row.device_id)
    connection.execute(
        update(device)
        .where(device.c.id == row.device_id)
        .values(status=DeviceStatus.ACTIVE.value, activate_by=None)
    )
    connection.execute(
        update(binding)
        .where(binding.c.device_id == row.device_id, binding.c.user_name_id == user_name_id)
        .values(since=devices.clock.now())
    )
    devices.audit.record(connection, "device.activated", actor=user_name_id, subject=row.device_id)


def _end_replaced(connection: Connection, device_id: str) -> None:
    replaced = select(device_order.c.replaces).where(
        device_order.c.device_id == device_id, device_order.c.replaces.is_not(None)
    )
    gone = (DeviceStatus.LOST.value, DeviceStatus.PARKED.value)
    connection.execute(
        update(device)
        .where(device.c.id.in_(replaced), device.c.status.in_(gone))
        .values(status=DeviceStatus.RETIRED.value, version=device.c.version + 1)
    )
