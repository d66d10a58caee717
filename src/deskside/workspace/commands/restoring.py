"""`restore`: put earlier settings, or other ones, in the place of the present ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.console import change_options, command_options, confirm, emit, note
from deskside.foundation.text import _
from deskside.workspace.commands.place import place_options, workstation

if TYPE_CHECKING:
    from deskside.workspace.model import Workspace
    from deskside.workspace.restoring import Restore
    from deskside.workspace.workstation import Workstation

LONGEST_WAIT = 12 * 3600
"""Seconds that `--wait` waits for the trading program to end."""


@click.command()
@click.argument("source", metavar="SNAPSHOT|FILE|latest")
@click.option(
    "--part",
    metavar="PART",
    help="Only this part: api, watchlists, layout, hot-keys, presets, …; all else stays.",
)
@click.option("--wait", is_flag=True, help="Wait until the trading program has ended.")
@place_options
@change_options
@command_options
def restore(
    source: str,
    root: str | None,
    user: str | None,
    *,
    part: str | None,
    wait: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Put a snapshot, or another settings file, in the place of the present settings.

    What is there now is saved first, and `deskside changes undo` takes the restore back. Changes
    that bear on safety are shown apart. Refused while the trading program runs, which writes its
    own settings when it ends. Where the program keeps settings on its vendor's server, the plan
    switches that off, or the next log-in would fetch them over what was restored.
    """
    from deskside.workspace import restoring

    here = workstation()
    if root is None and user is None and _is_snapshot(source):
        workspace, _snapshot = here.history.find(source)
    else:
        workspace = here.choose(root, user)
    if wait and not dry_run:
        wait_until_closed(workspace)
    chosen = restoring.source(here, workspace, source)
    planned = restoring.plan(here, workspace, chosen, part=part)
    carry_out(here, planned, dry_run=dry_run, yes=yes)


def carry_out(
    here: Workstation,
    planned: Restore,
    *,
    dry_run: bool,
    yes: bool,
    more: dict[str, Any] | None = None,
) -> None:
    """Show a restore, ask, do it, and say how to take it back.

    Args:
        more: what else belongs into the JSON document.
    """
    from deskside.workspace import restoring

    known = more or {}
    if planned.plan is None:
        words = _("The settings are already so; nothing was changed.")
        emit({"changed": False, "plan": None, "change": None, "saved": None} | known, words)
        return
    if dry_run:
        emit({"changed": False} | planned.as_json() | known, lambda: _look(planned))
        return
    restoring.refuse_while_running(planned.workspace)
    note(render_restore(planned))
    confirm(_("Restore? The trading program must be closed."), yes=yes)
    done = restoring.carry_out(here, planned)
    assert done.change
    data = {
        "changed": True,
        "restored": planned.source,
        "saved": done.saved.id if done.saved else None,
        "change": done.change.id,
        "safety": [change.as_json() for change in planned.safety],
    } | known
    emit(data, _("Restored. To take it back: deskside changes undo {id}").format(id=done.change.id))


def wait_until_closed(workspace: Workspace) -> None:
    """Wait until the program has ended, saying so once."""
    from deskside.workspace import restoring
    from deskside.workspace.places import running

    if any(program.certain for program in restoring.programs(workspace)):
        note(_("Waiting until the trading program has ended (Ctrl+C to stop)…"))
    running.wait_until_closed(workspace, LONGEST_WAIT)


def render_restore(planned: Restore) -> str:
    """A restore as a terminal shows it: the plan, what bears on safety, what else to know."""
    from deskside.foundation.changes.rendering import render_plan
    from deskside.workspace.document.rendering_terminal import render_safety

    assert planned.plan
    shown = [render_plan(planned.plan)]
    if planned.safety:
        shown.append(render_safety(planned.safety))
    shown += [f"{click.style('!', fg='yellow')} {remark}" for remark in planned.remarks]
    return "\n".join(shown)


def _look(planned: Restore) -> str:
    return f"{render_restore(planned)}\n{_('Nothing was changed.')}"


def _is_snapshot(source: str) -> bool:
    """Whether it names a snapshot of some workspace, and no file."""
    from deskside.workspace.restoring import LATEST

    return source != LATEST and not Path(source).expanduser().exists()
