"""Who may order what, what it costs, and when things are due. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from deskside.directory.model import AccountStatus
from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _
from deskside.secure_login.orders.model import Charges, OrderReason, OrderStatus
from deskside.secure_login.values import DeviceStatus

SATURDAY = 5


class Refusal(StrEnum):
    """Why somebody may not order a device now."""

    NO_ACCOUNT = "no-open-account"
    EQUITY_UNKNOWN = "equity-unknown"
    EQUITY_TOO_LOW = "equity-too-low"
    HAS_ONE = "has-one-already"
    ON_ITS_WAY = "on-its-way"
    NOT_THAT_DEVICE = "not-that-device"


REPLACEABLE = {
    OrderReason.LOST: {DeviceStatus.LOST},
    OrderReason.DAMAGED: {DeviceStatus.PARKED},
    OrderReason.BATTERY: {DeviceStatus.PARKED},
}
"""The state in which a device is replaced, for each reason."""


def refusal(
    *,
    account: AccountStatus | None,
    equity: int | None,
    threshold: int,
    reason: OrderReason,
    of_kind: Iterable[DeviceStatus],
    open_order: bool,
    replaced: DeviceStatus | None = None,
) -> Refusal | None:
    """Why a device may not be ordered; None where it may.

    Args:
        account: the account's status; None for staff, who have none.
        equity: of the account, in USD, as the desk told it last.
        threshold: the least equity for a first device of the kind; a replacement asks for none,
            since its holder was eligible once.
        reason: why it is ordered.
        of_kind: the states of the devices of that kind which the user name has.
        open_order: whether one of that kind is ordered and not posted yet.
        replaced: the state of the device to be replaced.
    """
    states = set(of_kind)
    if account is not AccountStatus.OPEN:
        return Refusal.NO_ACCOUNT
    if open_order or DeviceStatus.WAITING in states:
        return Refusal.ON_ITS_WAY
    if reason is not OrderReason.FIRST:
        fits = replaced is not None and replaced in REPLACEABLE[reason]
        return None if fits else Refusal.NOT_THAT_DEVICE
    return Refusal.HAS_ONE if states - {DeviceStatus.RETIRED} else _too_low(equity, threshold)


def _too_low(equity: int | None, threshold: int) -> Refusal | None:
    if not threshold:
        return None
    if equity is None:
        return Refusal.EQUITY_UNKNOWN
    return Refusal.EQUITY_TOO_LOW if equity < threshold else None


def charges(fee: int, reason: OrderReason) -> Charges:
    """What an order costs: KB1861.

    The fee is due for what was lost or damaged, never for an empty battery. As much as the fee
    is held for the new device until that comes back.
    """
    due = fee if reason in (OrderReason.LOST, OrderReason.DAMAGED) else 0
    return Charges(fee=due, reserve=fee)


def may_cancel(status: OrderStatus) -> bool:
    """Whether an order can still be withdrawn: until the device is posted."""
    return status in (OrderStatus.ORDERED, OrderStatus.ASSIGNED)


def ship_by(ordered: datetime, working_days: int) -> datetime:
    """The day by which an order is posted, weekends apart; the same time of day."""
    moment, left = ordered, working_days
    while left > 0 or moment.weekday() >= SATURDAY:
        moment += timedelta(days=1)
        left -= moment.weekday() < SATURDAY
    return moment


def reminder_days(text: str) -> tuple[int, ...]:
    """The days of the setting `devices.remind`, such as `7, 2`; 0 is none.

    Raises:
        UsageProblem: they are no numbers of days.
    """
    parts = [part for part in re.split(r"[,\s]+", text.strip()) if part]
    if not all(re.fullmatch(r"[0-9]{1,3}", part) for part in parts):
        raise UsageProblem(
            "config-wrong-value",
            _("devices.remind is a list of days such as 7, 2; not {given}.").format(given=text),
        )
    return tuple(sorted({int(part) for part in parts} - {0}))


def reminder_due(now: datetime, end: datetime, days: Iterable[int]) -> int | None:
    """Which reminder of an end is due: the days before it, None where there is none.

    Where several are, as after a pause of the portal, it is the last alone. After the end none is.
    """
    if now >= end:
        return None
    due = [count for count in days if count > 0 and now >= end - timedelta(days=count)]
    return min(due, default=None)
