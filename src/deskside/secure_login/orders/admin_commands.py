"""`deskside admin orders`: the desk's side of orders and returns, and what accounts are worth."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.commands import place_options
from deskside.foundation.console import change_options, command_options, confirm, emit, table
from deskside.foundation.errors import DesksideError, Refused
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.secure_login.office import Office
    from deskside.secure_login.orders.fulfilment import Fulfilment
    from deskside.secure_login.orders.model import Order
    from deskside.secure_login.orders.returning import Returns


@contextmanager
def _here(data: str | None, database: str | None) -> Iterator[tuple[Office, Fulfilment, Returns]]:
    from deskside.secure_login.office import office
    from deskside.secure_login.orders.configured import order_policy
    from deskside.secure_login.orders.fulfilment import Fulfilment
    from deskside.secure_login.orders.returning import Returns
    from deskside.secure_login.orders.service import Orders

    with office(data, database) as here:
        own = Orders(here.secure_login, order_policy(here.config))
        yield here, Fulfilment(own), Returns(own)


@click.group()
def orders() -> None:
    """Orders of devices: queue, assign, ship; returns; what accounts are worth."""


@orders.command("list")
@click.option("--all", "everything", is_flag=True, help="Posted and cancelled ones as well.")
@place_options
@command_options
def list_orders(everything: bool, data: str | None, database: str | None) -> None:
    """List the orders that wait."""
    with _here(data, database) as (_office, fulfilment, _returns):
        found = fulfilment.queue(everything=everything)
    rows = [[o.reference, o.user_name, o.kind, o.status.value, o.serial] for o in found]
    headings = [_("Reference"), _("User name"), _("Kind"), _("State"), _("Serial number")]
    emit({"orders": [_order(order) for order in found]}, lambda: table(headings, rows))


@orders.command("show")
@click.argument("reference")
@place_options
@command_options
def show_order(reference: str, data: str | None, database: str | None) -> None:
    """Show one order, with its address."""
    from deskside.secure_login.orders.words import order_rows

    with _here(data, database) as (_office, fulfilment, _returns):
        order = fulfilment.orders.one(reference)
    told = [f"{name}: {value}" for name, value in order_rows(order)]
    emit(_order(order) | {"address": order.address}, "\n".join(told))


@orders.command("assign")
@click.argument("reference")
@click.option("--serial", default="", help="Which one of the stock; the next if left out.")
@place_options
@command_options
def assign(reference: str, serial: str, data: str | None, database: str | None) -> None:
    """Take a device from stock for an order, or make a card that is printed.

    The codes of a card are shown once.
    """
    with _here(data, database) as (_office, fulfilment, _returns):
        order, codes = fulfilment.assign(reference, serial)
    told = [_("{reference}: {serial}").format(reference=order.reference, serial=order.serial)]
    told += [f"{number:03d} {code}" for number, code in enumerate(codes, 1)]
    emit(_order(order) | ({"codes": list(codes)} if codes else {}), "\n".join(told))


@orders.command("ship")
@click.argument("reference")
@click.option("--tracking", default="", help="The tracking number.")
@place_options
@command_options
def ship(reference: str, tracking: str, data: str | None, database: str | None) -> None:
    """Say that the device was posted: its holder's days to activate it begin."""
    with _here(data, database) as (_office, fulfilment, _returns):
        order = fulfilment.ship(reference, tracking)
    assert order.activate_by is not None
    told = _("{reference} is posted; to be activated before {day}.")
    emit(
        _order(order),
        told.format(reference=order.reference, day=order.activate_by.date().isoformat()),
    )


@orders.command("undelivered")
@click.argument("reference")
@change_options
@place_options
@command_options
def undelivered(
    reference: str, dry_run: bool, yes: bool, data: str | None, database: str | None
) -> None:
    """Say that a posted device never arrived: it ends, and its holder may order again."""
    with _here(data, database) as (_office, fulfilment, _returns):
        order = fulfilment.orders.one(reference)
        if not dry_run:
            confirm(_("End the device of {order} for good?").format(order=order.reference), yes=yes)
            order = fulfilment.undelivered(order.id)
    emit(_order(order), f"{order.reference}: {order.status.value}")


@orders.command("cancel")
@click.argument("reference")
@change_options
@place_options
@command_options
def cancel(
    reference: str, dry_run: bool, yes: bool, data: str | None, database: str | None
) -> None:
    """Cancel an order that was not posted; its device goes back into stock."""
    with _here(data, database) as (_office, fulfilment, _returns):
        order = fulfilment.orders.one(reference)
        if not dry_run:
            confirm(_("Cancel {order}?").format(order=order.reference), yes=yes)
            order = fulfilment.cancel(order.id)
    emit(_order(order), f"{order.reference}: {order.status.value}")


@orders.command("returns")
@click.option("--all", "everything", is_flag=True, help="Those that are closed as well.")
@place_options
@command_options
def list_returns(everything: bool, data: str | None, database: str | None) -> None:
    """List the devices that are expected back."""
    with _here(data, database) as (_office, _fulfilment, returns):
        found = returns.expected(everything=everything)
    rows = [[r.reference, r.user_name, r.kind, r.serial, r.status.value] for r in found]
    headings = [_("Reference"), _("User name"), _("Kind"), _("Serial number"), _("State")]
    listed = [
        {
            "reference": r.reference,
            "username": r.user_name,
            "kind": r.kind,
            "serial": r.serial,
            "status": r.status.value,
            "requested": r.requested.isoformat(),
        }
        for r in found
    ]
    emit({"returns": listed}, lambda: table(headings, rows))


@orders.command("received")
@click.argument("reference")
@click.option("--missing", is_flag=True, help="It did not arrive: its fee is due.")
@place_options
@command_options
def received(reference: str, missing: bool, data: str | None, database: str | None) -> None:
    """Book a device in that was sent back, and release what is held for it."""
    with _here(data, database) as (_office, _fulfilment, returns):
        known = returns.missing(reference) if missing else returns.received(reference)
    emit(
        {"reference": known.reference, "serial": known.serial, "status": known.status.value},
        f"{known.reference}: {known.status.value}",
    )


@orders.command("charges")
@place_options
@command_options
def charges(data: str | None, database: str | None) -> None:
    """List all reserves and fees, for the ledger.

    With --json: {"charges": [{"account","user_name","reference","serial","what","usd","status",
    "since","changed"}]}.
    """
    with _here(data, database) as (_office, fulfilment, _returns):
        found = fulfilment.lines()
    rows = [
        [line.since.date().isoformat(), line.user_name, line.what, str(line.usd), line.status]
        for line in found
    ]
    told = [
        {
            "account": line.account,
            "user_name": line.user_name,
            "reference": line.reference,
            "serial": line.serial,
            "what": line.what,
            "usd": line.usd,
            "status": line.status,
            "since": line.since.isoformat(),
            "changed": line.changed.isoformat(),
        }
        for line in found
    ]
    headings = [_("Since"), _("User name"), _("What"), "USD", _("State")]
    emit({"charges": told}, lambda: table(headings, rows))


@orders.command("remind")
@place_options
@command_options
def remind(data: str | None, database: str | None) -> None:
    """Write the reminders that are due now; a running portal does it every hour."""
    from deskside.secure_login.orders.reminders import Reminders

    with _here(data, database) as (_office, fulfilment, _returns):
        sent = Reminders(fulfilment.orders).send()
    emit({"sent": sent}, _("Reminders written: {count}").format(count=sent))


@orders.command("equity")
@click.argument("user")
@click.argument("usd", type=click.IntRange(0))
@place_options
@command_options
def equity(user: str, usd: int, data: str | None, database: str | None) -> None:
    """Keep what the account of a user name is worth, in whole USD."""
    with _here(data, database) as (here, _fulfilment, _returns):
        here.directory.set_equity(user, usd)
    emit({"username": user, "equity": usd}, _("{name}: USD {usd}").format(name=user, usd=usd))


@orders.command("import-equity")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@place_options
@command_options
def import_equity(file: Path, data: str | None, database: str | None) -> None:
    """Take what accounts are worth from a CSV file with the columns username and equity.

    Exit codes: 0 all rows are in, 1 some were refused, 3 the file cannot be read.
    """
    refused: list[dict[str, Any]] = []
    done = 0
    with _here(data, database) as (here, _fulfilment, _returns):
        for number, row in _rows(file):
            amount = (row.get("equity") or "").strip()
            try:
                if not (amount.isascii() and amount.isdecimal()):
                    raise Refused("equity-malformed", _("The equity is no whole number of USD."))
                here.directory.set_equity((row.get("username") or "").strip(), int(amount))
                done += 1
            except DesksideError as error:
                refused.append({"line": number, "problem": error.message})
    told = [f"{one['line']}: {one['problem']}" for one in refused]
    told.append(_("Kept: {done}. Refused: {refused}.").format(done=done, refused=len(refused)))
    emit({"kept": done, "refused": refused}, "\n".join(told))
    if refused:
        sys.exit(1)


@orders.command("close-account")
@click.argument("user")
@change_options
@place_options
@command_options
def close_account(
    user: str, dry_run: bool, yes: bool, data: str | None, database: str | None
) -> None:
    """Close the account of a user name, and destroy what is kept of its devices.

    Its holder is told by e-mail what to do with each device, and keeps the portal by password.
    """
    from deskside.secure_login.orders.closing import Closing

    with _here(data, database) as (here, _fulfilment, returns):
        person = here.directory.find(user)
        devices = here.secure_login.list_devices(user_name_id=person.id)
        if not dry_run:
            question = _("Close the account of {name} and end its {count} devices for good?")
            confirm(question.format(name=user, count=len(devices)), yes=yes)
            devices = Closing(returns).close(person)
    serials = [info.serial for info in devices]
    told = _("Devices that would end: {serials}") if dry_run else _("Devices ended: {serials}")
    emit(
        {"username": user, "closed": not dry_run, "devices": serials},
        told.format(serials=", ".join(serials) or "-"),
    )


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str | None]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            if not {"username", "equity"} <= set(reader.fieldnames or ()):
                raise Refused("csv-columns", _("The file needs the columns username and equity."))
            yield from ((reader.line_num, row) for row in reader)
    except (OSError, ValueError, csv.Error) as error:
        raise Refused(
            "file-unreadable", _("The file {path} cannot be read.").format(path=file)
        ) from error


def _order(order: Order) -> dict[str, Any]:
    return {
        "order": order.id,
        "reference": order.reference,
        "username": order.user_name,
        "kind": order.kind,
        "reason": order.reason.value,
        "status": order.status.value,
        "serial": order.serial,
        "tracking": order.tracking,
        "ordered": order.ordered.isoformat(),
        "ship_by": order.ship_by.isoformat(),
        "activate_by": order.activate_by.isoformat() if order.activate_by else None,
    }
