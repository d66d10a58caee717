"""What the desk chose about orders, from its configuration."""

from __future__ import annotations

from deskside.foundation.config import Config
from deskside.secure_login.orders.model import Policy
from deskside.secure_login.orders.rules import reminder_days


def order_policy(config: Config) -> Policy:
    """The settings of `orders` and `devices`; raises UsageProblem where one cannot be read."""
    return Policy(
        thresholds={"dsc-plus": config.number("orders.dsc_plus_equity")},
        ship_within=config.number("orders.ship_within"),
        activation=config.span("orders.activation"),
        remind=reminder_days(config.text("devices.remind")),
        return_address=config.optional_text("orders.return_address") or "",
    )
