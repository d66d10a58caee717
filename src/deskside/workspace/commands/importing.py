"""`backups` and `import`: the program's own older copies, and those on other drives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deskside.foundation.console import command_options, emit, table
from deskside.foundation.text import _, ngettext
from deskside.workspace.commands.place import place_options, workstation

if TYPE_CHECKING:
    from deskside.workspace.importing import Imported
    from deskside.workspace.places.backups import Backup

_places = click.argument(
    "places",
    metavar="[FOLDER|FILE]...",
    nargs=-1,
    type=click.Path(exists=True, path_type=Path),
)


@click.command()
@_places
@place_options
@command_options
def backups(places: tuple[Path, ...], root: str | None, user: str | None) -> None:
    """List older copies of the settings, the latest first: the program's own, and those in PLACES.

    They are found by what they hold, whatever their names. `deskside settings restore FILE` puts
    one in the place of the present settings; `deskside settings import` keeps all of them.
    """
    from deskside.workspace.places.backups import found_backups

    found = found_backups(workstation().choose(root, user), places)
    emit({"backups": [backup.as_json() for backup in found]}, lambda: _table(found))


@click.command("import")
@_places
@place_options
@command_options
def import_backups(places: tuple[Path, ...], root: str | None, user: str | None) -> None:
    """Bring older copies of the settings into the history, each once.

    The present settings are not touched, and stay the latest snapshot.
    """
    from deskside.workspace.importing import bring_in
    from deskside.workspace.places.backups import found_backups

    here = workstation()
    workspace = here.choose(root, user)
    done = bring_in(here, workspace, found_backups(workspace, places))
    emit(done.as_json(), lambda: _words(done))


def _table(found: list[Backup]) -> str:
    from deskside.foundation.units import size, when

    if not found:
        return _("No older copies here. Name a folder or a drive to search there as well.")
    whose = {True: _("same user"), False: _("another user"), None: "–"}
    rows = [
        [
            when(backup.modified),
            size(backup.size),
            backup.version.words if backup.version else "–",
            whose[backup.same_user],
            backup.problem or _("whole"),
            str(backup.file),
        ]
        for backup in found
    ]
    headings = [_("Written"), _("Size"), _("Build"), _("Of"), _("State"), _("File")]
    return table(headings, rows)


def _words(done: Imported) -> str:
    saved = len(done.saved)
    lines = [
        ngettext("{count} copy imported.", "{count} copies imported.", saved).format(count=saved)
    ]
    if known := len(done.known):
        lines.append(
            ngettext(
                "{count} was in the history already.",
                "{count} were in the history already.",
                known,
            ).format(count=known)
        )
    lines += [
        _("Left out: {file}: {reason}").format(file=backup.file, reason=reason)
        for backup, reason in done.left_out
    ]
    return "\n".join(lines)
