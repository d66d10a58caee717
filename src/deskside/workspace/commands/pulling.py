"""`pull`: the settings that a portal keeps, restored here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.console import (
    EXIT_PROBLEM,
    change_options,
    command_options,
    confirm,
    emit,
    exit_with,
    note,
    wants_json,
)
from deskside.foundation.text import _
from deskside.workspace.commands.place import place_options, workstation

if TYPE_CHECKING:
    from deskside.workspace.model import Workspace
    from deskside.workspace.restoring import Restore
    from deskside.workspace.sync.client import Store
    from deskside.workspace.sync.model import Fetched
    from deskside.workspace.sync.restores import Requested
    from deskside.workspace.workstation import Workstation


@click.command()
@click.option(
    "--requested", is_flag=True, help="Carry out what was asked for on the portal instead."
)
@click.option("--wait", is_flag=True, help="Wait until the trading program has ended.")
@place_options
@change_options
@command_options
def pull(
    root: str | None, user: str | None, *, requested: bool, wait: bool, dry_run: bool, yes: bool
) -> None:
    """Fetch the latest settings from the portal, and restore them here.

    What is here now is saved first. If the download fails, the last good copy is offered, with
    why and how old it is. Close the trading program before: it writes its own when it ends.

    \b
    Exit: 0 fine; 1 the last good copy was used, or a requested restore was not done;
    2 wrong usage; 3 refused or could not run.
    """
    here = workstation()
    if requested:
        _carry_out_requested(here, dry_run=dry_run, yes=yes)
        return
    workspace = here.choose(root, user)
    if wait and not dry_run:
        from deskside.workspace.commands.restoring import wait_until_closed

        wait_until_closed(workspace)
    _pull(here, workspace, dry_run=dry_run, yes=yes)


def planned_restore(here: Workstation, workspace: Workspace, content: bytes, words: str) -> Restore:
    """Plan to restore what came from a portal."""
    from deskside.workspace import restoring

    return restoring.plan(here, workspace, restoring.Source(content, words))


def restore_here(here: Workstation, planned: Restore, *, yes: bool) -> dict[str, Any]:
    """Show, ask, restore; what was done, as JSON."""
    from deskside.workspace import restoring

    if planned.plan is None:
        return {"changed": False, "plan": None, "change": None, "saved": None}
    restoring.refuse_while_running(planned.workspace)
    if not wants_json():
        from deskside.workspace.commands.restoring import render_restore

        note(render_restore(planned))
    confirm(_("Restore? The trading program must be closed."), yes=yes)
    done = restoring.carry_out(here, planned)
    assert done.change
    return {
        "changed": True,
        "restored": planned.source,
        "saved": done.saved.id if done.saved else None,
        "change": done.change.id,
        "safety": [change.as_json() for change in planned.safety],
    }


def undo_words(restored: dict[str, Any]) -> str:
    """How to take a restore back; empty where nothing was changed."""
    if not restored["changed"]:
        return ""
    return " " + _("To take it back: deskside changes undo {id}").format(id=restored["change"])


def _pull(here: Workstation, workspace: Workspace, *, dry_run: bool, yes: bool) -> None:
    from deskside.workspace.sync.pulling import fetch, settled
    from deskside.workspace.sync.queue import send_queued

    sent = () if dry_run else send_queued(here)
    fetched = fetch(here, workspace, remember=not dry_run)
    planned = planned_restore(here, workspace, fetched.content, fetched.words)
    told = fetched.as_json() | {"sent": [one.as_json() for one in sent]}
    _say_before_pull(here, workspace, fetched)
    if dry_run:
        emit({"changed": False} | planned.as_json() | told, lambda: _look(planned))
    else:
        restored = restore_here(here, planned, yes=yes)
        settled(here, workspace, fetched)
        emit(restored | told, _restored_words(restored))
    if fetched.problem:
        exit_with(EXIT_PROBLEM)


def _say_before_pull(here: Workstation, workspace: Workspace, fetched: Fetched) -> None:
    from deskside.workspace.sync.pulling import unsent
    from deskside.workspace.sync.words import degraded_words

    if fetched.problem:
        note(degraded_words(fetched))
    if unsent(here, workspace):
        note(
            _(
                "The settings here have changes that the portal lacks. They are kept in the "
                "history; to merge them instead: deskside settings push"
            )
        )


def _restored_words(restored: dict[str, Any]) -> str:
    if not restored["changed"]:
        return _("The settings are already so; nothing was changed.")
    return _("Restored.") + undo_words(restored)


def _look(planned: Restore) -> str:
    from deskside.workspace.commands.restoring import render_restore

    if planned.plan is None:
        return _("The settings are already so.")
    return f"{render_restore(planned)}\n{_('Nothing was changed.')}"


def _carry_out_requested(here: Workstation, *, dry_run: bool, yes: bool) -> None:
    from deskside.workspace.sync.client import Store
    from deskside.workspace.sync.restores import pending

    with Store.open(here.folder) as store:
        asked = pending(here, store)
        done = [_one_requested(here, store, one, dry_run=dry_run, yes=yes) for one in asked]
    words = "\n".join(str(one["words"]) for one in done)
    nothing = _("The portal holds no request for this computer.")
    emit({"requests": done}, words or nothing)
    if any(one["result"] in ("refused", "waiting") for one in done):
        exit_with(EXIT_PROBLEM)


def _one_requested(
    here: Workstation, store: Store, asked: Requested, *, dry_run: bool, yes: bool
) -> dict[str, Any]:
    from deskside.foundation.errors import DesksideError
    from deskside.workspace.sync import restores

    told: dict[str, Any] = asked.as_json()
    try:
        fetched = restores.fetch_requested(here, store, asked)
        assert asked.workspace  # or it could not have been fetched
        planned = planned_restore(here, asked.workspace, fetched.content, fetched.words)
        if dry_run:
            return told | {"result": None, "words": _look(planned)} | planned.as_json()
        restored = restore_here(here, planned, yes=yes)
    except DesksideError as error:
        if not restores.final(error):
            return told | {"result": "waiting", "words": error.message, "reason": error.as_json()}
        restores.refused(store, asked, error)
        return told | {"result": "refused", "words": error.message, "reason": error.as_json()}
    restores.finished(here, store, asked, fetched)
    return told | {"result": "done", "words": _restored_words(restored)} | restored
