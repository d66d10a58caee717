"""The checks of workspace settings: is the file good, is it saved, is the history whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deskside.foundation.errors import DesksideError, NotFound
from deskside.foundation.findings import Finding, Status
from deskside.foundation.registry import Situation
from deskside.foundation.text import _, mark
from deskside.workspace.history import Damage
from deskside.workspace.model import Snapshot, Workspace
from deskside.workspace.places import reading
from deskside.workspace.workstation import RESTORE, Workstation

ARTICLE = "2323"
BROKEN = frozenset({"settings-missing", "settings-damaged", "settings-not-xml"})
"""What a restore mends."""

CAUSES = {
    "settings-missing": mark("It was moved or deleted, or TWS was installed anew."),
    "settings-damaged": mark("TWS writes it when it ends; a crash or a full disk cuts it short."),
    "settings-not-xml": mark("Another program, or a copy by hand, has put something else there."),
}


class SettingsFile:
    """Whether the settings file of a user is there, whole, and saved."""

    id = "workspace.settings-file"
    title = mark("Settings file")
    options: tuple[str, ...] = ("root", "user", "file")
    codes = (
        "settings-no-root",
        "settings-missing",
        "settings-not-xml",
        "settings-damaged",
        "settings-too-large",
        "settings-unreadable",
        "settings-changing",
        "settings-differ",
        "settings-unsaved",
        "settings-changed",
        "settings-ok",
    )

    def applies(self, situation: Situation) -> bool:
        return True

    def run(self, situation: Situation) -> Iterator[Finding]:
        here = Workstation.open()
        root, user = situation.option("root"), situation.option("user")
        try:
            listed = here.workspaces(root)
        except NotFound as error:
            yield _no_root(error)
            return
        for workspace in [here.choose(root, user)] if user else listed:
            yield _look(here, workspace, given=situation.option("file"))


class History:
    """Whether every snapshot on this computer can be given back as it was saved."""

    id = "workspace.history"
    title = mark("History of settings")
    options: tuple[str, ...] = ()
    codes = ("snapshot-damaged", "history-damaged", "history-ok")

    def applies(self, situation: Situation) -> bool:
        return True

    def run(self, situation: Situation) -> Iterator[Finding]:
        history = Workstation.open().history
        damages = history.verify()
        for damage in damages:
            yield from _damage(damage)
        if not damages:
            count = sum(len(history.snapshots(w)) for w in history.workspaces())
            yield Finding(
                code="history-ok",
                status=Status.OK,
                subject=str(history.folder),
                title=_("Every snapshot is whole"),
                evidence={"snapshots": count},
            )


def _damage(damage: Damage) -> Iterator[Finding]:
    """Each snapshot that a damaged place costs; the place itself where it costs none."""
    for identifier in damage.snapshots:
        yield Finding(
            code="snapshot-damaged",
            status=Status.FAILURE,
            subject=identifier,
            title=_("A snapshot is damaged on the disk"),
            cause=_("Its content or its record is no longer what was written."),
            remedy=_("The other snapshots are not affected. Check the disk."),
            article=f"{ARTICLE}#snapshot-damaged",
        )
    if damage.nameless:
        yield Finding(
            code="history-damaged",
            status=Status.FAILURE,
            subject=damage.file,
            title=_("The history has lost records that nothing names any more"),
            evidence=_region(damage) | {"records": damage.nameless},
            cause=_("A part of the file is no longer what was written."),
            remedy=_("All other snapshots can be restored. Keep the file, and check the disk."),
            article=f"{ARTICLE}#history-damaged",
        )
    elif not damage.snapshots:
        yield Finding(
            code="history-damaged",
            status=Status.WARNING,
            subject=damage.file,
            title=_("The history is damaged in a place that costs no snapshot"),
            evidence=_region(damage),
            cause=_("Some bytes on the disk are no longer what was written."),
            remedy=_("Every snapshot can still be restored. Check the disk."),
            article=f"{ARTICLE}#history-damaged",
        )


def _region(damage: Damage) -> dict[str, object]:
    return {"start": damage.start, "end": damage.end, "what": damage.what.value}


def _look(here: Workstation, workspace: Workspace, given: str | None) -> Finding:
    latest = here.latest_good(workspace)
    try:
        present = reading.read(workspace.file)
    except DesksideError as error:
        return _problem(workspace, error, latest, given)
    evidence = {"size": len(present.content), "sha256": present.sha256, "kind": present.kind.value}
    if given and reading.read(Path(given).expanduser()).sha256 != present.sha256:
        return _differs(workspace, given)
    if latest is None:
        return _remark(workspace, "settings-unsaved", _("Never saved yet"), evidence)
    evidence["snapshot"] = latest.id
    if latest.sha256 != present.sha256:
        title = _("Changed since the latest snapshot")
        return _remark(workspace, "settings-changed", title, evidence, (RESTORE,))
    return Finding(
        code="settings-ok",
        status=Status.OK,
        subject=str(workspace.file),
        title=_("{workspace}: whole and saved").format(workspace=workspace.name),
        evidence=evidence,
    )


def _differs(workspace: Workspace, given: str) -> Finding:
    """The person named a file to restore from, and the settings are not those of it."""
    return Finding(
        code="settings-differ",
        status=Status.WARNING,
        subject=str(workspace.file),
        title=_("{workspace}: not the settings of {file}").format(
            workspace=workspace.name, file=given
        ),
        remedy=_("Restore them from that file."),
        article=f"{ARTICLE}#settings-differ",
        fixes=(RESTORE,),
    )


def _remark(
    workspace: Workspace,
    code: str,
    title: str,
    evidence: dict[str, object],
    fixes: tuple[str, ...] = (),
) -> Finding:
    return Finding(
        code=code,
        status=Status.NOTICE,
        subject=str(workspace.file),
        title=f"{workspace.name}: {title}",
        evidence=evidence,
        remedy=_("Save it: deskside settings save"),
        article=f"{ARTICLE}#{code}",
        fixes=fixes,
    )


def _problem(
    workspace: Workspace, error: DesksideError, latest: Snapshot | None, given: str | None
) -> Finding:
    """What is wrong with the file; a restore is offered where there is something to restore."""
    mendable = error.code in BROKEN and bool(latest or given)
    evidence = {"latest_snapshot": latest.id, "saved": latest.created} if latest else {}
    return Finding(
        code=error.code,
        status=Status.FAILURE,
        subject=str(workspace.file),
        title=f"{workspace.name}: {error.message}",
        evidence=evidence,
        cause=_(CAUSES[error.code]) if error.code in CAUSES else "",
        remedy=_("Restore the latest good snapshot, or another file.") if mendable else error.hint,
        article=error.article or ARTICLE,
        fixes=(RESTORE,) if mendable else (),
    )


def _no_root(error: NotFound) -> Finding:
    return Finding(
        code=error.code,
        status=Status.WARNING,
        subject="workspace",
        title=error.message,
        cause=_("TWS has not been run on this computer by this person, or keeps them elsewhere."),
        remedy=error.hint,
        article=f"{ARTICLE}#{error.code}",
    )
