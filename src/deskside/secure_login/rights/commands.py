"""`deskside ceilings` for oneself at the portal, and `deskside admin ceilings` for the operator."""

from __future__ import annotations

from typing import Any

import click

from deskside.foundation.commands import place_options
from deskside.foundation.console import command_options, emit, table
from deskside.foundation.text import _


@click.command()
@command_options
def ceilings() -> None:
    """Show what your session may move, and what is used.

    The ceiling is that of the device that you logged in with. With --json: {"protection_level",
    "actions", "ceiling": {"day","five_days"}, "used", "left", "zone", "day", "window_from"};
    null is unlimited.
    """
    from deskside.foundation.portal_client import PortalClient

    with PortalClient.open() as client:
        told: dict[str, Any] = client.data("GET", "/me/ceilings")
    columns = [told["ceiling"], told["used"], told["left"]]
    rows = [
        [label, *(_dollars(column[span]) for column in columns)]
        for label, span in ((_("Today"), "day"), (_("Five business days"), "five_days"))
    ]
    emit(told, lambda: table([_("Span"), _("Ceiling"), _("Used"), _("Left")], rows))


@click.command()
@click.argument("name", required=False)
@place_options
@command_options
def desk_ceilings(name: str | None, data: str | None, database: str | None) -> None:
    """Show the desk's ceilings; with a user NAME, what that one was allowed lately."""
    from deskside.secure_login.office import office

    with office(data, database) as here:
        rights = here.secure_login.rights
        policy = rights.policy
        levels = [
            {"level": level, "day": _written(each.day), "five_days": _written(each.window)}
            for level, each in policy.ceilings.by_level
        ]
        if name is None:
            told = {"actions": list(policy.actions), "zone": str(policy.calendar.zone)}
            rows = [
                [str(one["level"]), _dollars(one["day"]), _dollars(one["five_days"])]
                for one in levels
            ]
            headings = [_("From level"), _("A day"), _("Five business days")]
            emit(told | {"ceilings": levels}, lambda: table(headings, rows))
            return
        user = here.directory.find(name)
        used, uses = rights.used(user.id), rights.uses(user.id)
    listed = [
        {
            "decision": use.id,
            "at": use.at.isoformat(),
            "action": use.action,
            "amount": _written(use.cents),
            "protection_level": use.level,
            "status": use.status,
        }
        for use in uses
    ]
    document = {
        "username": user.name,
        "used": {"day": _written(used.day), "five_days": _written(used.window)},
        "uses": listed,
    }
    headings = [_("When"), _("Action"), _("Amount"), _("Level"), _("State")]
    rows = [
        [str(use.at), use.action, _dollars(_written(use.cents)), str(use.level), use.status]
        for use in uses
    ]
    total = _("Used today: {day}; in five business days: {window}").format(
        day=_dollars(_written(used.day)), window=_dollars(_written(used.window))
    )
    emit(document, lambda: "\n".join([total, *([table(headings, rows)] if rows else [])]))


def _written(cents: int | None) -> str | None:
    from deskside.secure_login.rights.rules import written

    return written(cents)


def _dollars(amount: Any) -> str:
    return _("unlimited") if amount is None else f"USD {amount}"
