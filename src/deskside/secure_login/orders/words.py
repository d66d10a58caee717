"""What pages and commands say of orders and returns."""

from __future__ import annotations

from deskside.foundation.text import _
from deskside.secure_login import words
from deskside.secure_login.orders.model import (
    Charges,
    Line,
    Order,
    OrderReason,
    OrderStatus,
    Return,
    ReturnStatus,
)


def reason(value: OrderReason) -> str:
    """Why a device is ordered."""
    return {
        OrderReason.FIRST: _("A first device"),
        OrderReason.LOST: _("The one before is lost"),
        OrderReason.DAMAGED: _("The one before is damaged"),
        OrderReason.BATTERY: _("The battery of the one before is empty"),
    }[value]


def state(status: OrderStatus) -> tuple[str, str]:
    """An order's state, and its tone."""
    return {
        OrderStatus.ORDERED: (_("Ordered"), "notice"),
        OrderStatus.ASSIGNED: (_("Being prepared"), "notice"),
        OrderStatus.SHIPPED: (_("Posted"), "ok"),
        OrderStatus.CANCELLED: (_("Cancelled"), "neutral"),
    }[status]


def return_state(status: ReturnStatus) -> tuple[str, str]:
    """A return's state, and its tone."""
    return {
        ReturnStatus.REQUESTED: (_("Expected"), "notice"),
        ReturnStatus.RECEIVED: (_("Received, reserve released"), "ok"),
        ReturnStatus.MISSING: (_("Not received, fee due"), "warning"),
    }[status]


def usd(amount: int) -> str:
    """An amount."""
    return f"USD {amount:,}"


def line(entry: Line) -> str:
    """A fee or reserve in words."""
    told = {
        ("reserve", "held"): _("{amount} held while you have the device"),
        ("reserve", "released"): _("{amount} were held and are released"),
        ("reserve", "dropped"): _("{amount} were to be held; the order was cancelled"),
        ("fee", "due"): _("{amount} fee"),
        ("fee", "dropped"): _("{amount} fee; dropped with the order"),
    }[(entry.what, entry.status)]
    return told.format(amount=usd(entry.usd))


def costs(charges: Charges) -> list[tuple[str, str]]:
    """What an order costs, said before it is confirmed."""
    held = (
        _("{amount}, until the device is back with us; trading goes on with it").format(
            amount=usd(charges.reserve)
        )
        if charges.reserve
        else _("nothing")
    )
    return [
        (_("Fee"), usd(charges.fee) if charges.fee else _("none")),
        (_("Held"), held),
    ]


def order_rows(order: Order) -> list[tuple[str, str]]:
    """An order, line by line."""
    rows = [
        (_("Reference"), order.reference),
        (_("Device"), words.kind_name(order.kind)),
        (_("Why"), reason(order.reason)),
        (_("Sent to"), ", ".join(order.address.splitlines())),
        (_("Ordered"), words.day(order.ordered)),
        (_("Estimated ship date"), "" if order.shipped else words.day(order.ship_by)),
        (_("Posted"), words.day(order.shipped) if order.shipped else ""),
        (_("Tracking number"), order.tracking),
        (_("Serial number"), order.serial if order.shipped else ""),
        (_("Activate before"), words.moment(order.activate_by) if order.activate_by else ""),
        (_("Fees and reserves"), "; ".join(map(line, order.lines))),
    ]
    return [(name, value) for name, value in rows if value]


def order_item(order: Order, href: str) -> dict[str, str]:
    """An order in a list."""
    told, tone = state(order.status)
    return {
        "title": words.kind_name(order.kind),
        "state": told,
        "tone": tone,
        "text": f"{order.reference} · {words.day(order.ordered)} · {reason(order.reason)}",
        "href": href,
    }


def return_item(known: Return, href: str) -> dict[str, str]:
    """A return in a list."""
    told, tone = return_state(known.status)
    return {
        "title": words.kind_name(known.kind),
        "state": told,
        "tone": tone,
        "text": f"{known.reference} · {known.serial} · {words.day(known.requested)}",
        "href": href,
    }
