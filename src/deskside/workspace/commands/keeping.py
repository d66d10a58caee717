"""Saving settings and looking at what was saved: `list`, `save`, `history`, `show`, `export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deskside.foundation.console import command_options, emit, table
from deskside.foundation.text import _
from deskside.workspace.commands.place import place_options, workstation

if TYPE_CHECKING:
    from deskside.workspace.model import Kind, Snapshot, Workspace


@click.command("list")
@place_options
@command_options
def list_workspaces(root: str | None, user: str | None) -> None:
    """List the workspaces on this computer."""
    here = workstation()
    listed = [w for w in here.workspaces(root) if user is None or w.answers_to(user)]
    data, rows = [], []
    for workspace in listed:
        held = here.history.snapshots(workspace)
        data.append(
            {
                "name": workspace.name,
                "user": workspace.user,
                "program": workspace.program,
                "build": workspace.build or None,
                "mode": workspace.mode.value if workspace.mode else None,
                "file": str(workspace.file),
                "exists": workspace.file.exists(),
                "snapshots": len(held),
                "latest": held[0].as_json() if held else None,
            }
        )
        mode, program = (
            workspace.mode_words or "–",
            f"{workspace.program} {workspace.build}".rstrip(),
        )
        rows.append([workspace.user, program, mode, str(len(held)), str(workspace.file)])
    headings = [_("User folder"), _("Program"), _("Mode"), _("Snapshots"), _("File")]
    emit({"workspaces": data}, lambda: table(headings, rows))


@click.command()
@click.option("--note", "note_text", default="", metavar="TEXT", help="What to remember it by.")
@place_options
@command_options
def save(note_text: str, root: str | None, user: str | None) -> None:
    """Save the settings as they are now. Unchanged settings make no second snapshot."""
    here = workstation()
    saved = here.save(here.choose(root, user), note_text)
    words = _("Saved as {id}.") if saved.changed else _("Unchanged since {id}.")
    emit(saved.as_json(), words.format(id=saved.snapshot.id))


@click.command()
@place_options
@command_options
def history(root: str | None, user: str | None) -> None:
    """List the snapshots of a workspace, the latest first."""
    here = workstation()
    listed = here.history.snapshots(here.choose(root, user))
    emit({"snapshots": [s.as_json() for s in listed]}, lambda: _history_table(listed))


@click.command()
@click.argument("snapshot")
@command_options
def show(snapshot: str) -> None:
    """Show what is known of one snapshot, having checked its content."""
    from deskside.workspace.rules import kind_of

    here = workstation()
    workspace, found = here.history.find(snapshot)
    kind = kind_of(here.history.content(found))
    data = found.as_json() | {"workspace": str(workspace.file), "kind": kind.value}
    emit(data, lambda: _snapshot_table(found, workspace, kind))


@click.command()
@click.argument("snapshot")
@click.argument("file", type=click.Path(path_type=Path))
@command_options
def export(snapshot: str, file: Path) -> None:
    """Write a snapshot into a new FILE, byte for byte.

    The trading program may run: it can open the file itself, and the command says how.
    """
    here = workstation()
    _workspace, found = here.history.find(snapshot)
    write_new(file, here.history.content(found))
    words = _("Written to {file}.").format(file=file)
    emit(found.as_json() | {"file": str(file)}, f"{words}\n{how_to_open(file)}")


def write_new(file: Path, content: bytes) -> None:
    """Write a file that is for this person alone, and never over another one."""
    from deskside.foundation.errors import Refused
    from deskside.foundation.paths import create_private

    if not create_private(file.absolute(), content):
        raise Refused(
            "file-exists",
            _("{file} exists already; nothing was written.").format(file=file),
            hint=_("Choose another name, or move that file away."),
        )


def how_to_open(file: Path) -> str:
    """How a running program takes settings from a file (article 2323)."""
    steps = (
        _("File > Settings Recovery (newer: File > Layout Settings > Layout/Settings Recovery)"),
        _("Choose Custom, press OK, and go to {folder}").format(folder=file.absolute().parent),
        _("Pick {name} and press Open").format(name=file.name),
        _("Choose “Open without reporting problem”: the other answer sends a report to the vendor"),
    )
    lines = [f"  {number}. {step}" for number, step in enumerate(steps, 1)]
    return "\n".join([_("To load it into a program that runs:"), *lines])


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
