"""The portal's pages of ordering a device: what it takes, the form, the check, the result."""

from __future__ import annotations

import json
from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from deskside.foundation.errors import NotFound, Refused, UsageProblem
from deskside.foundation.text import _
from deskside.secure_login import words
from deskside.secure_login.dependencies import TheOrders, TheReturns
from deskside.secure_login.orders import words as order_words
from deskside.secure_login.orders.model import Order, OrderReason, Wish
from deskside.secure_login.orders.refusals import CannotOrder, told
from deskside.secure_login.orders.rules import REPLACEABLE, may_cancel
from deskside.secure_login.orders.service import Checked, Orders, posted
from deskside.secure_login.step_up.pages import sensitive_form, verify_first
from deskside.secure_login.step_up.rules import Task
from deskside.secure_login.threads import in_thread
from deskside.secure_login.values import DeviceInfo
from deskside.web.model import Visitor
from deskside.web.service import AnyRequest, errors, form, page, redirect, require_visitor

ORDERS = "/account/orders"
NEW = f"{ORDERS}/new"
ONE = f"{ORDERS}/{{order_id:str}}"


def order_pages() -> list[Any]:
    """The addresses."""
    steps = [show_start, show_form, check, edit, place, show_placed]
    return [*steps, show_order, show_cancel, take_cancel]


@get(ORDERS, sync_to_thread=True, include_in_schema=False)
def show_start(request: AnyRequest, orders: TheOrders, returns: TheReturns) -> Response[Any]:
    """What may be ordered and what it takes; orders and returns so far."""
    visitor = require_visitor(request)
    offers = [
        {
            "label": words.kind_name(offer.kind),
            "costs": order_words.costs(offer.charges),
            "threshold": order_words.usd(offer.threshold) if offer.threshold else "",
            "refusal": " ".join(told(offer.refusal, offer.threshold)) if offer.refusal else "",
            "href": f"{NEW}?kind={offer.kind}",
        }
        for offer in orders.offers(visitor)
    ]
    return page(
        request,
        "pages/order_start.html",
        crumbs=_crumbs(here=True),
        offers=offers,
        days=orders.policy.activation.days,
        orders=[
            order_words.order_item(order, f"{ORDERS}/{order.id}")
            for order in orders.listed(visitor)
        ],
        returns=[
            order_words.return_item(known, f"/account/returns/{known.id}")
            for known in returns.listed(visitor)
        ],
    )


@get(NEW, include_in_schema=False)
async def show_form(
    request: AnyRequest, orders: TheOrders, kind: FromQuery[str] = "", replaces: FromQuery[str] = ""
) -> Response[Any]:
    """Ask for what an order takes."""
    visitor = require_visitor(request)
    if away := await verify_first(request, orders.secure_login, visitor, Task.ORDER):
        return away

    def shown() -> Response[Any]:
        fields = {"kind": kind, "replaces": replaces, "address": orders.last_address(visitor)}
        return _form(request, orders, visitor, fields)

    return await in_thread(shown)


@post(NEW, status_code=200, include_in_schema=False)
async def check(request: AnyRequest, orders: TheOrders) -> Response[Any]:
    """Judge what was entered, and show it to be checked."""
    visitor, fields = require_visitor(request), await form(request)

    def judged() -> Response[Any]:
        pin, again = fields.get("pin", ""), fields.get("again", "")
        if posted(fields.get("kind", "")).pin_when_ordered and pin != again:
            return _form(
                request, orders, visitor, fields, again=_("The two PINs are not the same.")
            )
        try:
            checked = orders.check(visitor, _wish(fields))
        except UsageProblem as error:
            field = error.code.partition("-")[0]
            told_ = {field: f"{error.message} {error.hint}".strip()}
            return _form(request, orders, visitor, fields, **told_)
        return _check(request, orders, visitor, checked)

    return await in_thread(judged)


@post(f"{ORDERS}/edit", status_code=200, include_in_schema=False)
async def edit(request: AnyRequest, orders: TheOrders) -> Response[Any]:
    """Back to the form with what was entered; a PIN is chosen anew."""
    visitor, fields = require_visitor(request), await form(request)

    def shown() -> Response[Any]:
        wish = _opened(orders, visitor, fields.get("draft", ""))
        again = {
            "kind": wish.kind,
            "reason": wish.reason.value,
            "replaces": wish.replaces,
            "address": wish.address,
            "account": wish.account,
        }
        return _form(request, orders, visitor, again)

    return await in_thread(shown)


@post(f"{ORDERS}/place", status_code=200, include_in_schema=False)
async def place(request: AnyRequest, orders: TheOrders) -> Response[Any]:
    """Order it."""
    visitor, part = require_visitor(request), orders.secure_login
    fields = await sensitive_form(request, part, visitor)
    wish = _opened(orders, visitor, fields.get("draft", ""))
    if away := await verify_first(request, part, visitor, Task.ORDER, fields):
        return away
    async with part.step_up.spending_in_thread(visitor, Task.ORDER):
        order = await in_thread(orders.place, visitor, wish)
    return redirect(f"{ORDERS}/{order.id}/placed")


@get(f"{ONE}/placed", sync_to_thread=True, include_in_schema=False)
def show_placed(request: AnyRequest, order_id: FromPath[str], orders: TheOrders) -> Response[Any]:
    """Confirm the order."""
    order = orders.shown(require_visitor(request), order_id)
    days = orders.policy.activation.days
    return page(
        request,
        "pages/message.html",
        kind="confirmation",
        title=_("Your device is ordered"),
        reference=order.reference,
        reference_label=_("Your reference"),
        lead=_("We expect to post it by {day}.").format(day=words.day(order.ship_by)),
        next_steps=[
            _("You get an e-mail when it is posted, with its serial number."),
            _("Activate it on the page of your account, within {days} days.").format(days=days),
            _(
                "Until then you log in as before. Once it is active, or the days are over, the"
                " log-in asks for it."
            ),
        ],
        actions=[
            {"href": f"{ORDERS}/{order.id}", "label": _("Look at the order")},
            {"href": "/account", "label": _("Your account")},
        ],
    )


@get(ONE, sync_to_thread=True, include_in_schema=False)
def show_order(request: AnyRequest, order_id: FromPath[str], orders: TheOrders) -> Response[Any]:
    """Where an order stands."""
    order = orders.shown(require_visitor(request), order_id)
    state, tone = order_words.state(order.status)
    return page(
        request,
        "pages/order.html",
        crumbs=[*_crumbs(), (order.reference, "")],
        title=words.kind_name(order.kind),
        state=state,
        tone=tone,
        rows=order_words.order_rows(order),
        activate_href=f"/account/devices/{order.device}" if order.shipped else "",
        cancel_href=f"{ORDERS}/{order.id}/cancel" if may_cancel(order.status) else "",
    )


@get(f"{ONE}/cancel", include_in_schema=False)
async def show_cancel(
    request: AnyRequest, order_id: FromPath[str], orders: TheOrders
) -> Response[Any]:
    """Ask whether to cancel."""
    order = await in_thread(orders.shown, require_visitor(request), order_id)
    return _cancel(request, order)


@post(f"{ONE}/cancel", status_code=200, include_in_schema=False)
async def take_cancel(
    request: AnyRequest, order_id: FromPath[str], orders: TheOrders
) -> Response[Any]:
    """Cancel an order that was not posted."""
    visitor = require_visitor(request)
    try:
        await in_thread(orders.cancel, visitor, order_id)
    except CannotOrder as error:
        order = await in_thread(orders.shown, visitor, order_id)
        return _cancel(request, order, f"{error.message} {error.hint}")
    return redirect(f"{ORDERS}/{order_id}")


def _cancel(request: AnyRequest, order: Order, problem: str = "") -> Response[Any]:
    return page(
        request,
        "pages/share_check.html",
        choices=[],
        status=409 if problem else 200,
        crumbs=[
            *_crumbs(),
            (order.reference, f"{ORDERS}/{order.id}"),
            (_("Cancel the order"), ""),
        ],
        eyebrow="",
        title=_("Cancel the order"),
        rows=[{"key": key, "value": value} for key, value in order_words.order_rows(order)],
        told=_("Nothing is held or due for it any more. You may order again at any time."),
        action=f"{ORDERS}/{order.id}/cancel",
        button=_("Cancel the order"),
        back=f"{ORDERS}/{order.id}",
        harsh=True,
        errors=errors(cancel=problem) if problem else [],
    )


def _form(
    request: AnyRequest, orders: Orders, visitor: Visitor, fields: dict[str, str], **wrong: str
) -> Response[Any]:
    kind = fields.get("kind", "")
    replaced = _replaced(orders, visitor, fields.get("replaces", ""))
    reasons = [
        (reason.value, order_words.reason(reason))
        for reason, states in REPLACEABLE.items()
        if replaced is not None and replaced.status in states
    ]
    return page(
        request,
        "pages/order_form.html",
        status=400 if wrong else 200,
        crumbs=[*_crumbs(), (words.kind_name(kind), "")],
        label=words.kind_name(kind),
        replaced=replaced.serial if replaced else "",
        values={"kind": kind, "reason": "", "account": "", **fields},
        reasons=reasons,
        with_pin=posted(kind).pin_when_ordered,
        accounts=[(key, ", ".join(names) or key[-6:]) for key, names in orders.accounts(visitor)],
        errors=errors(**wrong),
    )


def _check(
    request: AnyRequest, orders: Orders, visitor: Visitor, checked: Checked
) -> Response[Any]:
    wish = checked.wish
    accounts = dict(orders.accounts(visitor))
    carrier = accounts.get(wish.account, [])
    rows = [
        (_("Device"), words.kind_name(wish.kind)),
        (_("Why"), order_words.reason(wish.reason)),
        (_("It replaces"), checked.replaces.serial if checked.replaces else ""),
        (_("Sent to"), ", ".join(wish.address.splitlines())),
        (_("PIN"), _("chosen; it is not shown") if wish.pin else ""),
        (_("Account"), ", ".join(carrier) if len(accounts) > 1 else ""),
        *order_words.costs(checked.charges),
        (_("Estimated ship date"), words.day(checked.ship_by)),
    ]
    return page(
        request,
        "pages/order_check.html",
        crumbs=[*_crumbs(), (_("Check your answers"), "")],
        rows=[{"key": key, "value": value} for key, value in rows if value],
        draft=_sealed(orders, visitor, wish),
        headers={"cache-control": "no-store"},
    )


def _wish(fields: dict[str, str]) -> Wish:
    try:
        reason = OrderReason(fields.get("reason") or OrderReason.FIRST)
    except ValueError as error:
        raise UsageProblem("reason-missing", _("Choose why.")) from error
    if fields.get("replaces") and reason is OrderReason.FIRST:
        raise UsageProblem("reason-missing", _("Choose why."))
    return Wish(
        kind=fields.get("kind", ""),
        reason=reason,
        address=fields.get("address", ""),
        replaces=fields.get("replaces", ""),
        pin=fields.get("pin", ""),
        account=fields.get("account", ""),
    )


def _replaced(orders: Orders, visitor: Visitor, device_id: str) -> DeviceInfo | None:
    own = orders.secure_login.list_devices(user_name_id=visitor.user_name_id)
    found = next((info for info in own if info.id == device_id), None)
    if device_id and found is None:
        raise NotFound("unknown-device", _("That device is not yours."))
    return found


def _sealed(orders: Orders, visitor: Visitor, wish: Wish) -> str:
    """A wish on its way through the browser, readable by us and for this session only."""
    packed = json.dumps(
        [wish.kind, wish.reason.value, wish.address, wish.replaces, wish.pin, wish.account]
    )
    keyring = orders.secure_login.keyring
    return keyring.seal(packed.encode(), context=_draft(visitor)).hex()


def _opened(orders: Orders, visitor: Visitor, draft: str) -> Wish:
    try:
        packed = orders.secure_login.keyring.open_sealed(
            bytes.fromhex(draft), context=_draft(visitor)
        )
    except (ValueError, Refused) as error:
        raise UsageProblem(
            "draft-gone", _("What you entered is gone. Begin the order again.")
        ) from error
    kind, reason, address, replaces, pin, account = json.loads(packed)
    return Wish(kind, OrderReason(reason), address, replaces, pin, account)


def _draft(visitor: Visitor) -> str:
    return f"order draft:{visitor.session_id}"


def _crumbs(*, here: bool = False) -> list[tuple[str, str]]:
    return [(_("Your account"), "/account"), (_("Order a device"), "" if here else ORDERS)]
