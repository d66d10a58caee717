"""`deskside mobile`: can this phone run the app, and how does it get there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deskside.foundation.console import EXIT_PROBLEM, command_options, emit, exit_with, table
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.workstation.mobile.model import Answer, Route


@click.command()
@click.argument("device", nargs=-1)
@click.option("--qr", is_flag=True, help="Show a code that leads a phone to the store.")
@command_options
def mobile(device: tuple[str, ...], *, qr: bool) -> None:
    """Say whether DEVICE can run the broker's app, by which store, and what to do today.

    \b
    Examples:
      deskside mobile                  all that is known
      deskside mobile BlackBerry Z10   one device; names need not be exact
      deskside mobile iphone --qr      with a code for its camera

    \b
    Exit: 0 fine, 1 the device cannot run it today, 2 wrong usage, 3 refused or could not run.
    """
    from deskside.workstation.mobile import service

    if not device:
        rows = [[one.name, _stores(one.routes), one.today] for one in service.platforms()]
        data = [{"id": one.id, "name": one.name, "today": one.today} for one in service.platforms()]
        emit({"platforms": data}, table([_("Device"), _("Store"), _("Today")], rows))
        return
    found = service.answer(" ".join(device))
    emit(found.as_json(), lambda: _shown(found, qr=qr))
    if not found.platform.possible(found.day):
        exit_with(EXIT_PROBLEM)


def _stores(routes: tuple[Route, ...]) -> str:
    return ", ".join(route.store for route in routes) or "–"


def _shown(found: Answer, *, qr: bool) -> str:
    from deskside.workstation.mobile import service

    lines = [click.style(found.device, bold=True), found.platform.today, ""]
    for route in found.platform.routes:
        ended = "" if route.open_on(found.day) else _("ended on {day}").format(day=route.valid_to)
        lines.append("  ".join(filter(None, [f"  {route.store}", route.url, ended])))
    lines.append(_("What to expect: {words}").format(words=found.platform.expect))
    if qr:
        lines += [
            service.qr_terminal(r.url)
            for r in found.platform.routes
            if r.url and r.open_on(found.day)
        ]
    return "\n".join(lines)
