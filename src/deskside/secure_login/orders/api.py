"""One's own orders and returns over REST. Below `/me`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import Response

from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _
from deskside.secure_login.dependencies import TheLogin, TheOrders, TheReturns
from deskside.secure_login.orders.form import return_form
from deskside.secure_login.orders.model import Order, OrderReason, Return, Wish
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.threads import in_thread
from deskside.web.service import AnyRequest, require_visitor

OWN: dict[str, Any] = {"tags": ["orders"], "security": [{"bearer": []}]}
ACT: dict[str, Any] = {**OWN, "sync_to_thread": True, "request_max_body_size": 8192}


class NewOrder(msgspec.Struct, forbid_unknown_fields=True):
    """What is ordered. `reason`: `first`, `lost`, `damaged`, `battery`; all but the first replace
    the device `replaces`. `pin` where the offer says so; `address` has a line for each line;
    `account` carries the reserve, one's own where it is left out."""

    kind: str
    address: str
    reason: str = "first"
    replaces: str = ""
    pin: str = ""
    account: str = ""


class OfferOut(msgspec.Struct):
    """A kind that is posted. Amounts in USD. `refusal` says why it cannot be ordered now."""

    kind: str
    fee: int
    reserve: int
    equity: int
    with_pin: bool
    refusal: str


class LineOut(msgspec.Struct):
    """A fee or a reserve: `reserve` is `held`, `released`, `dropped`; `fee` `due`, `dropped`."""

    what: str
    usd: int
    status: str


class OrderOut(msgspec.Struct):
    """An order. `status`: `ordered`, `assigned`, `shipped`, `cancelled`; times in UTC."""

    order: str
    reference: str
    kind: str
    reason: str
    status: str
    address: str
    ordered: datetime
    ship_by: datetime
    shipped: datetime | None
    activate_by: datetime | None
    tracking: str
    device: str
    serial: str
    lines: list[LineOut]


class AccountOut(msgspec.Struct):
    """An open account of the holder, by the user names that log in to it."""

    account: str
    user_names: list[str]


class OffersOut(msgspec.Struct):
    """What may be ordered, the strongest kind first, and which accounts may carry a reserve."""

    offers: list[OfferOut]
    accounts: list[AccountOut]


class OrdersOut(msgspec.Struct):
    """The visitor's orders, newest first."""

    orders: list[OrderOut]


class ReturnOut(msgspec.Struct):
    """A device on its way back. `status`: `requested`, `received`, `missing`; times in UTC."""

    id: str
    reference: str
    device: str
    kind: str
    serial: str
    status: str
    requested: datetime
    changed: datetime


class ReturnsOut(msgspec.Struct):
    """The visitor's returns, newest first."""

    returns: list[ReturnOut]


class Parked(msgspec.Struct):
    """A device after what was done."""

    device: str
    status: str


@get("/me/orders/offers", summary="What may be ordered", sync_to_thread=True, **OWN)
def offers(request: AnyRequest, orders: TheOrders) -> OffersOut:
    """The kinds of devices that are posted, with what each costs."""
    visitor = require_visitor(request)
    return OffersOut(
        [
            OfferOut(
                offer.kind,
                offer.charges.fee,
                offer.charges.reserve,
                offer.threshold,
                offer.with_pin,
                offer.refusal,
            )
            for offer in orders.offers(visitor)
        ],
        [AccountOut(account, names) for account, names in orders.accounts(visitor)],
    )


@get("/me/orders", summary="Orders", **OWN)
async def listed(request: AnyRequest, orders: TheOrders) -> OrdersOut:
    """The visitor's orders."""
    found = await in_thread(orders.listed, require_visitor(request))
    return OrdersOut([order_out(order) for order in found])


@post("/me/orders", summary="Order a device", status_code=201, request_max_body_size=8192, **OWN)
async def place(request: AnyRequest, data: JSONBody[NewOrder], orders: TheOrders) -> OrderOut:
    """Order a device that is posted."""
    if data.reason not in set(OrderReason):
        raise UsageProblem("reason-missing", _("Choose why."))
    wish = Wish(
        data.kind, OrderReason(data.reason), data.address, data.replaces, data.pin, data.account
    )
    visitor = require_visitor(request)
    async with orders.secure_login.step_up.spending_in_thread(visitor, Task.ORDER):
        return order_out(await in_thread(orders.place, visitor, wish))


@delete("/me/orders/{order_id:str}", summary="Cancel an order", status_code=200, **OWN)
async def cancel(request: AnyRequest, order_id: FromPath[str], orders: TheOrders) -> OrderOut:
    """Cancel an order that was not posted yet."""
    return order_out(await in_thread(orders.cancel, require_visitor(request), order_id))


@post("/me/devices/{device_id:str}/parked", summary="Report out of order", status_code=200, **ACT)
def park(request: AnyRequest, device_id: FromPath[str], secure_login: TheLogin) -> Parked:
    """Report a device broken or its battery empty: it answers nothing from now on."""
    visitor = require_visitor(request)
    with secure_login.step_up.spending(visitor, Task.LOST):
        info = secure_login.lives.park(visitor, device_id)
    return Parked(info.id, info.status.value)


@post("/me/devices/{device_id:str}/return", summary="Send a device back", status_code=200, **ACT)
def send_back(request: AnyRequest, device_id: FromPath[str], returns: TheReturns) -> ReturnOut:
    """Announce a device; what is held for it is released when it has arrived."""
    visitor = require_visitor(request)
    with returns.orders.secure_login.step_up.spending(visitor, Task.RETURN):
        return return_out(returns.request(visitor, device_id))


@get("/me/returns", summary="Returns", sync_to_thread=True, **OWN)
def list_returns(request: AnyRequest, returns: TheReturns) -> ReturnsOut:
    """The visitor's returns."""
    return ReturnsOut([return_out(known) for known in returns.listed(require_visitor(request))])


@get(
    "/me/returns/{return_id:str}/form",
    summary="The return form",
    sync_to_thread=True,
    media_type="application/pdf",
    **OWN,
)
def form(request: AnyRequest, return_id: FromPath[str], returns: TheReturns) -> Response[bytes]:
    """The form to print and put into the parcel, as a PDF."""
    known = returns.shown(require_visitor(request), return_id)
    made = return_form(known, returns.orders.policy.return_address)
    return Response(made, media_type="application/pdf")


def routes() -> list[Any]:
    """The handlers, relative to `/api/v1`."""
    return [offers, listed, place, cancel, park, send_back, list_returns, form]


def order_out(order: Order) -> OrderOut:
    """An order as it is told."""
    return OrderOut(
        order.id,
        order.reference,
        order.kind,
        order.reason.value,
        order.status.value,
        order.address,
        order.ordered,
        order.ship_by,
        order.shipped,
        order.activate_by,
        order.tracking,
        order.device if order.shipped else "",
        order.serial if order.shipped else "",
        [LineOut(line.what, line.usd, line.status) for line in order.lines],
    )


def return_out(known: Return) -> ReturnOut:
    """A return as it is told."""
    return ReturnOut(
        known.id,
        known.reference,
        known.device,
        known.kind,
        known.serial,
        known.status.value,
        known.requested,
        known.changed,
    )
