"""What is sent back, lost for good or closed: fees, reserves, and that no secret is left."""

from __future__ import annotations

import re

import pytest

from deskside.directory.model import AccountStatus
from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import Refused
from deskside.secure_login.orders.form import return_form
from deskside.secure_login.orders.model import (
    OrderStatus,
    ReturnStatus,
)
from deskside.secure_login.service import LoginFailed
from tests.secure_login.orders.shop import Shop, kept, wish
from tests.secure_login.test_life import activated, seen


def test_what_was_sent_back_ends_with_any_other_lasting_device(
    shop: Shop, clock: FrozenClock
) -> None:
    anna, bea = shop.rich("anna"), shop.rich("bea")
    shared, lives = shop.desk.issue(anna, bea), shop.desk.service.lives
    lives.park(seen(anna), shared)
    shop.returns.received(shop.returns.request(seen(anna), shared).id)
    assert kept(shop, shared) == (b"", "{}", "parked")
    activated(shop.desk, anna, "code-card", clock)
    assert kept(shop, shared)[2] == "parked", "it is still due for whoever has no other"
    assert shop.desk.begin("anna").challenge is not None
    with pytest.raises(LoginFailed):
        shop.desk.begin("bea")
    own = shop.desk.issue(bea)
    lives.park(seen(bea), own)
    shop.returns.received(shop.returns.request(seen(bea), own).id)
    activated(shop.desk, bea, "code-card", clock)
    assert kept(shop, own) == (b"", "{}", "retired")


def test_what_has_ended_keeps_no_secret(shop: Shop) -> None:
    anna = shop.desk.person("anna", card=False)
    lives = shop.desk.service.lives
    shop.desk.issue(anna)
    first, _codes = lives.make(seen(anna), anna, "recovery-code")
    assert kept(shop, first.id)[0] != b""
    second, _codes = lives.make(seen(anna), anna, "recovery-code")
    assert kept(shop, first.id) == (b"", "{}", "retired")
    assert kept(shop, second.id)[0] != b""


def test_the_only_device_is_not_sent_back(shop: Shop) -> None:
    anna = shop.rich("anna")
    order = shop.sent(anna)
    shop.answer(anna, order)
    with pytest.raises(Refused) as only:
        shop.returns.request(seen(anna), order.device)
    assert only.value.code == "only-device"
    shop.desk.issue(anna)
    back = shop.returns.request(seen(anna), order.device)
    assert shop.returns.request(seen(anna), order.device).id == back.id
    done = shop.returns.received(back.id)
    assert done.status is ReturnStatus.RECEIVED
    assert shop.lines() == [("reserve", 20, "released")]
    with pytest.raises(Refused):
        shop.returns.received(back.id)
    with pytest.raises(Refused):
        shop.returns.missing(back.id)


def test_what_does_not_come_back_costs_its_fee(shop: Shop) -> None:
    anna = shop.rich("anna")
    order = shop.sent(anna)
    shop.answer(anna, order)
    shop.desk.issue(anna)
    back = shop.returns.request(seen(anna), order.device)
    shop.returns.missing(back.reference)
    assert shop.lines() == [("reserve", 20, "released"), ("fee", 20, "due")]


def test_a_printed_card_is_made_to_order_and_never_sent_back(
    shop: Shop, clock: FrozenClock
) -> None:
    anna = shop.desk.person("anna", card=False)
    order = shop.orders.place(seen(anna), wish(kind="code-card", pin=""))
    assigned, codes = shop.fulfilment.assign(order.id)
    assert len(codes) == 224
    again, others = shop.fulfilment.assign(order.id)
    assert set(codes) != set(others)
    assert again.device != assigned.device
    sent = shop.fulfilment.ship(order.id)
    assert shop.lines() == []
    asked = shop.desk.service.lives.ask(seen(anna), sent.device)
    indices = re.findall(r"\d{3}", asked.challenge.question)
    answer = "".join(others[int(index) - 1] for index in indices)
    shop.desk.service.lives.activate(seen(anna), sent.device, asked.challenge.id, answer)
    with pytest.raises(Refused) as kept:
        shop.returns.request(seen(anna), sent.device)
    assert kept.value.code == "not-sent-back"


def test_at_closure_secrets_are_destroyed_and_the_holder_is_told(shop: Shop) -> None:
    from sqlalchemy import select

    from deskside.secure_login.store import device

    anna, bea = shop.rich("anna"), shop.rich("bea")
    order = shop.sent(anna)
    shop.answer(anna, order)
    shared = shop.desk.issue(anna, bea)
    pending = shop.orders.place(seen(anna), wish(kind="code-card", pin=""))
    ended = shop.closing.close(anna)
    assert [info.serial for info in ended] == [order.serial]
    with shop.desk.database.read() as connection:
        rows = connection.execute(select(device.c.id, device.c.secret, device.c.status)).all()
    kept = {row.id: (row.secret, row.status) for row in rows}
    assert kept[order.device] == (b"", "retired")
    assert kept[shared][0] != b""
    assert shop.desk.begin("bea").challenge is not None
    assert shop.orders.one(pending.id).status is OrderStatus.CANCELLED
    step = shop.desk.begin("anna")
    assert step.session is not None
    assert step.session.scope == "portal"
    (back,) = shop.returns.expected()
    assert back.serial == order.serial
    (body,) = [mail[2] for mail in shop.desk.mails() if "account is closed" in mail[1]]
    assert order.serial in body
    assert "Via Roma 2" in body
    assert ("device.destroyed", order.device) in shop.desk.events()
    shop.returns.received(back.id)
    assert shop.lines()[0] == ("reserve", 20, "released")
    closed = shop.desk.directory.find("anna")
    assert closed.account is AccountStatus.CLOSED
    with pytest.raises(Refused):
        shop.closing.close(closed)


def test_the_return_form_is_a_page_that_names_the_return(shop: Shop) -> None:
    anna = shop.rich("anna", card=True)
    shop.desk.issue(anna)
    serial = shop.desk.cards["anna"].serial
    owned = shop.desk.service.list_devices(serial=serial)[0]
    back = shop.returns.request(seen(anna), owned.id)
    made = return_form(back, "The desk, Wrocław")
    assert made.startswith(b"%PDF-")
    assert made.count(b"/Type /Page\n") == 1
