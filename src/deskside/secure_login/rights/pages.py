"""The portal's page of one's own ceilings."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.response import Response

from deskside.foundation.text import _
from deskside.foundation.units import number
from deskside.secure_login import words
from deskside.secure_login.authenticators import authenticator, kinds
from deskside.secure_login.dependencies import TheLogin
from deskside.secure_login.rights.rules import Amounts, Ceilings
from deskside.secure_login.rights.service import LAPSED, RELEASED, RESERVED, USED, Use
from deskside.web.service import AnyRequest, page, require_visitor

CEILINGS = "/account/ceilings"


def rights_pages() -> list[Any]:
    """The addresses."""
    return [show_ceilings]


@get(CEILINGS, sync_to_thread=True, include_in_schema=False)
def show_ceilings(request: AnyRequest, secure_login: TheLogin) -> Response[Any]:
    """What the visitor may move, what counts already, and what each device allows."""
    visitor, rights = require_visitor(request), secure_login.rights
    standing, calendar = rights.own(visitor), rights.policy.calendar
    today = calendar.day_of(secure_login.clock.now())
    first = calendar.window_from(today)
    return page(
        request,
        "pages/ceilings.html",
        crumbs=[(_("Your account"), "/account"), (_("Ceilings"), "")],
        own=[
            [
                _("Today, {day}").format(day=today.isoformat()),
                dollars(standing.ceiling.day),
                dollars(standing.used.day),
                dollars(standing.left.day),
            ],
            [
                _("Five business days, since {day}").format(day=first.isoformat()),
                dollars(standing.ceiling.window),
                dollars(standing.used.window),
                dollars(standing.left.window),
            ],
        ],
        zone=str(calendar.zone),
        level=standing.level,
        portal_only=visitor.scope != "full",
        levels=[
            [_devices(rights.policy.ceilings, each), dollars(each.day), dollars(each.window)]
            for _level, each in rights.policy.ceilings.by_level
        ],
        uses=[_row(use) for use in rights.uses(visitor.user_name_id)],
    )


def dollars(cents: int | None) -> str:
    """An amount as people read it."""
    return _("unlimited") if cents is None else f"USD {number(cents / 100, 2)}"


def state(status: str) -> str:
    """What became of an amount that was allowed."""
    return {
        RESERVED: _("Reserved"),
        USED: _("Used"),
        RELEASED: _("Released"),
        LAPSED: _("Lapsed"),
    }[status]


def _devices(ceilings: Ceilings, ceiling: Amounts) -> str:
    """The kinds of device that a ceiling is for, the strongest first."""
    levels = {kind: authenticator(kind).protection_level for kind in kinds()}
    ordered = sorted(levels, key=lambda kind: (-levels[kind], kind))
    named = [words.kind_name(kind) for kind in ordered if ceilings.of(levels[kind]) == ceiling]
    return ", ".join([*named, *([_("no device")] if ceilings.of(0) == ceiling else [])])


def _row(use: Use) -> list[str]:
    return [words.moment(use.at), use.action, dollars(use.cents), str(use.level), state(use.status)]
