"""The console's pages of orders and returns: `/desk/orders`."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from deskside.foundation.errors import DesksideError, NotFound, UsageProblem
from deskside.foundation.text import _
from deskside.secure_login import words
from deskside.secure_login.dependencies import TheDirectory, TheFulfilment, TheHelpdesk, TheReturns
from deskside.secure_login.helpdesk.rights import Right
from deskside.secure_login.helpdesk.service import Helpdesk
from deskside.secure_login.helpdesk.showing import address, crumbs
from deskside.secure_login.orders import words as order_words
from deskside.secure_login.orders.fulfilment import Fulfilment
from deskside.secure_login.orders.model import Line, Order, OrderStatus, Return
from deskside.secure_login.orders.rules import may_cancel
from deskside.secure_login.orders.service import posted
from deskside.secure_login.step_up.pages import sensitive_form, verify_first
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.threads import in_thread
from deskside.web import downloads
from deskside.web.model import Visitor
from deskside.web.service import AnyRequest, errors, form, page, redirect, require_visitor

ORDERS = "/desk/orders"
ONE = f"{ORDERS}/{{order_id:str}}"
LINE = ["account", "user_name", "reference", "serial", "what", "usd", "status", "since", "changed"]


def desk_order_pages() -> list[Any]:
    """The addresses."""
    return [show_queue, take_equity, lines_file, show_order, act, close_return]


@get(ORDERS, sync_to_thread=True, include_in_schema=False)
def show_queue(
    request: AnyRequest,
    helpdesk: TheHelpdesk,
    fulfilment: TheFulfilment,
    returns: TheReturns,
    everything: FromQuery[bool] = False,
    notice: FromQuery[str] = "",
) -> Response[Any]:
    """Orders to be carried out, and devices that are expected back."""
    visitor = require_visitor(request)
    helpdesk.require(visitor, Right.STOCK)
    return _queue(request, visitor, helpdesk, fulfilment, returns.expected(), everything, notice)


@post(f"{ORDERS}/equity", status_code=200, include_in_schema=False)
async def take_equity(
    request: AnyRequest,
    helpdesk: TheHelpdesk,
    fulfilment: TheFulfilment,
    returns: TheReturns,
    directory: TheDirectory,
) -> Response[Any]:
    """Keep what an account is worth."""
    visitor, fields = require_visitor(request), await form(request)

    def taken() -> Response[Any]:
        wrong: dict[str, str] = {}
        name, amount = fields.get("username", "").strip(), fields.get("usd", "")
        digits = amount.replace(",", "").replace(" ", "")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 15):
            wrong["usd"] = _("Enter a whole number of USD.")
        try:
            helpdesk.person(visitor, name, Right.ISSUE)
        except NotFound as error:
            wrong["username"] = error.message
        if wrong:
            return _queue(
                request, visitor, helpdesk, fulfilment, returns.expected(), False, "", fields, wrong
            )
        directory.set_equity(name, int(digits), actor=visitor.user_name_id)
        return redirect(f"{ORDERS}?notice=equity")

    return await in_thread(taken)


@get(f"{ORDERS}/lines/{{kind:str}}", sync_to_thread=True, include_in_schema=False)
def lines_file(
    request: AnyRequest, kind: FromPath[str], helpdesk: TheHelpdesk, fulfilment: TheFulfilment
) -> Response[Any]:
    """All reserves and fees as a file."""
    helpdesk.exporting(require_visitor(request), "charges")
    return downloads.download("charges", kind, map(line_row, fulfilment.lines()), LINE)


@get(ONE, include_in_schema=False)
async def show_order(
    request: AnyRequest, order_id: FromPath[str], helpdesk: TheHelpdesk, fulfilment: TheFulfilment
) -> Response[Any]:
    """One order, and what can be done about it."""
    visitor = require_visitor(request)

    def shown() -> Response[Any]:
        helpdesk.require(visitor, Right.STOCK)
        order = fulfilment.orders.one(order_id)
        return _order(request, helpdesk, visitor, fulfilment, order)

    return await in_thread(shown)


@post(ONE, status_code=200, include_in_schema=False)
async def act(
    request: AnyRequest, order_id: FromPath[str], helpdesk: TheHelpdesk, fulfilment: TheFulfilment
) -> Response[Any]:
    """Assign, post or cancel. To assign a device is to hand it out."""
    visitor, part = require_visitor(request), helpdesk.secure_login

    def allowed() -> Order:
        order = fulfilment.orders.one(order_id)
        helpdesk.person(visitor, order.user_name, Right.ISSUE)
        return order

    order = await in_thread(allowed)
    fields = await sensitive_form(request, part, visitor)
    hands_out = fields.get("do") == "assign"
    if hands_out and (away := await verify_first(request, part, visitor, Task.ISSUING, fields)):
        return away

    def done() -> Response[Any]:
        proved = part.step_up.spending(visitor, Task.ISSUING) if hands_out else nullcontext()
        try:
            with proved:
                codes = _done(fulfilment, order, fields, visitor.user_name_id)
        except DesksideError as error:
            wrong = {"tracking" if error.code.startswith("tracking") else "serial": error.message}
            again = fulfilment.orders.one(order_id)
            return _order(request, helpdesk, visitor, fulfilment, again, wrong)
        if codes:
            again = fulfilment.orders.one(order_id)
            return _order(request, helpdesk, visitor, fulfilment, again, codes=codes)
        return redirect(f"{ORDERS}/{order.id}")

    return await in_thread(done)


@post(f"{ORDERS}/returns/{{return_id:str}}", status_code=200, include_in_schema=False)
async def close_return(
    request: AnyRequest, return_id: FromPath[str], helpdesk: TheHelpdesk, returns: TheReturns
) -> Response[Any]:
    """A device arrived, or did not."""
    visitor, fields = require_visitor(request), await form(request)

    def closed() -> Response[Any]:
        known = returns.one(return_id)
        helpdesk.person(visitor, known.user_name, Right.ISSUE)
        closing = returns.missing if fields.get("do") == "missing" else returns.received
        closing(known.id, actor=visitor.user_name_id)
        return redirect(f"{ORDERS}?notice={'missing' if fields.get('do') == 'missing' else 'back'}")

    return await in_thread(closed)


def line_row(line: Line) -> dict[str, Any]:
    """A fee or reserve in an export."""
    row = asdict(line)
    return row | {"since": line.since.isoformat(), "changed": line.changed.isoformat()}


def _done(
    fulfilment: Fulfilment, order: Order, fields: dict[str, str], actor: str
) -> tuple[str, ...]:
    """Do what a button says; the codes of a card that was made."""
    match fields.get("do", ""):
        case "assign":
            return fulfilment.assign(order.id, fields.get("serial", ""), actor=actor)[1]
        case "ship":
            fulfilment.ship(order.id, fields.get("tracking", ""), actor=actor)
        case "undelivered":
            fulfilment.undelivered(order.id, actor=actor)
        case "cancel":
            fulfilment.cancel(order.id, actor=actor)
        case _:
            raise UsageProblem("unknown-action", _("There is no such action."))
    return ()


def _queue(
    request: AnyRequest,
    visitor: Visitor,
    helpdesk: Helpdesk,
    fulfilment: Fulfilment,
    expected: list[Return],
    everything: bool,
    notice: str,
    values: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
) -> Response[Any]:
    rights = helpdesk.rights(visitor)
    notices = {
        "equity": _("The equity of the account is kept."),
        "back": _("The device is booked in, and what was held for it is released."),
        "missing": _("The fee is due; what was held for the device is released against it."),
    }
    return page(
        request,
        "pages/desk_orders.html",
        status=400 if wrong else 200,
        crumbs=crumbs(_("Orders")),
        notice=notices.get(notice, ""),
        orders=[
            order_words.order_item(order, f"{ORDERS}/{order.id}") | {"who": order.user_name}
            for order in fulfilment.queue(everything=everything)
        ],
        everything=everything,
        returns=[
            order_words.return_item(known, "")
            | {"who": known.user_name, "action": f"{ORDERS}/returns/{known.id}"}
            for known in expected
        ],
        may_act=Right.ISSUE in rights,
        may_export=Right.EXPORT in rights,
        values={"username": "", "usd": "", **(values or {})},
        errors=errors(**(wrong or {})),
    )


def _order(
    request: AnyRequest,
    helpdesk: Helpdesk,
    visitor: Visitor,
    fulfilment: Fulfilment,
    order: Order,
    wrong: dict[str, str] | None = None,
    codes: tuple[str, ...] = (),
) -> Response[Any]:
    state, tone = order_words.state(order.status)
    may = Right.ISSUE in helpdesk.rights(visitor)
    made = posted(order.kind).made_to_order
    rows = [(_("User name"), order.user_name), *order_words.order_rows(order)]
    if order.serial and not order.shipped:
        rows.append((_("Serial number"), order.serial))
    return page(
        request,
        "pages/desk_order.html",
        status=400 if wrong else 200,
        crumbs=[*crumbs(_("Orders"), ORDERS), (order.reference, "")],
        title=words.kind_name(order.kind),
        state=state,
        tone=tone,
        rows=rows,
        address=order.address.splitlines(),
        person_href=address(order.user_name),
        action=f"{ORDERS}/{order.id}",
        may_act=may and may_cancel(order.status),
        may_miss=may and fulfilment.on_its_way(order),
        assigned=order.status is OrderStatus.ASSIGNED,
        made_to_order=made,
        stock=[(serial, serial) for serial in ([] if made else fulfilment.stock(order.kind))],
        serial=order.serial,
        codes=codes,
        errors=errors(**(wrong or {})),
        headers={"cache-control": "no-store"},
    )
