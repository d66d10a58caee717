"""Orders as their holders make them: what may be ordered, ordering, looking, cancelling."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from deskside.directory.model import Account, AccountStatus, UserName
from deskside.directory.service import STANDING
from deskside.foundation.database import new_id
from deskside.foundation.errors import NotAllowed, NotFound
from deskside.foundation.text import _
from deskside.secure_login.authenticators import Posted, authenticator, kinds
from deskside.secure_login.orders import ledger, rules
from deskside.secure_login.orders.model import (
    Charges,
    Offer,
    Order,
    OrderReason,
    OrderStatus,
    Policy,
    Wish,
)
from deskside.secure_login.orders.refusals import CannotOrder, read_address
from deskside.secure_login.orders.store import device_charge, device_order
from deskside.secure_login.pin import choose_pin
from deskside.secure_login.service import LoginService
from deskside.secure_login.store import device
from deskside.secure_login.values import DeviceInfo, DeviceStatus
from deskside.web.model import Visitor

LONGEST_LIST = 200


@dataclass(frozen=True, slots=True)
class Checked:
    """A wish that may become an order as it stands."""

    wish: Wish
    charges: Charges
    ship_by: datetime
    replaces: DeviceInfo | None


@dataclass(frozen=True, slots=True)
class Orders:
    """Ordering devices that are posted."""

    secure_login: LoginService
    policy: Policy = field(default_factory=Policy)

    # Looking

    def offers(self, visitor: Visitor) -> list[Offer]:
        """The kinds that are posted, the strongest first, and whether each may be ordered."""
        user, own = self._own(visitor)
        with self.secure_login.database.read() as connection:
            return [
                Offer(
                    kind,
                    rules.charges(posted(kind).fee, OrderReason.FIRST),
                    self._refusal(connection, user, own, Wish(kind, OrderReason.FIRST, "")) or "",
                    self.policy.thresholds.get(kind, 0),
                    posted(kind).pin_when_ordered,
                )
                for kind in posted_kinds()
            ]

    def accounts(self, visitor: Visitor) -> list[tuple[str, list[str]]]:
        """The open accounts that may carry a reserve, one's own first, each with user names."""
        user = self.secure_login.directory.find(visitor.user_name)
        with self.secure_login.database.read() as connection:
            return [
                (one.id, self._names(connection, one.id))
                for one in self._carriers(connection, user)
            ]

    def listed(self, visitor: Visitor) -> list[Order]:
        """The visitor's orders, the newest first."""
        return self.found(device_order.c.user_name_id == visitor.user_name_id)

    def shown(self, visitor: Visitor, order_id: str) -> Order:
        """One of the visitor's orders; raises NotFound."""
        return self.one(order_id, device_order.c.user_name_id == visitor.user_name_id)

    def last_address(self, visitor: Visitor) -> str:
        """Where the latest order went to, to be confirmed again; empty where there was none."""
        orders = self.listed(visitor)
        return orders[0].address if orders else ""

    # Ordering

    def check(self, visitor: Visitor, wish: Wish) -> Checked:
        """Judge a wish without ordering anything.

        Raises:
            NotAllowed: the session is for the portal alone.
            CannotOrder: a condition is not met.
            UsageProblem: PIN or address is not acceptable.
        """
        user, own = self._own(visitor)
        with self.secure_login.database.read() as connection:
            return self._checked(connection, visitor, user, own, wish)

    def place(self, visitor: Visitor, wish: Wish) -> Order:
        """Order a device; raises as `check` does."""
        part, (user, own) = self.secure_login, self._own(visitor)
        identifier, now = new_id(), part.clock.now()
        try:
            with part.database.write() as connection:
                checked = self._checked(connection, visitor, user, own, wish)
                connection.execute(
                    insert(device_order).values(self._row(identifier, user, checked))
                )
                account_id = self._carrier(connection, user, wish.account).id
                ledger.open_lines(connection, now, account_id, identifier, checked.charges)
                self.record(connection, "order.placed", user.id, visitor.user_name_id, identifier)
        except IntegrityError as error:
            raise CannotOrder(rules.Refusal.ON_ITS_WAY) from error
        return self.shown(visitor, identifier)

    def cancel(self, visitor: Visitor, order_id: str) -> Order:
        """Withdraw an order that was not posted yet; raises NotFound, Refused."""
        order = self.shown(visitor, order_id)
        with self.secure_login.database.write() as connection:
            self.cancel_within(connection, order, visitor.user_name_id)
        return self.shown(visitor, order_id)

    # For the desk's side as well

    def found(self, *conditions: Any) -> list[Order]:
        """Orders with their lines, the newest first."""
        query = _ORDERS.where(*conditions).order_by(device_order.c.id.desc()).limit(LONGEST_LIST)
        return self._read(query)

    def one(self, order_id: str, *conditions: Any) -> Order:
        """An order by id or reference; raises NotFound."""
        named = (device_order.c.id == order_id) | (device_order.c.reference == order_id.upper())
        orders = self._read(_ORDERS.where(named, *conditions))
        if not orders:
            raise NotFound("unknown-order", _("There is no such order."))
        return orders[0]

    def cancel_within(self, connection: Connection, order: Order, actor: str | None) -> None:
        """Cancel an order: a device from stock goes back, one made for it is destroyed."""
        gone = connection.execute(
            update(device_order)
            .where(
                device_order.c.id == order.id,
                device_order.c.status.in_((OrderStatus.ORDERED, OrderStatus.ASSIGNED)),
            )
            .values(status=OrderStatus.CANCELLED.value, pin=None, device_id=None)
        )
        if gone.rowcount == 0:
            raise CannotOrder("not-to-be-cancelled")
        if order.device and posted(order.kind).made_to_order:
            self.secure_login.devices.destroy(
                connection, order.device, actor=actor, why="order-cancelled"
            )
        ledger.drop(connection, self.secure_login.clock.now(), order.id)
        self.record(connection, "order.cancelled", order.user_name_id, actor, order.id)

    def record(
        self, connection: Connection, event: str, subject: str, actor: str | None, order_id: str
    ) -> None:
        """Keep what happened to an order, about the user name that it is for."""
        self.secure_login.audit.record(
            connection, event, actor=actor, subject=subject, detail={"order": order_id}
        )

    def _own(self, visitor: Visitor) -> tuple[UserName, list[DeviceInfo]]:
        part = self.secure_login
        return (
            part.directory.find(visitor.user_name),
            part.list_devices(user_name_id=visitor.user_name_id),
        )

    def _checked(
        self,
        connection: Connection,
        visitor: Visitor,
        user: UserName,
        own: list[DeviceInfo],
        wish: Wish,
    ) -> Checked:
        if visitor.scope != "full":
            raise NotAllowed(
                "portal-only",
                _("With your temporary code you can only print an Online Security Code Card now."),
                hint=_("Print it, log in with it, and order then."),
                article="1943",
            )
        kind = posted(wish.kind)
        refused = self._refusal(connection, user, own, wish)
        if refused:
            raise CannotOrder(refused, self.policy.thresholds.get(wish.kind, 0))
        self._carrier(connection, user, wish.account)
        personal = self.secure_login.directory.personal_digits(user.holder_id)
        chosen = choose_pin(wish.pin, personal) if kind.pin_when_ordered else ""
        wish = replace(wish, address=read_address(wish.address), pin=chosen)
        return Checked(
            wish,
            rules.charges(kind.fee, wish.reason),
            rules.ship_by(self.secure_login.clock.now(), self.policy.ship_within),
            next((info for info in own if wish.replaces and info.id == wish.replaces), None),
        )

    def _refusal(
        self, connection: Connection, user: UserName, own: list[DeviceInfo], wish: Wish
    ) -> rules.Refusal | None:
        account_id = self.secure_login.directory.accounts.of(connection, user.id)
        accounts = self.secure_login.directory.accounts.of_holder(connection, user.holder_id)
        account = next((one for one in accounts if one.id == account_id), None)
        of_kind = [info for info in own if info.kind == wish.kind]
        open_order = connection.execute(
            select(device_order.c.id).where(
                device_order.c.user_name_id == user.id,
                device_order.c.kind == wish.kind,
                device_order.c.status.in_((OrderStatus.ORDERED, OrderStatus.ASSIGNED)),
            )
        ).first()
        return rules.refusal(
            account=account.status if account else None,
            equity=account.equity if account else None,
            threshold=self.policy.thresholds.get(wish.kind, 0),
            reason=wish.reason,
            # One that its holder printed is no order on its way.
            of_kind=[
                info.status
                for info in of_kind
                if info.status is not DeviceStatus.WAITING or info.activate_by is not None
            ],
            open_order=open_order is not None,
            replaced=next((info.status for info in of_kind if info.id == wish.replaces), None),
        )

    def _carriers(self, connection: Connection, user: UserName) -> list[Account]:
        own = self.secure_login.directory.accounts.of(connection, user.id)
        accounts = self.secure_login.directory.accounts.of_holder(connection, user.holder_id)
        open_ones = [one for one in accounts if one.status is AccountStatus.OPEN]
        return sorted(open_ones, key=lambda one: one.id != own)

    def _carrier(self, connection: Connection, user: UserName, wanted: str) -> Account:
        for one in self._carriers(connection, user):
            if wanted in ("", one.id):
                return one
        raise NotFound("unknown-account", _("That account is not yours, or it is not open."))

    def _names(self, connection: Connection, account_id: str) -> list[str]:
        rows = connection.execute(
            select(STANDING.c.name)
            .where(STANDING.c.account_id == account_id)
            .order_by(STANDING.c.name)
        )
        return list(rows.scalars())

    def _row(self, identifier: str, user: UserName, checked: Checked) -> dict[str, Any]:
        keyring, wish = self.secure_login.keyring, checked.wish
        pin = wish.pin.encode()
        return {
            "id": identifier,
            "reference": f"OR-{secrets.token_hex(4).upper()}",
            "user_name_id": user.id,
            "kind": wish.kind,
            "reason": wish.reason.value,
            "status": OrderStatus.ORDERED.value,
            "replaces": checked.replaces.id if checked.replaces else None,
            "pin": keyring.seal(pin, context=pin_context(identifier)) if pin else None,
            "address": keyring.seal(wish.address.encode(), context=_address(identifier)),
            "ship_by": checked.ship_by,
            "tracking": "",
            "ordered": self.secure_login.clock.now(),
        }

    def _read(self, query: Select[Any]) -> list[Order]:
        with self.secure_login.database.read() as connection:
            rows = connection.execute(query).all()
            of_order: dict[str, list[Any]] = {}
            for line in ledger.lines(
                connection, device_charge.c.order_id.in_([row.id for row in rows])
            ):
                of_order.setdefault(line.reference, []).append(line)
        return [self._order(row, of_order.get(row.reference, ())) for row in rows]

    def _order(self, row: Row[Any], lines: Sequence[Any]) -> Order:
        opened = self.secure_login.keyring.open_sealed(row.address, context=_address(row.id))
        return Order(
            id=row.id,
            reference=row.reference,
            user_name=row.name,
            user_name_id=row.user_name_id,
            kind=row.kind,
            reason=OrderReason(row.reason),
            status=OrderStatus(row.status),
            address=opened.decode(),
            ship_by=row.ship_by,
            ordered=row.ordered,
            tracking=row.tracking,
            serial=row.serial or "",
            device=row.device_id or "",
            replaces=row.replaces or "",
            shipped=row.shipped,
            activate_by=row.activate_by,
            lines=tuple(lines),
        )


def posted(kind: str) -> Posted:
    """A kind that is posted; raises CannotOrder for any other."""
    plugin: object = authenticator(kind) if kind in kinds() else None
    if not isinstance(plugin, Posted):
        raise CannotOrder("not-posted")
    return plugin


def posted_kinds() -> list[str]:
    """The kinds that are posted, the strongest first."""
    found = [kind for kind in kinds() if isinstance(cast(object, authenticator(kind)), Posted)]
    return sorted(found, key=lambda kind: -authenticator(kind).protection_level)


def pin_context(order_id: str) -> str:
    """What the PIN of an order is sealed for."""
    return f"order pin:{order_id}"


def _address(order_id: str) -> str:
    return f"order address:{order_id}"


_ORDERS = (
    select(device_order, STANDING.c.name, device.c.serial)
    .join_from(device_order, STANDING, STANDING.c.user_name_id == device_order.c.user_name_id)
    .outerjoin(device, device.c.id == device_order.c.device_id)
)
