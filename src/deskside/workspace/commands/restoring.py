"""`restore`: put earlier settings, or other ones, in the place of the present ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deskside.foundation.console import change_options, command_options, confirm, emit, note
from deskside.foundation.text import _
from deskside.workspace.commands.place import place_options, workstation

if TYPE_CHECKING:
    from deskside.workspace.workstation import Restore, Workstation


@click.command()
@click.argument("source", metavar="SNAPSHOT|FILE")
@place_options
@change_options
@command_options
def restore(source: str, root: str | None, user: str | None, *, dry_run: bool, yes: bool) -> None:
    """Put a snapshot, or another settings file, in the place of the present settings.

    What is there now is saved first, and `deskside changes undo` takes the restore back. Close
    the trading program before: it writes its own settings when it ends.
    """
    here = workstation()
    if root is None and user is None and not Path(source).exists():
        workspace, _snapshot = here.history.find(source)
    else:
        workspace = here.choose(root, user)
    carry_out(here, here.plan_restore(workspace, source), dry_run=dry_run, yes=yes)


def carry_out(here: Workstation, planned: Restore, *, dry_run: bool, yes: bool) -> None:
    """Show a restore, ask, do it, and say how to take it back."""
    from deskside.foundation.changes.rendering import render_look, render_plan

    if planned.plan is None:
        words = _("The settings are already so; nothing was changed.")
        emit({"changed": False, "plan": None, "change": None, "saved": None}, words)
        return
    if dry_run:
        shown = planned.plan
        emit({"changed": False, "plan": shown.as_json()}, lambda: render_look(shown))
        return
    note(render_plan(planned.plan))
    confirm(_("Restore? The trading program must be closed."), yes=yes)
    done = here.restore(planned)
    assert done.change
    data = {
        "changed": True,
        "restored": planned.source,
        "saved": done.saved.id if done.saved else None,
        "change": done.change.id,
    }
    emit(data, _("Restored. To take it back: deskside changes undo {id}").format(id=done.change.id))
