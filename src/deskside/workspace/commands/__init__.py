"""`deskside settings`: save, look back, restore, compare, and move settings between computers.

One module for each group of commands that a person uses together; none is imported before it runs.
"""

from __future__ import annotations

import click

from deskside.foundation.console import command_options
from deskside.foundation.lazy_commands import LazyGroup, Table

_HERE = "deskside.workspace.commands"

SECTIONS: dict[str, Table] = {
    "Keep and look back": {
        "list": (f"{_HERE}.keeping:list_workspaces", "List the workspaces on this computer."),
        "save": (f"{_HERE}.keeping:save", "Save the settings as they are now."),
        "history": (f"{_HERE}.keeping:history", "List the snapshots, the latest first."),
        "diff": (f"{_HERE}.comparing:diff", "Show what differs between two settings."),
        "show": (f"{_HERE}.keeping:show", "Show one snapshot."),
        "export": (f"{_HERE}.keeping:export", "Write a snapshot into a new file."),
        "verify": (f"{_HERE}.verifying:verify", "Check the file and the whole history."),
        "pin": (f"{_HERE}.tending:pin", "Keep a snapshot for ever."),
        "note": (f"{_HERE}.tending:edit_note", "Give a snapshot another note."),
        "tidy": (f"{_HERE}.tending:tidy", "Compress further; thin out sealed settings."),
        "forget": (f"{_HERE}.tending:forget", "Delete a history, for good."),
        "watch": (f"{_HERE}.watching:watch", "Save whenever the program does."),
        "backups": (f"{_HERE}.importing:backups", "List the program's own older copies."),
        "import": (f"{_HERE}.importing:import_backups", "Bring older copies into the history."),
    },
    "Bring back": {
        "restore": (f"{_HERE}.restoring:restore", "Restore a snapshot or another file."),
        "transfer": (f"{_HERE}.transferring:transfer", "Bring settings to another user."),
    },
    "With a portal": {
        "push": (f"{_HERE}.pushing:push", "Save, then send to the portal."),
        "pull": (f"{_HERE}.pulling:pull", "Fetch the latest, and restore it here."),
        "portal": (f"{_HERE}.portal:portal", "Show what is there, and what waits here."),
        "encryption": (f"{_HERE}.encryption:encryption", "Encrypt end to end."),
    },
}


@click.group(cls=LazyGroup, sections=SECTIONS)
@command_options
def settings() -> None:
    """Save and restore TWS settings; nothing that was saved is ever lost.

    \b
    Exit: 0 fine, 1 a problem was found, 2 wrong usage, 3 refused or could not run.
    """
