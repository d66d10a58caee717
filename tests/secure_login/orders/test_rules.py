"""The pure rules of orders: who may, what it costs, when it is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.directory.model import AccountStatus
from deskside.foundation.errors import UsageProblem
from deskside.secure_login.orders import rules
from deskside.secure_login.orders.model import OrderReason, OrderStatus
from deskside.secure_login.orders.refusals import read_address, told
from deskside.secure_login.orders.rules import Refusal
from deskside.secure_login.values import DeviceStatus

MOMENTS = st.integers(0, 20 * 365 * 24).map(
    lambda hours: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
)
STATES = st.lists(st.sampled_from(DeviceStatus), max_size=4)
AMOUNTS = st.none() | st.integers(0, 3_000_000)


def judged(**given_: object) -> Refusal | None:
    usual: dict[str, object] = {
        "account": AccountStatus.OPEN,
        "equity": 1_000_000,
        "threshold": 1_000_000,
        "reason": OrderReason.FIRST,
        "of_kind": [],
        "open_order": False,
    }
    return rules.refusal(**{**usual, **given_})  # type: ignore[arg-type]


def test_a_million_is_enough_and_a_dollar_less_is_not() -> None:
    assert judged() is None
    assert judged(equity=999_999) is Refusal.EQUITY_TOO_LOW
    assert judged(equity=None) is Refusal.EQUITY_UNKNOWN
    assert judged(equity=None, threshold=0) is None


@given(AMOUNTS, st.integers(1, 2_000_000))
def test_a_first_device_follows_the_equity_alone(equity: int | None, threshold: int) -> None:
    found = judged(equity=equity, threshold=threshold)
    assert (found is None) == (equity is not None and equity >= threshold)


@given(AMOUNTS, STATES, st.booleans(), st.none() | st.sampled_from(DeviceStatus))
def test_nobody_without_an_open_account_orders(
    equity: int | None, states: list[DeviceStatus], ordered: bool, replaced: DeviceStatus | None
) -> None:
    for account in (None, AccountStatus.CLOSED, AccountStatus.NOT_APPROVED):
        for reason in OrderReason:
            found = judged(
                account=account,
                equity=equity,
                of_kind=states,
                open_order=ordered,
                replaced=replaced,
                reason=reason,
            )
            assert found is Refusal.NO_ACCOUNT


@given(STATES, st.sampled_from(OrderReason), st.none() | st.sampled_from(DeviceStatus))
def test_never_two_of_a_kind_on_their_way(
    states: list[DeviceStatus], reason: OrderReason, replaced: DeviceStatus | None
) -> None:
    assert judged(of_kind=states, reason=reason, replaced=replaced, open_order=True) is (
        Refusal.ON_ITS_WAY
    )
    waiting = [*states, DeviceStatus.WAITING]
    assert judged(of_kind=waiting, reason=reason, replaced=replaced) is Refusal.ON_ITS_WAY


@given(st.sampled_from(DeviceStatus), AMOUNTS)
def test_what_works_is_not_replaced_and_replacing_asks_for_no_equity(
    state: DeviceStatus, equity: int | None
) -> None:
    if state is DeviceStatus.WAITING:
        return
    for reason in set(OrderReason) - {OrderReason.FIRST}:
        found = judged(reason=reason, of_kind=[state], replaced=state, equity=equity)
        fits = state is (DeviceStatus.LOST if reason is OrderReason.LOST else DeviceStatus.PARKED)
        assert found is (None if fits else Refusal.NOT_THAT_DEVICE)


@given(st.integers(0, 500), st.sampled_from(OrderReason))
def test_the_reserve_is_the_fee_and_a_battery_costs_nothing(fee: int, reason: OrderReason) -> None:
    costs = rules.charges(fee, reason)
    assert costs.reserve == fee
    assert costs.fee == (fee if reason in (OrderReason.LOST, OrderReason.DAMAGED) else 0)


@given(MOMENTS, st.integers(0, 30))
def test_the_ship_date_is_a_working_day_so_many_working_days_on(
    ordered: datetime, days: int
) -> None:
    found = rules.ship_by(ordered, days)
    assert found.weekday() < 5
    between = [ordered + timedelta(days=n) for n in range(1, (found - ordered).days + 1)]
    worked = sum(moment.weekday() < 5 for moment in between)
    # From a weekend, no days to go still means the next working day.
    assert worked == max(days, int(ordered.weekday() >= 5))


@given(MOMENTS, MOMENTS, st.lists(st.integers(0, 40), max_size=5))
def test_a_reminder_is_due_in_its_days_and_never_after_the_end(
    now: datetime, end: datetime, days: list[int]
) -> None:
    found = rules.reminder_due(now, end, days)
    begun = [day for day in days if day > 0 and end - timedelta(days=day) <= now < end]
    assert found == (min(begun) if begun else None)


def test_the_days_of_reminders_are_read_or_refused() -> None:
    assert rules.reminder_days("7, 2") == (2, 7)
    assert rules.reminder_days("0") == ()
    with pytest.raises(UsageProblem):
        rules.reminder_days("a week")


def test_what_is_posted_is_not_cancelled() -> None:
    assert [status for status in OrderStatus if rules.may_cancel(status)] == [
        OrderStatus.ORDERED,
        OrderStatus.ASSIGNED,
    ]


@pytest.mark.parametrize("why", [*Refusal, "not-posted", "not-assigned", "closed"])
def test_every_refusal_says_what_to_do(why: str) -> None:
    message, hint = told(why, 1_000_000)
    assert message
    assert hint


@pytest.mark.parametrize("text", ["", "  \n ", "one line", "a\nb\n" + "c" * 71, "a\nb\nc\x07"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageProblem):
        read_address(text)


def test_an_address_is_kept_line_by_line() -> None:
    assert read_address(" Anna  Rossi \n\nVia Po 1\r\n00100 Roma\nItaly") == (
        "Anna Rossi\nVia Po 1\n00100 Roma\nItaly"
    )
