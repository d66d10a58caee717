"""`portal`: where the settings stand between this computer and its portal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.console import EXIT_PROBLEM, command_options, emit, exit_with, table
from deskside.foundation.text import _
from deskside.workspace.commands.place import workstation

if TYPE_CHECKING:
    from deskside.workspace.sync.standing import Standing


@click.command()
@click.option("--name", metavar="TEXT", help="Call this computer so from now on.")
@click.option("--root", metavar="DIR", help="The TWS folder, or a user's folder in it.")
@command_options
def portal(name: str | None, root: str | None) -> None:
    """Show what the portal holds, and what of this computer's settings it lacks.

    Also this computer's name and id, whether settings are encrypted end to end, and restores
    that were asked for on the portal.

    \b
    Exit: 0 fine; 1 the portal is out of reach, or something waits; 2 wrong usage; 3 could not run.
    """
    from deskside.workspace.sync.standing import standing
    from deskside.workspace.sync.workstation_id import rename

    here = workstation()
    if name is not None:
        rename(here.folder, name)
    found = standing(here, root)
    emit(found.as_json(), lambda: _rendered(found))
    if found.problem or any(row.queued for row in found.rows):
        exit_with(EXIT_PROBLEM)


def _rendered(found: Standing) -> str:
    lines = [
        _("Portal:          {portal} ({user})").format(portal=found.portal, user=found.user_name),
        _("This computer:   {name} ({id})").format(
            name=found.workstation.name, id=found.workstation.id
        ),
        _("End to end:      {state}").format(state=_encryption(found)),
    ]
    if found.problem:
        lines.append(_("Out of reach:    {reason}").format(reason=found.problem.message))
    lines += [_request(request.as_json()) for request in found.requests]
    headings = [_("Workspace"), _("Portal holds"), _("Latest there"), _("Waiting here")]
    rows = [[row.key, row.held_words, row.latest_words, row.queued or "–"] for row in found.rows]
    return "\n".join([*lines, "", table(headings, rows)])


def _encryption(found: Standing) -> str:
    state = found.encryption
    if state is None:
        return _("unknown")
    if not state.on:
        return _("off")
    if state.key_here:
        return _("on, and this computer has the key")
    return _("on, but this computer has no key: deskside settings encryption join")


def _request(request: dict[str, Any]) -> str:
    return _("Asked for:       restore {version} of {workspace}: {command}").format(
        version=request["version"],
        workspace=request["workspace"],
        command="deskside settings pull --requested",
    )
