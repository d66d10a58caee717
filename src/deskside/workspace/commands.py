"""`deskside settings`: save, look back, restore, and send settings from one computer to another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
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
    table,
)
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.workspace.model import Kind, Snapshot, Workspace
    from deskside.workspace.workstation import Restore, Workstation

Command = Callable[..., Any]


@click.group()
def settings() -> None:
    """Save and restore TWS settings; nothing that was saved is ever lost.

    \b
    Exit: 0 fine, 1 a problem was found, 2 wrong usage, 3 refused or could not run.
    """


def place_options(command: Command) -> Command:
    """Give a command `--root` and `--user`."""
    user = click.option(
        "--user", metavar="NAME", help="The user's folder, where there are several."
    )
    root = click.option("--root", metavar="DIR", help="The TWS folder, or a user's folder in it.")
    return root(user(command))


@settings.command("list")
@place_options
@command_options
def list_workspaces(root: str | None, user: str | None) -> None:
    """List the workspaces on this computer."""
    here = _workstation()
    listed = [w for w in here.workspaces(root) if user is None or w.answers_to(user)]
    data, rows = [], []
    for workspace in listed:
        held = here.history.snapshots(workspace)
        data.append(
            {
                "name": workspace.name,
                "user": workspace.user,
                "program": workspace.program,
                "file": str(workspace.file),
                "exists": workspace.file.exists(),
                "snapshots": len(held),
                "latest": held[0].as_json() if held else None,
            }
        )
        rows.append([workspace.user, workspace.program, str(len(held)), str(workspace.file)])
    headings = [_("User folder"), _("Program"), _("Snapshots"), _("File")]
    emit({"workspaces": data}, lambda: table(headings, rows))


@settings.command()
@click.option("--note", "note_text", default="", metavar="TEXT", help="What to remember it by.")
@place_options
@command_options
def save(note_text: str, root: str | None, user: str | None) -> None:
    """Save the settings as they are now. Unchanged settings make no second snapshot."""
    here = _workstation()
    saved = here.save(here.choose(root, user), note_text)
    words = _("Saved as {id}.") if saved.changed else _("Unchanged since {id}.")
    emit(saved.as_json(), words.format(id=saved.snapshot.id))


@settings.command()
@place_options
@command_options
def history(root: str | None, user: str | None) -> None:
    """List the snapshots of a workspace, the latest first."""
    here = _workstation()
    listed = here.history.snapshots(here.choose(root, user))
    emit({"snapshots": [s.as_json() for s in listed]}, lambda: _history_table(listed))


@settings.command()
@click.argument("snapshot")
@command_options
def show(snapshot: str) -> None:
    """Show what is known of one snapshot, having checked its content."""
    from deskside.workspace.rules import kind_of

    here = _workstation()
    workspace, found = here.history.find(snapshot)
    kind = kind_of(here.history.content(found))
    data = found.as_json() | {"workspace": str(workspace.file), "kind": kind.value}
    emit(data, lambda: _snapshot_table(found, workspace, kind))


@settings.command()
@click.argument("source", metavar="SNAPSHOT|FILE")
@place_options
@change_options
@command_options
def restore(source: str, root: str | None, user: str | None, *, dry_run: bool, yes: bool) -> None:
    """Put a snapshot, or another settings file, in the place of the present settings.

    What is there now is saved first, and `deskside changes undo` takes the restore back. Close
    the trading program before: it writes its own settings when it ends.
    """
    here = _workstation()
    if root is None and user is None and not Path(source).exists():
        workspace, _snapshot = here.history.find(source)
    else:
        workspace = here.choose(root, user)
    _restore(here, here.plan_restore(workspace, source), dry_run=dry_run, yes=yes)


@settings.command()
@click.argument("snapshot")
@click.argument("file", type=click.Path(path_type=Path))
@command_options
def export(snapshot: str, file: Path) -> None:
    """Write a snapshot into a new FILE, byte for byte."""
    from deskside.foundation.errors import Refused
    from deskside.foundation.paths import create_private

    here = _workstation()
    _workspace, found = here.history.find(snapshot)
    if not create_private(file.absolute(), here.history.content(found)):
        raise Refused(
            "file-exists",
            _("{file} exists already; nothing was written.").format(file=file),
            hint=_("Choose another name, or move that file away."),
        )
    emit(found.as_json() | {"file": str(file)}, _("Written to {file}.").format(file=file))


@settings.command()
@place_options
@command_options
def verify(root: str | None, user: str | None) -> None:
    """Check the settings file and every snapshot of the history."""
    from deskside.foundation.findings import Verdict, report, verdict
    from deskside.foundation.findings_terminal import render_report
    from deskside.foundation.registry import Situation, run
    from deskside.workspace.checks import History, SettingsFile

    options = {name: value for name, value in (("root", root), ("user", user)) if value}
    findings = [f for check in (SettingsFile(), History()) for f in run(check, Situation(options))]
    result = verdict(findings)
    emit(report(findings), lambda: render_report(findings, result))
    if result is not Verdict.SUCCESS:
        exit_with(EXIT_PROBLEM)


@settings.command()
@click.option("--keep-mine", is_flag=True, help="After a conflict: put this computer's on top.")
@place_options
@command_options
def push(root: str | None, user: str | None, *, keep_mine: bool) -> None:
    """Save, then send the settings to the portal that you are logged in to.

    Refused if the portal has settings that this computer has never seen; both are kept.
    """
    from deskside.workspace import sync

    here = _workstation()
    pushed = sync.push(here, here.choose(root, user), keep_mine=keep_mine)
    words = _("Sent to the portal.") if pushed.changed else _("The portal has them already.")
    emit(pushed.as_json(), words)


@settings.command()
@place_options
@change_options
@command_options
def pull(root: str | None, user: str | None, *, dry_run: bool, yes: bool) -> None:
    """Fetch the latest settings from the portal, and restore them here."""
    from deskside.workspace import sync

    here = _workstation()
    workspace = here.choose(root, user)
    fetched = sync.fetch(workspace)
    planned = here.plan_content(workspace, fetched.content, fetched.words)
    _restore(here, planned, dry_run=dry_run, yes=yes)
    if not dry_run:
        sync.settled(here, workspace, fetched)


def _workstation() -> Workstation:
    from deskside.workspace.workstation import Workstation

    return Workstation.open()


def _restore(here: Workstation, planned: Restore, *, dry_run: bool, yes: bool) -> None:
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


def _snapshot_table(found: Snapshot, workspace: Workspace, kind: Kind) -> str:
    from deskside.foundation.units import size, when

    rows = [
        (_("Snapshot"), found.id),
        (_("Saved"), when(found.created)),
        (_("Size"), size(found.size)),
        ("SHA-256", found.sha256),
        (_("Note"), found.note or "–"),
        (_("Workspace"), workspace.name),
        (_("File"), str(workspace.file)),
        (_("Kind"), kind.value),
    ]
    width = max(len(label) for label, _value in rows)
    return "\n".join(f"{label:<{width}}  {value}" for label, value in rows)


def _history_table(listed: list[Snapshot]) -> str:
    if not listed:
        return _("No snapshot yet: deskside settings save")
    from deskside.foundation.units import size, when

    rows = [[s.id, when(s.created), size(s.size), s.sha256[:12], s.note] for s in listed]
    return table([_("Snapshot"), _("Saved"), _("Size"), "SHA-256", _("Note")], rows)
