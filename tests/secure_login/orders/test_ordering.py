"""Orders on either engine: what must be refused, then the way of a device to its holder."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import NotAllowed, NotFound, Refused, UsageProblem
from deskside.secure_login.orders.model import (
    Order,
    OrderReason,
    OrderStatus,
)
from deskside.secure_login.orders.refusals import CannotOrder
from deskside.secure_login.pin import PinRefused
from deskside.secure_login.service import LoginFailed
from deskside.secure_login.values import DeviceStatus
from tests.secure_login.orders.shop import NEW_PIN, PLUS, Shop, kept, wish
from tests.secure_login.test_life import seen


def test_what_nobody_may_order(shop: Shop) -> None:
    poor, staff = shop.desk.person("anna", card=False), shop.desk.person("otto", account=None)
    with pytest.raises(CannotOrder) as unknown:
        shop.orders.place(seen(poor), wish())
    assert unknown.value.code == "equity-unknown"
    shop.desk.directory.set_equity("anna", 999_999)
    with pytest.raises(CannotOrder) as low:
        shop.orders.place(seen(poor), wish())
    assert low.value.code == "equity-too-low"
    with pytest.raises(CannotOrder):
        shop.orders.place(seen(staff), wish())
    with pytest.raises(CannotOrder):
        shop.orders.place(seen(poor), wish(kind="totp"))
    rich = shop.rich("rita")
    with pytest.raises(NotAllowed):
        shop.orders.place(seen(rich, "portal"), wish())
    with pytest.raises(PinRefused):
        shop.orders.place(seen(rich), wish(pin="1234"))
    with pytest.raises(UsageProblem):
        shop.orders.place(seen(rich), wish(address="Rome"))
    with pytest.raises(NotFound):
        shop.orders.place(seen(rich), wish(account="nobody's"))
    with pytest.raises(CannotOrder):
        shop.orders.place(seen(rich), wish(reason=OrderReason.LOST, replaces="nothing"))
    assert shop.fulfilment.lines() == []


def test_one_order_at_a_time_and_nobody_elses(shop: Shop) -> None:
    anna, bea = shop.rich("anna"), shop.rich("bea")
    order = shop.orders.place(seen(anna), wish())
    with pytest.raises(CannotOrder) as again:
        shop.orders.place(seen(anna), wish())
    assert again.value.code == "on-its-way"
    with pytest.raises(NotFound):
        shop.orders.shown(seen(bea), order.id)
    with pytest.raises(NotFound):
        shop.orders.cancel(seen(bea), order.id)
    with pytest.raises(CannotOrder):
        shop.fulfilment.ship(order.id)


def test_stock_decreases_and_what_is_cancelled_goes_back(shop: Shop) -> None:
    anna, bea = shop.rich("anna"), shop.rich("bea")
    first, second = sorted(shop.cards)
    order = shop.orders.place(seen(anna), wish())
    with pytest.raises(NotFound):
        shop.fulfilment.assign(order.id, "0000-0000-0000")
    assigned, codes = shop.fulfilment.assign(order.id, second)
    assert (assigned.serial, codes) == (second, ())
    assert shop.fulfilment.stock(PLUS) == [first]
    other = shop.orders.place(seen(bea), wish())
    with pytest.raises(NotFound):
        shop.fulfilment.assign(other.id, second)
    cancelled = shop.orders.cancel(seen(anna), order.id)
    assert cancelled.status is OrderStatus.CANCELLED
    assert shop.fulfilment.stock(PLUS) == [first, second]
    with pytest.raises(CannotOrder):
        shop.fulfilment.assign(order.id)
    assert ("reserve", 20, "dropped") in shop.lines()
    assert shop.states(anna) == {}


def test_the_window_the_reminders_and_its_end(shop: Shop, clock: FrozenClock) -> None:
    anna = shop.rich("anna")
    order = shop.sent(anna)
    assert order.activate_by == clock.now() + timedelta(days=14)
    assert shop.desk.begin("anna").session is not None
    assert shop.reminders.send() == 0
    for days, told in ((7, "2026-01-19"), (5, "2026-01-19")):
        clock.advance(timedelta(days=days))
        assert shop.reminders.send() == 1
        assert shop.reminders.send() == 0
        assert told in shop.desk.mails()[-1][2]
    assert shop.desk.begin("anna").session is not None
    clock.advance(timedelta(days=2))
    assert shop.reminders.send() == 1
    assert "asks for" in shop.desk.mails()[-1][1]
    step = shop.desk.begin("anna")
    assert [factor.kind for factor in step.factors] == [PLUS]
    assert step.challenge is not None
    shop.desk.cards["anna"] = shop.cards[order.serial]
    with pytest.raises(LoginFailed):
        shop.desk.answer(step, shop.desk.respond("anna", step.challenge.question, "2805"))
    assert shop.states(anna)[order.serial] is DeviceStatus.WAITING
    step = shop.desk.begin("anna")
    assert step.challenge is not None
    assert shop.desk.answer(step, shop.desk.respond("anna", step.challenge.question, NEW_PIN)).token
    assert shop.states(anna)[order.serial] is DeviceStatus.ACTIVE
    assert shop.reminders.send() == 0


def test_a_letter_that_never_arrives(shop: Shop, clock: FrozenClock) -> None:
    anna = shop.rich("anna")
    first = shop.sent(anna)
    clock.advance(timedelta(days=15))
    gone = shop.fulfilment.undelivered(first.reference)
    assert gone.status is OrderStatus.CANCELLED
    assert shop.states(anna)[first.serial] is DeviceStatus.RETIRED
    assert first.serial not in shop.fulfilment.stock(PLUS)
    assert shop.lines() == [("reserve", 20, "dropped")]
    with pytest.raises(CannotOrder):
        shop.fulfilment.undelivered(first.reference)
    second = shop.sent(anna)
    shop.answer(anna, second)
    with pytest.raises(CannotOrder):
        shop.fulfilment.undelivered(second.reference)


def test_activating_early_ends_the_grace(shop: Shop) -> None:
    anna = shop.rich("anna")
    order = shop.sent(anna)
    shop.answer(anna, order)
    assert shop.desk.begin("anna").session is None
    assert ("reserve", 20, "held") in shop.lines()


def test_lost_then_the_temporary_state_then_the_replacement(shop: Shop, clock: FrozenClock) -> None:
    anna = shop.rich("anna")
    first = shop.sent(anna)
    shop.answer(anna, first)
    lives = shop.desk.service.lives
    lives.lose(seen(anna), first.device)
    shop.desk.service.lives.temporary_code(anna)
    lost = wish(reason=OrderReason.LOST, replaces=first.device)
    checked = shop.orders.check(seen(anna), lost)
    assert (checked.charges.fee, checked.charges.reserve) == (20, 20)
    order = shop.orders.place(seen(anna), lost)
    shop.fulfilment.assign(order.id)
    second = shop.fulfilment.ship(order.id)
    assert shop.lines() == [
        ("reserve", 20, "released"),
        ("reserve", 20, "held"),
        ("fee", 20, "due"),
    ]
    # The temporary code is still what is asked for: the new card is on its way.
    assert [factor.kind for factor in shop.desk.begin("anna").factors] == ["temporary-code"]
    shop.answer(anna, second)
    states = shop.states(anna)
    assert states[first.serial] is DeviceStatus.RETIRED
    assert [factor.kind for factor in shop.desk.begin("anna").factors] == [PLUS]


def test_found_again_while_the_replacement_waits(shop: Shop) -> None:
    anna = shop.rich("anna")
    first = shop.sent(anna)
    shop.answer(anna, first)
    shop.desk.service.lives.lose(seen(anna), first.device)
    order = shop.orders.place(seen(anna), wish(reason=OrderReason.LOST, replaces=first.device))
    shop.desk.service.lives.temporary_code(anna)
    shop.answer(anna, first)
    shop.orders.cancel(seen(anna), order.id)
    assert shop.states(anna)[first.serial] is DeviceStatus.ACTIVE
    assert [factor.kind for factor in shop.desk.begin("anna").factors] == [PLUS]
    assert ("fee", 20, "dropped") in shop.lines()


def test_the_temporary_state_ends_for_everybody_who_shares_the_device(shop: Shop) -> None:
    anna, bea = shop.rich("anna"), shop.rich("bea")
    card = shop.desk.issue(anna, bea)
    lives = shop.desk.service.lives
    lives.lose(seen(anna), card)
    lives.temporary_code(bea)
    asked = lives.ask(seen(anna), card)
    answer = shop.desk.respond("anna", asked.challenge.question)
    lives.activate(seen(anna), card, asked.challenge.id, answer)
    assert [factor.kind for factor in shop.desk.begin("bea").factors] == [PLUS]


def test_an_empty_battery_is_free_and_the_reserve_waits_for_the_return(shop: Shop) -> None:
    anna = shop.rich("anna")
    first = shop.sent(anna)
    shop.answer(anna, first)
    assert shop.desk.service.lives.park(seen(anna), first.device).status is DeviceStatus.PARKED
    with pytest.raises(LoginFailed):
        shop.desk.begin("anna")
    second = shop.sent(anna, reason=OrderReason.BATTERY, replaces=first.device)
    # One that is out of order and not replaced yet stays due, sent back or not.
    back = shop.returns.request(seen(anna), first.device)
    shop.returns.received(back.reference)
    assert kept(shop, first.device) == (b"", "{}", "parked")
    with pytest.raises(Refused, match="not in a state"):
        shop.desk.service.lives.ask(seen(anna), first.device)
    with pytest.raises(LoginFailed):
        shop.desk.begin("anna")
    shop.answer(anna, second)
    assert kept(shop, first.device) == (b"", "{}", "retired")
    assert shop.lines() == [("reserve", 20, "released"), ("reserve", 20, "held")]
    assert shop.states(anna)[first.serial] is DeviceStatus.RETIRED


def test_no_pin_and_no_address_is_readable_in_the_database(shop: Shop) -> None:
    from sqlalchemy import select

    from deskside.secure_login.orders.store import device_order

    anna = shop.rich("anna")
    order = shop.orders.place(seen(anna), wish())
    with shop.desk.database.read() as connection:
        row = connection.execute(select(device_order)).one()
        assert NEW_PIN.encode() not in row.pin
        assert b"Roma" not in row.address
    shop.fulfilment.assign(order.id)
    shop.fulfilment.ship(order.id)
    with shop.desk.database.read() as connection:
        assert connection.execute(select(device_order.c.pin)).scalar() is None
    assert not re.search(rf"\b{NEW_PIN}\b", str(shop.desk.mails()))


def test_a_card_that_expires_is_reminded_of(shop: Shop, clock: FrozenClock) -> None:
    anna = shop.desk.person("anna")
    shop.desk.service.issue_device([anna], "online-code-card")
    clock.advance(timedelta(days=14))
    assert shop.reminders.send() == 1
    assert "expires on 2026-01-26" in shop.desk.mails()[-1][2]
    clock.advance(timedelta(days=5))
    assert shop.reminders.send() == 1
    clock.advance(timedelta(days=3))
    assert shop.reminders.send() == 0


def test_the_reserve_may_be_carried_by_another_account_of_the_holder(shop: Shop) -> None:
    anna = shop.rich("anna")
    other = shop.desk.directory.add_account(anna.holder_id)
    (own, _names), (second, _none) = shop.orders.accounts(seen(anna))
    assert second == other != own
    shop.orders.place(seen(anna), wish(account=other))
    assert shop.fulfilment.lines()[0].account == other


def test_a_notice_speaks_the_language_of_whom_it_is_for(shop: Shop) -> None:
    from deskside.foundation.text import speaking

    anna, bea = shop.rich("anna"), shop.rich("bea")
    shop.desk.directory.choose_language(anna.id, "it")
    shop.desk.directory.choose_language(anna.id, "tlh")
    # Whoever causes it reads another one.
    with speaking("en"):
        shop.sent(anna)
    with speaking("it"):
        shop.sent(bea)
    said = {mail[0]: mail[1] for mail in shop.desk.mails() if "+" in mail[1]}
    assert said["bea@example.org"] == "Your Digital Security Card+ is on its way"
    assert said["anna@example.org"] == "In arrivo: Carta di sicurezza digitale+"
    told = [mail for mail in shop.desk.mails() if mail[0] == "anna@example.org"]
    assert any(mail[1].startswith("Un dispositivo di sicurezza") for mail in told)
    assert all("security device was" not in mail[1] for mail in told)


def test_four_of_five_codes_used_is_written_about_once(shop: Shop, clock: FrozenClock) -> None:
    anna = shop.desk.person("anna", card=False)
    _info, issued = shop.desk.service.issue_device([anna], "recovery-code")
    assert issued.virtual_device is not None
    codes = str(issued.virtual_device["codes"]).split()
    counts = []
    for code in codes[:9]:
        clock.advance(timedelta(minutes=1))
        shop.desk.answer(shop.desk.begin("anna"), code)
        events = [event for event, _subject in shop.desk.events()]
        counts.append(events.count("device.nearly-used"))
    assert counts == [0] * 7 + [1] * 2
    assert sum("Four of five codes" in mail[1] for mail in shop.desk.mails()) == 1


def raced(count: int, work: Callable[[int], object]) -> list[object]:
    """Do something as often at once; what came back, or the code of the refusal."""
    together = Barrier(count)

    def one(number: int) -> object:
        together.wait(30)
        try:
            return work(number)
        except Refused as error:
            return error.code

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_whoever_is_first_has_the_order_the_card_and_the_reminder(
    shop: Shop, clock: FrozenClock
) -> None:
    anna = shop.rich("anna")
    placed = raced(6, lambda _n: shop.orders.place(seen(anna), wish()))
    (order,) = [one for one in placed if isinstance(one, Order)]
    assert [one for one in placed if not isinstance(one, Order)] == ["on-its-way"] * 5

    people = [shop.rich(f"rita{number}") for number in range(4)]
    others = [shop.orders.place(seen(person), wish()) for person in people]
    assigned = raced(4, lambda n: shop.fulfilment.assign(others[n].id)[0])
    won = [one.serial for one in assigned if isinstance(one, Order)]
    assert len(set(won)) == len(won) <= len(shop.cards)
    shop.fulfilment.cancel(others[0].id)

    for one in others[1:]:
        shop.fulfilment.cancel(one.id)
    shop.fulfilment.assign(order.id)
    shipped = raced(4, lambda _n: shop.fulfilment.ship(order.id))
    assert sum(isinstance(one, Order) for one in shipped) == 1
    assert shop.desk.count("device_charge") == 5
    clock.advance(timedelta(days=8))
    assert sum(int(str(sent)) for sent in raced(4, lambda _n: shop.reminders.send())) == 1
