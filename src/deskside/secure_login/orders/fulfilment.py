"""Orders as the desk carries them out: a device from stock, posted; or the order cancelled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from deskside.foundation.errors import NotFound, Refused, UsageProblem
from deskside.foundation.text import _, speaking
from deskside.secure_login.authenticators import WithPin, authenticator
from deskside.secure_login.device_rows import device_columns
from deskside.secure_login.notices import shipped_notice
from deskside.secure_login.orders import ledger
from deskside.secure_login.orders.model import Line, Order, OrderReason, OrderStatus
from deskside.secure_login.orders.refusals import CannotOrder
from deskside.secure_login.orders.service import Orders, pin_context, posted
from deskside.secure_login.orders.store import device_order
from deskside.secure_login.store import binding, device
from deskside.secure_login.values import DeviceInfo, DeviceStatus
from deskside.secure_login.words import kind_name

_TRACKING = re.compile(r"[A-Za-z0-9 ._/-]{0,60}")
STOCK_LISTED = 100


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """What the desk does with orders. Whoever calls has checked that the actor may."""

    orders: Orders

    def queue(self, *, everything: bool = False) -> list[Order]:
        """Orders that are not posted yet, or all; the newest first."""
        waiting = device_order.c.status.in_((OrderStatus.ORDERED, OrderStatus.ASSIGNED))
        return self.orders.found(*([] if everything else [waiting]))

    def stock(self, kind: str, limit: int = STOCK_LISTED) -> list[str]:
        """Serial numbers of a kind that are nobody's, in order."""
        with self.orders.secure_login.database.read() as connection:
            rows = connection.execute(_stock(kind).with_only_columns(device.c.serial).limit(limit))
            return list(rows.scalars())

    def on_its_way(self, order: Order) -> bool:
        """Whether an order was posted and its device waits for its holder."""
        found = self.orders.secure_login.list_devices(serial=order.device) if order.device else []
        waits = bool(found) and found[0].status is DeviceStatus.WAITING
        return waits and order.status is OrderStatus.SHIPPED

    def lines(self) -> list[Line]:
        """All reserves and fees, for the desk's ledger."""
        with self.orders.secure_login.database.read() as connection:
            return ledger.lines(connection)

    def assign(
        self, order_id: str, serial: str = "", *, actor: str | None = None
    ) -> tuple[Order, tuple[str, ...]]:
        """Take a device from stock for an order, or print one; the codes of what is printed.

        Once more, it takes another: the one before goes back, or is destroyed if it was printed.

        Raises:
            NotFound: no such order, or nothing in stock of that serial number.
            CannotOrder: the order was posted or cancelled.
        """
        order, part = self.orders.one(order_id), self.orders.secure_login
        codes: tuple[str, ...] = ()
        try:
            with part.database.write() as connection:
                if posted(order.kind).made_to_order:
                    info, issued = part.devices.issue_within(
                        connection, [], order.kind, actor=actor, status=DeviceStatus.WAITING
                    )
                    chosen = info.id
                    codes = tuple(str((issued.virtual_device or {})["codes"]).split())
                    if order.device:
                        part.devices.destroy(connection, order.device, actor=actor, why="reprinted")
                else:
                    chosen = self._from_stock(connection, order.kind, serial)
                self._move(connection, order, OrderStatus.ASSIGNED, device_id=chosen)
                self.orders.record(
                    connection, "order.assigned", order.user_name_id, actor, order.id
                )
        except IntegrityError as error:
            raise Refused("serial-taken", _("Another order has that device.")) from error
        return self.orders.one(order.id), codes

    def ship(self, order_id: str, tracking: str = "", *, actor: str | None = None) -> Order:
        """The device was posted: from now on its holder has so many days to activate it.

        The PIN moves from the order into the device's secret; the reserve is held for the device.

        Raises:
            UsageProblem: the tracking number is none.
            CannotOrder: no device was assigned, or it was posted before.
        """
        tracking = tracking.strip()
        if not _TRACKING.fullmatch(tracking):
            raise UsageProblem("tracking-malformed", _("That is no tracking number."))
        order, part = self.orders.one(order_id), self.orders.secure_login
        if order.status is not OrderStatus.ASSIGNED:
            raise CannotOrder("not-assigned")
        now = part.clock.now()
        activate_by = now + self.orders.policy.activation
        with part.database.write() as connection:
            pin = self._pin(connection, order)
            self._move(
                connection,
                order,
                OrderStatus.SHIPPED,
                tracking=tracking,
                shipped=now,
                activate_by=activate_by,
                pin=None,
            )
            self._hand_over(connection, order, pin, activate_by, actor)
            ledger.attach(connection, order.id, order.device)
            if order.reason in (OrderReason.LOST, OrderReason.DAMAGED):
                # The fee takes the place of what was held for the device before.
                ledger.release(connection, now, order.replaces)
            self.orders.record(connection, "order.shipped", order.user_name_id, actor, order.id)
            self._tell(connection, order, tracking, activate_by)
        return self.orders.one(order.id)

    def cancel(self, order_id: str, *, actor: str | None = None) -> Order:
        """Cancel an order that was not posted; raises NotFound, CannotOrder."""
        order = self.orders.one(order_id)
        with self.orders.secure_login.database.write() as connection:
            self.orders.cancel_within(connection, order, actor)
        return self.orders.one(order.id)

    def undelivered(self, order_id: str, *, actor: str | None = None) -> Order:
        """The letter never arrived: its device ends for good, and its holder may order again.

        Nothing is held or due for the order. Whoever calls has heard it from the holder.

        Raises:
            CannotOrder: the order was not posted, or its device was activated.
        """
        order, part = self.orders.one(order_id), self.orders.secure_login
        with part.database.write() as connection:
            gone = connection.execute(
                update(device)
                .where(
                    device.c.id == order.device,
                    device.c.status == DeviceStatus.WAITING.value,
                    device.c.activate_by.is_not(None),
                )
                .values(status=DeviceStatus.RETIRED.value)
            )
            if gone.rowcount == 0:
                raise CannotOrder("closed")
            connection.execute(
                update(device_order)
                .where(device_order.c.id == order.id)
                .values(status=OrderStatus.CANCELLED.value)
            )
            part.devices.destroy(connection, order.device, actor=actor, why="undelivered")
            ledger.drop(connection, part.clock.now(), order.id)
            self.orders.record(connection, "order.cancelled", order.user_name_id, actor, order.id)
        return self.orders.one(order.id)

    def _from_stock(self, connection: Connection, kind: str, serial: str) -> str:
        query = _stock(kind).limit(1)
        if serial:
            query = query.where(device.c.serial == serial)
        found = connection.execute(query).first()
        if found is None:
            raise NotFound(
                "not-in-stock",
                _("No {kind} with that serial number is in stock.").format(kind=kind_name(kind))
                if serial
                else _("No {kind} is in stock.").format(kind=kind_name(kind)),
                hint=_("Import devices first: deskside admin devices import FILE"),
            )
        return str(found.id)

    def _move(
        self, connection: Connection, order: Order, status: OrderStatus, **values: Any
    ) -> None:
        """To the next state, unless somebody else has moved it meanwhile."""
        moved = connection.execute(
            update(device_order)
            .where(
                device_order.c.id == order.id,
                device_order.c.status.in_((OrderStatus.ORDERED, OrderStatus.ASSIGNED)),
                device_order.c.status == order.status.value,
            )
            .values(status=status.value, **values)
        )
        if moved.rowcount == 0:
            raise CannotOrder("closed")

    def _pin(self, connection: Connection, order: Order) -> str:
        sealed = connection.execute(
            select(device_order.c.pin).where(device_order.c.id == order.id)
        ).scalar()
        if not sealed:
            return ""
        keyring = self.orders.secure_login.keyring
        return keyring.open_sealed(sealed, context=pin_context(order.id)).decode()

    def _hand_over(
        self,
        connection: Connection,
        order: Order,
        pin: str,
        activate_by: datetime,
        actor: str | None,
    ) -> None:
        part = self.orders.secure_login
        plugin: object = authenticator(order.kind)
        if pin and isinstance(plugin, WithPin):
            row = connection.execute(
                select(*device_columns())
                .outerjoin_from(device, binding, binding.c.device_id == device.c.id)
                .where(device.c.id == order.device)
            ).one()
            secret = plugin.change_pin(part.devices.record(row).secret, pin)
            part.devices.keep_secret(connection, row, secret)
        connection.execute(
            update(device).where(device.c.id == order.device).values(activate_by=activate_by)
        )
        info = DeviceInfo(
            order.device, order.kind, "", order.serial, DeviceStatus.WAITING, part.clock.now()
        )
        part.devices.bind(connection, info, part.directory.find(order.user_name), actor)

    def _tell(
        self, connection: Connection, order: Order, tracking: str, activate_by: datetime
    ) -> None:
        part = self.orders.secure_login
        user = part.directory.find(order.user_name)
        address = part.directory.email(connection, user.holder_id)
        if address is None:
            return
        with speaking(part.directory.language_of(connection, user.id)):
            subject, body = shipped_notice(
                kind_name(order.kind), order.reference, order.serial, tracking, activate_by
            )
        part.endings.mail.enqueue(connection, address, subject, body)


def _stock(kind: str) -> Any:
    bound = select(binding.c.device_id)
    taken = select(device_order.c.device_id).where(
        device_order.c.device_id.is_not(None),
        device_order.c.status.in_((OrderStatus.ASSIGNED, OrderStatus.SHIPPED)),
    )
    return (
        select(device.c.id)
        .where(
            device.c.kind == kind,
            device.c.status == DeviceStatus.WAITING.value,
            device.c.activate_by.is_(None),
            device.c.id.not_in(bound),
            device.c.id.not_in(taken),
        )
        .order_by(device.c.serial)
    )
