"""`push` and `pull`: settings that a portal keeps."""

from __future__ import annotations

import click

from deskside.foundation.console import change_options, command_options, emit
from deskside.foundation.text import _
from deskside.workspace.commands.place import place_options, workstation
from deskside.workspace.commands.restoring import carry_out


@click.command()
@click.option("--keep-mine", is_flag=True, help="After a conflict: put this computer's on top.")
@place_options
@command_options
def push(root: str | None, user: str | None, *, keep_mine: bool) -> None:
    """Save, then send the settings to the portal that you are logged in to.

    Refused if the portal has settings that this computer has never seen; both are kept.
    """
    from deskside.workspace import sync

    here = workstation()
    pushed = sync.push(here, here.choose(root, user), keep_mine=keep_mine)
    words = _("Sent to the portal.") if pushed.changed else _("The portal has them already.")
    emit(pushed.as_json(), words)


@click.command()
@place_options
@change_options
@command_options
def pull(root: str | None, user: str | None, *, dry_run: bool, yes: bool) -> None:
    """Fetch the latest settings from the portal, and restore them here."""
    from deskside.workspace import sync

    here = workstation()
    workspace = here.choose(root, user)
    fetched = sync.fetch(workspace)
    planned = here.plan_content(workspace, fetched.content, fetched.words)
    carry_out(here, planned, dry_run=dry_run, yes=yes)
    if not dry_run:
        sync.settled(here, workspace, fetched)
