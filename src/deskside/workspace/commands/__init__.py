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
        "show": (f"{_HERE}.keeping:show", "Show one snapshot."),
        "export": (f"{_HERE}.keeping:export", "Write a snapshot into a new file."),
        "verify": (f"{_HERE}.verifying:verify", "Check the file and the whole history."),
    },
    "Bring back": {
        "restore": (f"{_HERE}.restoring:restore", "Restore a snapshot or another file."),
    },
    "With a portal": {
        "push": (f"{_HERE}.portal:push", "Save, then send to the portal."),
        "pull": (f"{_HERE}.portal:pull", "Fetch the latest, and restore it here."),
    },
}


@click.group(cls=LazyGroup, sections=SECTIONS)
@command_options
def settings() -> None:
    """Save and restore TWS settings; nothing that was saved is ever lost.

    \b
    Exit: 0 fine, 1 a problem was found, 2 wrong usage, 3 refused or could not run.
    """
