"""A desk that sends devices, for the tests of orders."""

from __future__ import annotations

from deskside.directory.model import UserName
from deskside.secure_login.authenticators.dsc_plus import DscPlus
from deskside.secure_login.card.device import VirtualCard
from deskside.secure_login.orders.closing import Closing
from deskside.secure_login.orders.fulfilment import Fulfilment
from deskside.secure_login.orders.model import (
    Order,
    OrderReason,
    Policy,
    Wish,
)
from deskside.secure_login.orders.reminders import Reminders
from deskside.secure_login.orders.returning import Returns
from deskside.secure_login.orders.service import Orders
from deskside.secure_login.values import DeviceStatus
from tests.secure_login.desk import Desk
from tests.secure_login.helpers import SeededRandomness
from tests.secure_login.test_life import seen

ADDRESS = "Anna Rossi\nVia Po 1\n00100 Roma\nItaly"
PLUS = "dsc-plus"
NEW_PIN = "7391"


def wish(**given: object) -> Wish:
    usual: dict[str, object] = {
        "kind": PLUS,
        "reason": OrderReason.FIRST,
        "address": ADDRESS,
        "pin": NEW_PIN,
    }
    return Wish(**{**usual, **given})  # type: ignore[arg-type]


class Shop:
    """A desk that sends devices, with cards in stock."""

    def __init__(self, desk: Desk, stock: int = 2) -> None:
        self.desk = desk
        policy = Policy({PLUS: 1_000_000}, return_address="The desk, Via Roma 2, Torino")
        self.orders = Orders(desk.service, policy)
        self.fulfilment = Fulfilment(self.orders)
        self.returns = Returns(self.orders)
        self.reminders = Reminders(self.orders)
        self.closing = Closing(self.returns)
        self.cards: dict[str, VirtualCard] = {}
        for seed in range(stock):
            issued = DscPlus().issue(SeededRandomness(seed), pin="2805")
            assert issued.virtual_device is not None
            self.cards[issued.public["serial"]] = VirtualCard.from_document(issued.virtual_device)
            with desk.database.write() as connection:
                desk.service.devices.store_issued(
                    connection, [(PLUS, issued, None)], status=DeviceStatus.WAITING
                )

    def rich(self, name: str, *, card: bool = False) -> UserName:
        user = self.desk.person(name, card=card)
        self.desk.directory.set_equity(name, 2_000_000)
        return user

    def sent(self, user: UserName, **given: object) -> Order:
        order = self.orders.place(seen(user), wish(**given))
        self.fulfilment.assign(order.id)
        return self.fulfilment.ship(order.id, "IT 123")

    def answer(self, user: UserName, order: Order, pin: str = NEW_PIN) -> None:
        lives = self.desk.service.lives
        asked = lives.ask(seen(user), order.device)
        response = self.cards[order.serial].respond(asked.challenge.question, pin)
        lives.activate(seen(user), order.device, asked.challenge.id, response)

    def states(self, user: UserName) -> dict[str, DeviceStatus]:
        return {i.serial: i.status for i in self.desk.service.list_devices(user_name_id=user.id)}

    def lines(self) -> list[tuple[str, int, str]]:
        return [(line.what, line.usd, line.status) for line in self.fulfilment.lines()]


def kept(shop: Shop, device_id: str) -> tuple[bytes, str, str]:
    """What the database has of a device: secret, state, status."""
    from sqlalchemy import select

    from deskside.secure_login.store import device

    with shop.desk.database.read() as connection:
        row = connection.execute(
            select(device.c.secret, device.c.state, device.c.status).where(device.c.id == device_id)
        ).one()
    return row.secret, row.state, row.status
