"""Bringing backups into the history: each content once, and what is live stays the latest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from deskside.foundation.errors import DesksideError
from deskside.foundation.text import _
from deskside.foundation.units import when
from deskside.workspace.model import Snapshot, Workspace
from deskside.workspace.places import reading
from deskside.workspace.places.backups import Backup
from deskside.workspace.workstation import Workstation


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the backups that were found.

    Attributes:
        saved: those that are in the history now, and as which snapshot.
        known: those whose content the history held already.
        left_out: those that were not taken, and why, for the person.
    """

    saved: tuple[tuple[Backup, Snapshot], ...]
    known: tuple[Backup, ...]
    left_out: tuple[tuple[Backup, str], ...]

    def as_json(self) -> dict[str, Any]:
        """The result as `settings import` prints it."""
        return {
            "imported": [b.as_json() | {"snapshot": s.id} for b, s in self.saved],
            "known": [b.as_json() for b in self.known],
            "left_out": [b.as_json() | {"reason": reason} for b, reason in self.left_out],
        }


def bring_in(here: Workstation, workspace: Workspace, backups: Iterable[Backup]) -> Imported:
    """Save backups to the history of a workspace, the oldest first.

    Each keeps its own time in its note. The history ends with what it ended with before, or with
    what is live, so that the latest snapshot never is an old backup.

    Raises:
        Refused, Unavailable: as for `History.save`; what was imported until then stays.
    """
    before = here.history.snapshots(workspace)
    held = {snapshot.sha256 for snapshot in before}
    saved: list[tuple[Backup, Snapshot]] = []
    known: list[Backup] = []
    left_out: list[tuple[Backup, str]] = []
    for backup in sorted(backups, key=lambda b: (b.modified, b.file)):
        if reason := _reason_against(backup):
            left_out.append((backup, reason))
        elif backup.sha256 in held:
            known.append(backup)
        else:
            try:
                content = reading.read(backup.file).content
            except DesksideError as error:
                left_out.append((backup, error.message))
                continue
            held.add(backup.sha256)
            made = here.history.save(workspace, content, _note(backup), origin=backup.file.name)
            saved.append((backup, made.snapshot))
    if saved:
        _end_with_the_present(here, workspace, before[0] if before else None)
    return Imported(tuple(saved), tuple(known), tuple(left_out))


def _reason_against(backup: Backup) -> str:
    if backup.problem:
        return backup.problem
    if backup.same_user is False:
        return _("These are the settings of another user; see deskside settings transfer.")
    return ""


def _note(backup: Backup) -> str:
    return _("imported: {name} of {when}").format(name=backup.file.name, when=when(backup.modified))


def _end_with_the_present(here: Workstation, workspace: Workspace, latest: Snapshot | None) -> None:
    note = _("the present settings, after an import")
    try:
        here.save(workspace, note)
    except DesksideError:
        if latest:
            here.history.save(workspace, here.history.content(latest), note)
