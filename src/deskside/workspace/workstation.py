"""The use cases on this computer: save, look back, restore, verify.

A restore goes through the change engine: planned, shown, refused if the file has moved, undoable.
What is there now is saved to the history first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from deskside.foundation.errors import DesksideError, NotFound, Refused
from deskside.foundation.text import _, ngettext
from deskside.foundation.units import when
from deskside.workspace.history import History
from deskside.workspace.model import Saved, Snapshot, Workspace
from deskside.workspace.places import finding, reading
from deskside.workspace.places.machine import Machine
from deskside.workspace.places.roots import default_root, settings_roots

if TYPE_CHECKING:
    from deskside.foundation.changes.engine import Engine
    from deskside.foundation.changes.model import Change, Plan

RESTORE = "workspace.restore"


@dataclass(frozen=True, slots=True)
class Restore:
    """A restore that is planned: what it restores, where, and how.

    Attributes:
        source: where the content comes from, for the person.
        plan: None where the settings are already so.
    """

    workspace: Workspace
    source: str
    content: bytes
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Restored:
    """A restore that was done.

    Attributes:
        saved: snapshot of what was there before; None where nothing good was there.
        change: the change, which can be undone; None where nothing had to be changed.
    """

    saved: Snapshot | None
    change: Change | None


class Workstation:
    """The workspaces and histories of this computer.

    Args:
        folder: Deskside's data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.history = History(folder / "workspace" / "history.sqlite3")

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
        """Plan to bring back a snapshot, or the content of another file.

        Raises:
            NotFound: `no-such-snapshot`, where there is no such file either.
            Refused: `snapshot-damaged`; what `reading.read` or the plan refuses.
        """
        try:
            return self.plan_snapshot(workspace, source)
        except NotFound as error:
            file = Path(source).expanduser()
            if error.code != "no-such-snapshot" or not file.exists():
                raise
            return self.plan_content(workspace, reading.read(file).content, str(file))

    def plan_snapshot(self, workspace: Workspace, identifier: str) -> Restore:
        """Plan to bring back a snapshot.

        Raises:
            NotFound: `no-such-snapshot`.
            Refused: `snapshot-damaged`; what the plan refuses.
        """
        _workspace, snapshot = self.history.find(identifier)
        content = self.history.content(snapshot)
        source = _("snapshot {id} of {when}").format(id=snapshot.id, when=when(snapshot.created))
        return self.plan_content(workspace, content, source)

    def plan_content(self, workspace: Workspace, content: bytes, source: str) -> Restore:
        """Plan to put a content, which is known to be good, in the place of the settings.

        Args:
            source: where it came from, for the person.
        """
        from deskside.foundation.changes.model import Step, Verb, digest
        from deskside.foundation.changes.planning import plan

        path = PurePosixPath(workspace.file.name)
        title = _("Restore the settings of {workspace} from {source}").format(
            workspace=workspace.name, source=source
        )
        if not workspace.file.parent.is_dir():
            raise finding.no_root(workspace.file.parent)
        there = workspace.file.exists()
        verb = Verb.REPLACE if there else Verb.WRITE
        step = Step(verb, path, content, why=_("what is there now is kept, and can be put back"))
        made = plan(RESTORE, title, workspace.file.parent, [step])
        same = made.inputs[path] == digest(content)
        return Restore(workspace, source, content, None if same else made)

    def restore(self, planned: Restore) -> Restored:
        """Carry out a planned restore.

        Raises:
            Refused: `plan-outdated` where the settings have changed since the plan was made.
        """
        if planned.plan is None:
            return Restored(None, None)
        saved = self._save_present(planned)
        change = self.engine().apply(planned.plan)
        note = _("restored from {source}").format(source=planned.source)
        self.history.save(planned.workspace, planned.content, note)
        return Restored(saved, change)

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

    def _save_present(self, planned: Restore) -> Snapshot | None:
        """Save what is about to be replaced. What is damaged, the change engine alone keeps."""
        try:
            note = _("before restoring {source}").format(source=planned.source)
            return self.save(planned.workspace, note).snapshot
        except DesksideError as error:
            if error.code in ("settings-missing", "settings-damaged", "settings-not-xml"):
                return None
            raise

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
