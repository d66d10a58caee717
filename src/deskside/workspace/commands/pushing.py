"""`push`: send settings to a portal, merge, and choose where that cannot be done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from deskside.foundation.console import (
    EXIT_PROBLEM,
    change_options,
    command_options,
    emit,
    exit_with,
    note,
    wants_json,
)
from deskside.foundation.text import _
from deskside.workspace.commands.place import place_options, workstation
from deskside.workspace.commands.pulling import planned_restore, restore_here, undo_words

if TYPE_CHECKING:
    from deskside.workspace.model import Workspace
    from deskside.workspace.sync.merging import SideName, Wish
    from deskside.workspace.sync.model import Conflict, Pushed
    from deskside.workspace.workstation import Workstation


@click.command()
@click.option("--keep-mine", is_flag=True, help="Put this computer's on top, whatever is there.")
@click.option("--mine", multiple=True, metavar="ID", help="In this conflict, take this computer's.")
@click.option("--theirs", multiple=True, metavar="ID", help="In this conflict, take the portal's.")
@click.option("--all-mine", is_flag=True, help="In every conflict, take this computer's.")
@click.option("--all-theirs", is_flag=True, help="In every conflict, take the portal's.")
@click.option("--apply", is_flag=True, help="Restore what was merged here, too.")
@place_options
@change_options
@command_options
def push(
    root: str | None,
    user: str | None,
    *,
    keep_mine: bool,
    mine: tuple[str, ...],
    theirs: tuple[str, ...],
    all_mine: bool,
    all_theirs: bool,
    apply: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Save, then send the settings to the portal that you are logged in to.

    What other computers sent meanwhile is merged, element by element; where both changed the
    same, you choose. Nothing is ever overwritten. Without a connection they are sent later.

    \b
    Exit: 0 sent, or waiting to be sent; 1 a conflict: you choose;
    2 wrong usage; 3 refused or could not run.
    """
    from deskside.workspace.sync.model import Conflict

    wish = _wish(mine, theirs, keep_mine=keep_mine, all_mine=all_mine, all_theirs=all_theirs)
    here = workstation()
    workspace = here.choose(root, user)
    if dry_run:
        _look_before_push(here, workspace)
        return
    result = _push_asking(here, workspace, wish)
    if isinstance(result, Conflict):
        _show_conflict(result)
    elif apply and result.behind:
        _apply_merged(here, workspace, result, yes=yes)
    else:
        _show_pushed(result)


def _wish(
    mine: tuple[str, ...],
    theirs: tuple[str, ...],
    *,
    keep_mine: bool,
    all_mine: bool,
    all_theirs: bool,
) -> Wish:
    from deskside.workspace.sync.merging import Wish

    both = sorted(set(mine) & set(theirs))
    if both or (all_mine and all_theirs):
        what = ", ".join(both) or "--all-mine, --all-theirs"
        raise click.UsageError(f"Choose one side: {what}")
    chosen: dict[str, SideName] = dict.fromkeys(mine, "mine")
    chosen |= dict.fromkeys(theirs, "theirs")
    everywhere: SideName | None = "mine" if all_mine else "theirs" if all_theirs else None
    return Wish(keep_mine, everywhere, chosen)


def _push_asking(here: Workstation, workspace: Workspace, wish: Wish) -> Pushed | Conflict:
    """Push; on a terminal, ask for each conflict and push again."""
    from dataclasses import replace

    from deskside.workspace.sync.model import Conflict
    from deskside.workspace.sync.pushing import push as push_settings

    result = push_settings(here, workspace, wish)
    while isinstance(result, Conflict) and result.questions:
        if wants_json() or not _terminal():
            break
        chosen = _ask(result)
        if chosen is None:
            break
        result = push_settings(here, workspace, replace(wish, chosen={**wish.chosen, **chosen}))
    return result


def _terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


def _ask(conflict: Conflict) -> dict[str, SideName] | None:
    """The person's choice for each question; None where they would rather think about it."""
    from deskside.workspace.sync.words import question_words

    chosen: dict[str, SideName] = {}
    for question in conflict.questions:
        note(question_words(question))
        answer = click.prompt(
            _("Take this computer's (m), the portal's (t), or stop (s)?"),
            type=click.Choice(["m", "t", "s"]),
            show_choices=False,
            err=True,
        )
        if answer == "s":
            return None
        chosen[question.id] = "mine" if answer == "m" else "theirs"
    return chosen


def _show_conflict(conflict: Conflict) -> None:
    from deskside.workspace.sync.words import conflict_words

    emit(conflict.as_json(), lambda: conflict_words(conflict))
    exit_with(EXIT_PROBLEM)


def _show_pushed(pushed: Pushed) -> None:
    from deskside.workspace.sync.words import pushed_words

    emit(pushed.as_json(), lambda: pushed_words(pushed))


def _look_before_push(here: Workstation, workspace: Workspace) -> None:
    """What would be sent, without a request to anybody."""
    from deskside.workspace.sync.pulling import unsent

    changed = workspace.file.exists() and unsent(here, workspace)
    words = _("There is something to send.") if changed else _("The portal has had these already.")
    emit({"changed": False, "would_send": changed}, words)


def _apply_merged(here: Workstation, workspace: Workspace, pushed: Pushed, *, yes: bool) -> None:
    from deskside.workspace.sync.pulling import fetch, settled

    fetched = fetch(here, workspace)
    planned = planned_restore(here, workspace, fetched.content, fetched.words)
    restored = restore_here(here, planned, yes=yes)
    if fetched.version:
        settled(here, workspace, fetched)
    data = pushed.as_json() | {"restored": restored}
    words = _("Sent, and restored here: the settings are the merged ones now.")
    emit(data, words + undo_words(restored))
