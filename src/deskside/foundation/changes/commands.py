"""`deskside changes`: what Deskside changed on this computer, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deskside.foundation.console import (
    change_options,
    command_options,
    confirm,
    emit,
    table,
)
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.foundation.changes.engine import Engine


@click.group()
def changes() -> None:
    """List, show and undo changes to files; clear what only old ones need.

    \b
    Examples:
      deskside changes list                    what was changed, the latest first
      deskside changes undo ID                 put everything back as it was
      deskside changes prune --keep 30         keep contents of the last 30 days only

    \b
    Exit: 0 fine, 2 wrong usage, 3 refused or could not run.
    """


@changes.command("list")
@command_options
def list_changes() -> None:
    """List all changes, the latest first."""
    from deskside.foundation.changes.rendering import state_word
    from deskside.foundation.units import when

    listed = engine().list()
    rows = [[c.id, when(c.created), state_word(c.state), c.title] for c in listed]
    emit(
        {"changes": [change.as_json() for change in listed]},
        table([_("Id"), _("When"), _("State"), _("What")], rows)
        if rows
        else _("Nothing has been changed yet."),
    )


@changes.command()
@click.argument("identifier", metavar="ID")
@command_options
def show(identifier: str) -> None:
    """Show one change with every path that it touched."""
    from deskside.foundation.changes.rendering import render_change

    change = engine().show(identifier)
    emit(change.details(), lambda: render_change(change))


@changes.command()
@click.argument("identifier", metavar="ID")
@change_options
@command_options
def undo(identifier: str, *, dry_run: bool, yes: bool) -> None:
    """Put every file of a change back as it was before.

    Refused if one of them has been changed by something else since.
    """
    from deskside.foundation.changes.rendering import render_look, render_plan

    made = engine()
    plan = made.plan_undo(identifier)
    if dry_run:
        emit({"plan": plan.as_json()}, lambda: render_look(plan))
        return
    if not yes:
        click.echo(render_plan(plan), err=True)
    confirm(_("Undo this change?"), yes=yes)
    change = made.undo(identifier)
    emit(change.as_json(), _("Undone: {title}").format(title=change.title))


@changes.command()
@command_options
def recover() -> None:
    """Put right what an interrupted command left half done. Every command does this by itself."""
    recovered = engine(recovered=False).recover()
    emit(
        {"recovered": [change.as_json() for change in recovered]},
        "\n".join(_("Put right: {title}").format(title=change.title) for change in recovered)
        or _("There was nothing to put right."),
    )


@changes.command()
@click.option(
    "--keep",
    type=click.IntRange(0, 36_500),
    default=90,
    show_default=True,
    metavar="DAYS",
    help="Keep what changes of so many days took away.",
)
@change_options
@command_options
def prune(keep: int, *, dry_run: bool, yes: bool) -> None:
    """Clear what old changes took away; those cannot be undone any more.

    The list of changes stays whole. What is under way keeps everything.
    """
    from datetime import timedelta

    from deskside.foundation.changes.rendering import render_pruning

    made, age = engine(), timedelta(days=keep)
    pruning = made.prune(age, dry_run=True)
    if dry_run or not (pruning.changes or pruning.blobs):
        emit(pruning.as_json(), lambda: render_pruning(pruning, dry_run=dry_run))
        return
    if pruning.undoable and not yes:
        click.echo(render_pruning(pruning, dry_run=True), err=True)
        confirm(_("Clear them?"), yes=yes)
    done = made.prune(age)
    emit(done.as_json(), lambda: render_pruning(done, dry_run=False))


def engine(*, recovered: bool = True) -> Engine:
    """This person's change engine, with nothing left half done."""
    from deskside.foundation.changes.engine import Engine
    from deskside.foundation.paths import data_folder

    made = Engine(data_folder() / "changes")
    if recovered:
        made.recover()
    return made
