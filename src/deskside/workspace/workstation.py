"""The workspaces of this computer: which there are, saving them, and the way to their history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deskside.foundation.errors import DesksideError, NotFound, Refused
from deskside.foundation.text import _, ngettext
from deskside.foundation.units import when
from deskside.workspace import restoring
from deskside.workspace.history import History
from deskside.workspace.model import Saved, Snapshot, Workspace
from deskside.workspace.places import finding, reading
from deskside.workspace.places.machine import Machine
from deskside.workspace.places.roots import default_root, settings_roots
from deskside.workspace.restoring import RESTORE, Restore, Restored

if TYPE_CHECKING:
    from deskside.foundation.changes.engine import Engine

__all__ = ["RESTORE", "Restore", "Restored", "Workstation"]


class Workstation:
    """The workspaces and histories of this computer.

    Args:
        folder: Deskside's data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.history = History(folder / "workspace" / "history")

    @property
    def folder(self) -> Path:
        """Deskside's data folder."""
        return self._folder

    @classmethod
    def open(cls) -> Workstation:
        """This person's, in the usual data folder, with nothing left half done."""
        from deskside.foundation.paths import data_folder

        opened = cls(data_folder())
        opened._recover()
        return opened

    def workspaces(self, root: str | None = None) -> list[Workspace]:
        """All workspaces under a root, or under all of this computer; files that are gone, too.

        A user's folder that is named as the root counts even where it holds no settings yet.

        Raises:
            NotFound: `settings-no-root`: neither settings nor a history of any.
        """
        if root is None:
            return self._everywhere(Machine.present())
        place = Path(root).expanduser().resolve()
        try:
            found = finding.discover(place)
        except NotFound:
            found = []
        remembered = self._remembered(found, [place])
        if not found and not remembered:
            empty = finding.to_be(place)
            if empty is None:
                raise finding.no_root(place)
            return [empty]
        return found + remembered

    def choose(self, root: str | None = None, user: str | None = None) -> Workspace:
        """The one workspace that is meant.

        Raises:
            NotFound: `settings-no-root`, `no-such-user`.
            Refused: `several-users`, naming them.
        """
        listed = self.workspaces(root)
        fitting = [w for w in listed if user is None or w.answers_to(user)]
        folders = {w.file.parent for w in fitting}
        if len(folders) == 1:
            return fitting[0]
        names = ", ".join(_told_apart(listed))
        if not fitting:
            raise NotFound(
                "no-such-user",
                _("There are no settings of {user} here.").format(user=user),
                hint=_("There are: {names}").format(names=names),
            )
        raise Refused(
            "several-users",
            _("There are settings of several users here."),
            hint=_("Choose one with --user: {names}").format(names=names),
        )

    def save(self, workspace: Workspace, note: str = "") -> Saved:
        """Save what is there now; a snapshot only where it differs from the latest one.

        Raises:
            Refused, NotFound: as for `reading.read` and `History.save`; the hint says what the
                history holds. Nothing is lost.
        """
        try:
            content = reading.read(workspace.file).content
        except DesksideError as error:
            raise self._with_history(error, workspace) from error
        return self.history.save(workspace, content, note)

    def plan_restore(self, workspace: Workspace, source: str) -> Restore:
        """Plan to bring back a snapshot, `latest`, or another file; see `restoring.plan`."""
        return restoring.plan(self, workspace, restoring.source(self, workspace, source))

    def plan_content(self, workspace: Workspace, content: bytes, words: str) -> Restore:
        """Plan to restore a content, which is known to be good; `words` say where it is from."""
        return restoring.plan(self, workspace, restoring.Source(content, words))

    def restore(self, planned: Restore) -> Restored:
        """Carry out a planned restore; see `restoring.carry_out`."""
        return restoring.carry_out(self, planned)

    def latest_good(self, workspace: Workspace) -> Snapshot | None:
        """The latest snapshot that can be given back as it was saved."""
        for snapshot in self.history.snapshots(workspace):
            try:
                self.history.content(snapshot)
            except Refused:
                continue
            return snapshot
        return None

    def engine(self) -> Engine:
        """The change engine of this data folder."""
        from deskside.foundation.changes.engine import Engine

        return Engine(self._folder / "changes")

    def _everywhere(self, machine: Machine) -> list[Workspace]:
        """All workspaces of a machine; where there are none, all that have a history."""
        roots = settings_roots(machine)
        found = finding.discover_all(roots)
        listed = found + self._remembered(found, roots) or self.history.workspaces()
        if not listed:
            raise finding.no_root(default_root(machine))
        return listed

    def _remembered(self, found: list[Workspace], roots: list[Path]) -> list[Workspace]:
        """Workspaces under some roots that have a history, and no file any more."""
        inside = {root.resolve() for root in roots}
        known = self.history.workspaces()
        return [w for w in known if w not in found and inside & set(w.file.parents)]

    def _recover(self) -> None:
        """Put right what a killed command left; without loading the engine where none did."""
        pending = self._folder / "changes" / "pending"
        if pending.is_dir() and any(pending.iterdir()):
            self.engine().recover()

    def _with_history(self, error: DesksideError, workspace: Workspace) -> DesksideError:
        """The error, with what the history holds of this file."""
        held = self.history.snapshots(workspace)
        if not held:
            words = _("The history holds no snapshot of it yet.")
        else:
            words = ngettext(
                "The history holds a snapshot of it, of {when}: deskside settings restore {id}",
                "The history holds {count} snapshots of it, the latest of {when}: "
                "deskside settings restore {id}",
                len(held),
            ).format(count=len(held), when=when(held[0].created), id=held[0].id)
        hint = f"{error.hint} {words}"
        return type(error)(
            error.code, error.message, hint=hint, article=error.article, detail=error.detail
        )


def _told_apart(listed: list[Workspace]) -> list[str]:
    """What to call workspaces by: the user's folder, or its whole path where two are alike."""
    folders = {w.file.parent for w in listed}
    users = [folder.name for folder in folders]
    return sorted(f.name if users.count(f.name) == 1 else str(f) for f in folders)
