"""Sending a device back: asked for by its holder, received or missed by the desk."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, select, update
from sqlalchemy.exc import IntegrityError

from deskside.directory.model import AccountStatus
from deskside.directory.service import STANDING
from deskside.foundation.database import new_id
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _
from deskside.secure_login.authenticators import Posted, authenticator
from deskside.secure_login.device_rows import is_usable
from deskside.secure_login.orders import ledger
from deskside.secure_login.orders.model import Return, ReturnStatus
from deskside.secure_login.orders.service import LONGEST_LIST, Orders, posted
from deskside.secure_login.orders.store import device_return
from deskside.secure_login.store import binding, device
from deskside.secure_login.values import DeviceInfo, DeviceStatus
from deskside.web.model import Visitor


@dataclass(frozen=True, slots=True)
class Returns:
    """Devices on their way back to the desk."""

    orders: Orders

    # The holder's side

    def request(self, visitor: Visitor, device_id: str) -> Return:
        """Announce a device; the one that is open already where there is one.

        Raises:
            NotFound: the device is not the visitor's.
            Refused: it is destroyed, not sent back; or somebody would be left without a device.
        """
        part = self.orders.secure_login
        own = part.list_devices(user_name_id=visitor.user_name_id)
        info = next((one for one in own if one.id == device_id), None)
        if info is None:
            raise NotFound("unknown-device", _("That device is not yours."))
        if not is_sent_back(info):
            raise Refused(
                "not-sent-back",
                _("A device of this kind is not sent back."),
                hint=_("Destroy it when you need it no more: cut it up."),
                article="1861",
            )
        for known in self.of_device(device_id):
            if known.status is not ReturnStatus.MISSING:
                return known
        with part.database.write() as connection:
            if info.status is DeviceStatus.ACTIVE and not self._spare(connection, device_id):
                raise Refused(
                    "only-device",
                    _("It is the only device of somebody who uses it."),
                    hint=_("Activate another one first, then send this one back."),
                )
            identifier = self.announce(connection, device_id, visitor.user_name_id)
        return self.one(identifier)

    def listed(self, visitor: Visitor) -> list[Return]:
        """The visitor's returns, the newest first."""
        return self._read(device_return.c.user_name_id == visitor.user_name_id)

    def shown(self, visitor: Visitor, return_id: str) -> Return:
        """One of the visitor's returns; raises NotFound."""
        return self.one(return_id, device_return.c.user_name_id == visitor.user_name_id)

    # The desk's side

    def expected(self, *, everything: bool = False) -> list[Return]:
        """What has not arrived yet, or all; the newest first."""
        status = device_return.c.status == ReturnStatus.REQUESTED.value
        return self._read(*([] if everything else [status]))

    def of_device(self, device_id: str) -> list[Return]:
        """The returns of a device, the newest first."""
        return self._read(device_return.c.device_id == device_id)

    def one(self, return_id: str, *conditions: Any) -> Return:
        """A return by id or reference; raises NotFound."""
        named = (device_return.c.id == return_id) | (device_return.c.reference == return_id.upper())
        found = self._read(named, *conditions)
        if not found:
            raise NotFound("unknown-return", _("There is no such return."))
        return found[0]

    def received(self, return_id: str, *, actor: str | None = None) -> Return:
        """The device arrived: its reserve is released, and what we kept of it is destroyed.

        One that is out of order and not replaced yet stays due, without its secret, so that
        nobody's log-in gets easier by it.
        """
        known, part = self.one(return_id), self.orders.secure_login
        with part.database.write() as connection:
            self._close(connection, known, ReturnStatus.RECEIVED, actor)
            ledger.release(connection, part.clock.now(), known.device)
            status = connection.execute(
                select(device.c.status).where(device.c.id == known.device)
            ).scalar_one()
            due = status in (DeviceStatus.PARKED, DeviceStatus.LOST)
            ended = not due or self._spare(connection, known.device)
            end = part.devices.destroy if ended else part.devices.empty
            end(connection, known.device, actor=actor, why="returned")
        return self.one(known.id)

    def missing(self, return_id: str, *, actor: str | None = None) -> Return:
        """The device did not arrive: its fee takes the place of what was held for it."""
        known, part = self.one(return_id), self.orders.secure_login
        with part.database.write() as connection:
            self._close(connection, known, ReturnStatus.MISSING, actor)
            fee = posted(known.kind).fee
            ledger.fee_for(connection, part.clock.now(), known.device, fee)
        return self.one(known.id)

    def announce(self, connection: Connection, device_id: str, user_name_id: str) -> str:
        """Enter a return in the caller's transaction; its id, or that of the open one."""
        now, identifier = self.orders.secure_login.clock.now(), new_id()
        try:
            with connection.begin_nested():
                connection.execute(
                    insert(device_return).values(
                        id=identifier,
                        reference=f"RE-{secrets.token_hex(4).upper()}",
                        device_id=device_id,
                        user_name_id=user_name_id,
                        status=ReturnStatus.REQUESTED.value,
                        requested=now,
                        changed=now,
                    )
                )
        except IntegrityError:
            return str(
                connection.execute(
                    select(device_return.c.id).where(
                        device_return.c.device_id == device_id,
                        device_return.c.status == ReturnStatus.REQUESTED.value,
                    )
                ).scalar_one()
            )
        self._record(connection, "return.requested", user_name_id, user_name_id, device_id)
        return identifier

    def _spare(self, connection: Connection, device_id: str) -> bool:
        """Whether everybody who logs in with the device has another lasting one, or needs none."""
        part, now = self.orders.secure_login, self.orders.secure_login.clock.now()
        bound = connection.execute(
            select(STANDING.c.user_name_id, STANDING.c.account_status)
            .join_from(binding, STANDING, STANDING.c.user_name_id == binding.c.user_name_id)
            .where(binding.c.device_id == device_id, binding.c.status == "active")
        ).all()
        for row in bound:
            if row.account_status == AccountStatus.CLOSED:
                continue
            others = part.devices.bound(connection, row.user_name_id)
            if not any(
                other.device_id != device_id
                and other.device_status == DeviceStatus.ACTIVE
                and is_usable(other, now)
                and not authenticator(other.kind).temporary
                and other.kind != "recovery-code"
                for other in others
            ):
                return False
        return True

    def _close(
        self, connection: Connection, known: Return, status: ReturnStatus, actor: str | None
    ) -> None:
        closed = connection.execute(
            update(device_return)
            .where(
                device_return.c.id == known.id,
                device_return.c.status == ReturnStatus.REQUESTED.value,
            )
            .values(status=status.value, changed=self.orders.secure_login.clock.now())
        )
        if closed.rowcount == 0:
            raise Refused("return-closed", _("That return is closed already."))
        user_name_id = connection.execute(
            select(device_return.c.user_name_id).where(device_return.c.id == known.id)
        ).scalar_one()
        self._record(connection, f"return.{status.value}", user_name_id, actor, known.device)

    def _record(
        self, connection: Connection, event: str, subject: str, actor: str | None, device_id: str
    ) -> None:
        self.orders.secure_login.audit.record(
            connection, event, actor=actor, subject=subject, detail={"device": device_id}
        )

    def _read(self, *conditions: Any) -> list[Return]:
        query = (
            select(device_return, device.c.kind, device.c.serial, STANDING.c.name)
            .join_from(device_return, device, device.c.id == device_return.c.device_id)
            .join(STANDING, STANDING.c.user_name_id == device_return.c.user_name_id)
            .where(and_(True, *conditions))
            .order_by(device_return.c.id.desc())
            .limit(LONGEST_LIST)
        )
        with self.orders.secure_login.database.read() as connection:
            return [_return(row) for row in connection.execute(query)]


def is_sent_back(info: DeviceInfo) -> bool:
    """Whether a device goes back to the desk: one that something is held for."""
    plugin: object = authenticator(info.kind)
    return isinstance(plugin, Posted) and plugin.fee > 0


def _return(row: Row[Any]) -> Return:
    return Return(
        row.id,
        row.reference,
        row.name,
        row.device_id,
        row.kind,
        row.serial,
        ReturnStatus(row.status),
        row.requested,
        row.changed,
    )
