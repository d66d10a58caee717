"""Tending the history: `pin`, `note`, `tidy`, `forget`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deskside.foundation.console import command_options, confirm, emit, note
from deskside.foundation.text import _, ngettext
from deskside.workspace.commands.place import place_options, workstation

if TYPE_CHECKING:
    from deskside.workspace.history import Recompressed

LONGEST_TIDYING = 600.0
"""Seconds of work that one `tidy` spends on compressing further."""


@click.command()
@click.argument("snapshot")
@click.option("--off", is_flag=True, help="Unpin it.")
@command_options
def pin(snapshot: str, *, off: bool) -> None:
    """Pin a snapshot, so that no thinning ever takes it away."""
    here = workstation()
    _workspace, found = here.history.find(snapshot)
    changed = here.history.pin(found, not off)
    emit(changed.as_json(), _("Unpinned {id}.").format(id=snapshot) if off else
         _("Pinned {id}.").format(id=snapshot))  # fmt: skip


@click.command("note")
@click.argument("snapshot")
@click.argument("text")
@command_options
def edit_note(snapshot: str, text: str) -> None:
    """Give a snapshot another note."""
    here = workstation()
    _workspace, found = here.history.find(snapshot)
    emit(here.history.edit_note(found, text).as_json(), _("Noted."))


@click.command()
@command_options
def tidy() -> None:
    """Compress the history further, and thin out sealed settings.

    Of settings that the program has encrypted, all of a day are kept, one an hour for a week, one
    a day for 90 days, then one a week; pinned ones for ever. Plain settings are never thinned:
    a save of theirs takes one or two kilobytes.
    """
    here = workstation()
    removed = here.history.prune()
    done = here.history.recompress(LONGEST_TIDYING)
    data = {"removed": removed, "before": done.before, "after": done.after, "waiting": done.waiting}
    emit(data, lambda: _tidied(removed, done))


@click.command()
@place_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@command_options
def forget(root: str | None, user: str | None, *, yes: bool) -> None:
    """Delete the whole history of a workspace, for good. The settings file stays."""
    here = workstation()
    workspace = here.choose(root, user)
    count = len(here.history.snapshots(workspace))
    note(
        ngettext(
            "{workspace}: {count} snapshot would be gone for ever.",
            "{workspace}: {count} snapshots would be gone for ever.",
            count,
        ).format(workspace=workspace.name, count=count)
    )
    confirm(_("Delete the history of {workspace}?").format(workspace=workspace.name), yes=yes)
    here.history.forget(workspace)
    emit({"forgotten": count, "workspace": str(workspace.file)}, _("The history is deleted."))


def _tidied(removed: list[str], done: Recompressed) -> str:
    from deskside.foundation.units import size

    lines = [
        _("The history takes {after} now (before: {before}).").format(
            after=size(done.after), before=size(done.before)
        )
    ]
    if removed:
        words = ngettext(
            "{count} snapshot thinned out.", "{count} snapshots thinned out.", len(removed)
        )
        lines.append(words.format(count=len(removed)))
    return "\n".join(lines)
