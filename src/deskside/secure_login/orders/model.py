"""Plain values of orders and returns. Amounts are whole USD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class OrderReason(StrEnum):
    """Why a device is ordered; all but `first` replace one."""

    FIRST = "first"
    LOST = "lost"
    DAMAGED = "damaged"
    BATTERY = "battery"


class OrderStatus(StrEnum):
    """How far an order has come."""

    ORDERED = "ordered"
    ASSIGNED = "assigned"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class ReturnStatus(StrEnum):
    """How far a device on its way back has come; `missing` never arrived."""

    REQUESTED = "requested"
    RECEIVED = "received"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the desk chose.

    `thresholds` is the least equity of an account for a first device of a kind; `remind` are the
    days before an end at which its holder is written to.
    """

    thresholds: Mapping[str, int] = field(default_factory=dict)
    ship_within: int = 3
    activation: timedelta = timedelta(days=14)
    remind: tuple[int, ...] = (7, 2)
    return_address: str = ""


@dataclass(frozen=True, slots=True)
class Charges:
    """What an order costs: the fee for the device before, and what is held for the new one."""

    fee: int
    reserve: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to order. `replaces` is the id of a device; `pin` as typed."""

    kind: str
    reason: OrderReason
    address: str = field(repr=False)
    replaces: str = ""
    pin: str = field(default="", repr=False)
    account: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A fee or a reserve, as the desk's ledger reads it."""

    id: str
    account: str
    what: str
    usd: int
    status: str
    since: datetime
    changed: datetime
    reference: str = ""
    serial: str = ""
    user_name: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order."""

    id: str
    reference: str
    user_name: str
    user_name_id: str
    kind: str
    reason: OrderReason
    status: OrderStatus
    address: str = field(repr=False)
    ship_by: datetime
    ordered: datetime
    tracking: str = ""
    serial: str = ""
    device: str = ""
    replaces: str = ""
    shipped: datetime | None = None
    activate_by: datetime | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A kind that may be ordered, or why not (`refusal`, a code of `rules.Refusal`)."""

    kind: str
    charges: Charges
    refusal: str
    threshold: int
    with_pin: bool


@dataclass(frozen=True, slots=True)
class Return:
    """A device on its way back to the desk."""

    id: str
    reference: str
    user_name: str
    device: str
    kind: str
    serial: str
    status: ReturnStatus
    requested: datetime
    changed: datetime
