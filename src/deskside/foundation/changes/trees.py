"""Whole folders: built beside their place before they take its name, and cleared away."""

from __future__ import annotations

import stat
from pathlib import PurePosixPath

from deskside.foundation.changes.files import Files
from deskside.foundation.changes.journal import Journal, damaged
from deskside.foundation.changes.model import FileState, Kind, digest_of, folder_state
from deskside.foundation.changes.places import Place, is_link

OPEN_FOLDER = 0o700


def build(files: Files, journal: Journal, place: Place, goal: FileState) -> None:
    """Build a folder from what is kept of it, forced to the disk.

    Raises:
        Refused: `backup-damaged`.
    """
    clear(files, place)
    files.make_folder(place, OPEN_FOLDER if goal.manifest else goal.mode or 0o777)
    tree = journal.tree(goal)
    if digest_of(folder_state(tree)) != goal.digest:
        raise damaged(place.full, goal.digest, digest_of(folder_state(tree)))
    for path, state in tree:
        _build_entry(files, journal, place.under(path), state)
    folders = [(path, state) for path, state in tree if state.kind is Kind.FOLDER]
    for path, state in reversed([(PurePosixPath(), goal), *folders]):
        files.finish_folder(place.under(path), state)


def _build_entry(files: Files, journal: Journal, place: Place, state: FileState) -> None:
    if state.kind is Kind.FOLDER:
        files.make_folder(place, OPEN_FOLDER)
    elif state.kind is Kind.POINTER:
        files.point(place, state.target)
    else:
        written = files.create(place, journal.content(state), state)
        if written != state.digest:
            raise damaged(place.full, state.digest, written)


def clear(files: Files, place: Place) -> None:
    """Remove whatever is at a place, folders with all that is in them; links are not followed."""
    info = files.look(place)
    if info is None:
        return
    if is_link(info) or not stat.S_ISDIR(info.st_mode):
        files.remove(place)
        return
    if stat.S_IMODE(info.st_mode) & OPEN_FOLDER != OPEN_FOLDER:
        files.open_up(place, OPEN_FOLDER)
    for name in files.names(place):
        clear(files, place.under(name))
    files.remove_folder(place)
