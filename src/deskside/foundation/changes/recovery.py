"""Putting right, before a command does its own work, what an interrupted one left half done.

Costs a listing of one folder where nothing was; the engine is loaded only where something was.
"""

from __future__ import annotations

import os
from pathlib import Path

from deskside.foundation.console import note
from deskside.foundation.errors import DesksideError, Unavailable
from deskside.foundation.text import _


def needs_recovery(data_folder: Path) -> bool:
    """Whether some change is marked as under way."""
    try:
        with os.scandir(data_folder / "changes" / "pending") as marks:
            return any(not mark.name.startswith(".") for mark in marks)
    except OSError:
        return False


def recover_quietly(data_folder: Path) -> None:
    """Put right what was left half done, and say so beside the data; never fails.

    Where it cannot be done now, that is said, too: the record stays, and a command that changes
    files will be refused until it can. Another process that is at work is left to it.
    """
    if not needs_recovery(data_folder):
        return
    from deskside.foundation.changes.engine import Engine

    try:
        recovered = Engine(data_folder / "changes", wait=0).recover()
    except Unavailable:
        return
    except DesksideError as error:
        note(" ".join(filter(None, [error.message, error.hint])))
        return
    for change in recovered:
        note(_("Put right after an interruption: {title}").format(title=change.title))
