"""`deskside orders`: ordering a device, replacing one, sending one back, from the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from deskside.foundation.console import (
    change_options,
    command_options,
    confirm,
    emit,
    table,
)
from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.secure_login.new_pin import read_new_pin


@click.group()
def orders() -> None:
    """Devices that are posted to you: order, follow, cancel, send back."""


@orders.command("offers")
@command_options
def list_offers() -> None:
    """List what may be ordered, and what it costs.

    With --json: {"offers": [{"kind","fee","reserve","equity","with_pin","refusal"}],
    "accounts": [{"account","user_names"}]}; amounts in USD.
    """
    from deskside.foundation.portal_client import PortalClient

    with PortalClient.open() as client:
        found = client.data("GET", "/me/orders/offers")
    rows = [
        [one["kind"], str(one["reserve"]), str(one["equity"] or "-"), one["refusal"] or _("yes")]
        for one in found["offers"]
    ]
    headings = [_("Kind"), _("Held (USD)"), _("From equity of"), _("May be ordered")]
    emit(found, lambda: table(headings, rows))


@orders.command("list")
@command_options
def list_orders() -> None:
    """List your orders and returns, the newest first.

    With --json: {"orders": [{"order","reference","kind","reason","status","address","ordered",
    "ship_by","shipped","activate_by","tracking","device","serial","lines"}], "returns": [{"id",
    "reference","device","kind","serial","status","requested","changed"}]}.
    """
    from deskside.foundation.portal_client import PortalClient

    with PortalClient.open() as client:
        found = client.data("GET", "/me/orders") | client.data("GET", "/me/returns")
    rows = [[o["reference"], o["kind"], o["status"], o["serial"]] for o in found["orders"]]
    rows += [[r["reference"], r["kind"], r["status"], r["serial"]] for r in found["returns"]]
    headings = [_("Reference"), _("Kind"), _("State"), _("Serial number")]
    emit(found, lambda: table(headings, rows))


@orders.command("place")
@click.argument("kind")
@click.option(
    "--address-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="Holds the postal address, a line for each line.",
)
@click.option("--pin", default=None, help="- reads the PIN from standard input; else it is asked.")
@click.option("--replaces", default="", metavar="DEVICE", help="The id of the device it replaces.")
@click.option("--account", default="", help="Which of your accounts carries what is held.")
@click.option(
    "--reason",
    type=click.Choice(["first", "lost", "damaged", "battery"]),
    default="first",
    help="Why [first].",
)
@change_options
@command_options
def place(
    kind: str,
    address_file: Path,
    pin: str | None,
    replaces: str,
    account: str,
    reason: str,
    dry_run: bool,
    yes: bool,
) -> None:
    """Order a device; what it costs is said first.

    \b
    Example:
      deskside orders place dsc-plus --address-file address.txt

    Exit codes: 0 fine, 2 wrong usage, 3 refused or not logged in.
    """
    from deskside.foundation.portal_client import PortalClient
    from deskside.secure_login.step_up.commands import with_proof

    address = address_file.read_text("utf-8")
    with PortalClient.open() as client:
        found = client.data("GET", "/me/orders/offers")["offers"]
        offer = next((one for one in found if one["kind"] == kind), None)
        if offer is None:
            raise Refused("not-posted", _("Devices of that kind are not sent by post."))
        fee = offer["reserve"] if reason in ("lost", "damaged") else 0
        costs = _("Fee: USD {fee}. Held: USD {reserve}.").format(fee=fee, reserve=offer["reserve"])
        wish: dict[str, Any] = {
            "kind": kind,
            "address": address,
            "reason": reason,
            "replaces": replaces,
            "account": account,
        }
        if dry_run:
            emit({"fee": fee, "reserve": offer["reserve"], "refusal": offer["refusal"]}, costs)
            return
        confirm(_("{costs} Order it?").format(costs=costs), yes=yes)
        if offer["with_pin"]:
            wish["pin"] = read_new_pin(pin)
        order = with_proof(client, "order", lambda: client.data("POST", "/me/orders", json=wish))
    told = _("Ordered: {reference}. Posted by {day}.")
    emit(order, told.format(reference=order["reference"], day=order["ship_by"][:10]))


@orders.command("cancel")
@click.argument("order", metavar="REFERENCE")
@change_options
@command_options
def cancel(order: str, dry_run: bool, yes: bool) -> None:
    """Cancel an order that was not posted yet."""
    from deskside.foundation.portal_client import PortalClient

    if dry_run:
        emit(
            {"order": order, "changed": False}, _("{order} would be cancelled.").format(order=order)
        )
        return
    confirm(_("Cancel {order}?").format(order=order), yes=yes)
    with PortalClient.open() as client:
        done = client.data("DELETE", f"/me/orders/{quote(order, safe='')}")
    emit(done, _("{order} is cancelled.").format(order=done["reference"]))


@orders.command("broken")
@click.argument("device")
@command_options
def broken(device: str) -> None:
    """Report a device broken, or its battery empty: it answers nothing from then on."""
    from deskside.foundation.portal_client import PortalClient
    from deskside.secure_login.step_up.commands import with_proof

    path = f"/me/devices/{quote(device, safe='')}/parked"
    with PortalClient.open() as client:
        done = with_proof(client, "lost", lambda: client.data("POST", path))
    emit(
        done,
        _("It is out of order. Order another: deskside orders place KIND --reason battery"),
    )


@orders.command("return")
@click.argument("device")
@click.option("--form", "path", type=click.Path(path_type=Path), help="Where the form (PDF) goes.")
@command_options
def send_back(device: str, path: Path | None) -> None:
    """Announce that a device is sent back, and keep the form to print."""
    from deskside.foundation.portal_client import PortalClient
    from deskside.secure_login.step_up.commands import with_proof

    if path is not None and path.exists():
        raise Refused(
            "file-exists",
            _("The file {path} exists already; nothing was changed.").format(path=path),
            hint=_("Choose another name."),
        )
    with PortalClient.open() as client:
        address = f"/me/devices/{quote(device, safe='')}/return"
        known = with_proof(client, "return", lambda: client.data("POST", address))
        if path is not None:
            path.write_bytes(client.request("GET", f"/me/returns/{known['id']}/form").content)
    told = _("Return {reference}: put the printed form into the parcel.")
    emit(known, told.format(reference=known["reference"]))
