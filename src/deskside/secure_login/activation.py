"""A device's first right answer, or its first since it was lost: from then on it is due."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, or_, select, update

from deskside.secure_login.authenticators import authenticator
from deskside.secure_login.devices import Devices
from deskside.secure_login.orders.store import device_order
from deskside.secure_login.store import binding, device
from deskside.secure_login.values import DeviceStatus

PRINTED, ONLINE, TEMPORARY = "code-card", "online-code-card", "temporary-code"


def activate(devices: Devices, connection: Connection, user_name_id: str, row: Row[Any]) -> None:
    """Put a device in force that has answered rightly for a user name.

    What was only temporary ends for everybody who has the device; an earlier card of the same
    printed kind ends with the new one, and so does what the device was ordered to replace, or what
    lies at the desk already.
    Every other device stays as it is.
    """
    plugin = authenticator(row.kind)
    if not plugin.temporary:
        bound = select(binding.c.user_name_id).where(binding.c.device_id == row.device_id)
        holders = connection.execute(bound).scalars().all()
        devices.retire(connection, holders, {TEMPORARY, ONLINE})
        _end_replaced(devices, connection, row.device_id, holders)
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


def _end_replaced(
    devices: Devices, connection: Connection, device_id: str, holders: Collection[str]
) -> None:
    replaced = select(device_order.c.replaces).where(
        device_order.c.device_id == device_id, device_order.c.replaces.is_not(None)
    )
    # Sent back already, and nobody else's who has no other device yet.
    own = select(binding.c.device_id).where(binding.c.user_name_id.in_(holders))
    others = exists().where(
        binding.c.device_id == device.c.id, ~binding.c.user_name_id.in_(holders)
    )
    sent_back = and_(device.c.id.in_(own), device.c.secret == b"", ~others)
    gone = (DeviceStatus.LOST.value, DeviceStatus.PARKED.value)
    devices.end(connection, device.c.status.in_(gone), or_(device.c.id.in_(replaced), sent_back))
