"""Restoring: what comes back, what of it matters for safety, and what stands in its way.

Three things overwrite restored settings, and each is dealt with before anything is changed. A
program that runs writes its own at its end: the restore is refused. A program that keeps its
settings on the vendor's server fetches those at the next log-in: the plan switches that off. The
file may have moved since it was looked at: the change engine refuses. What is there now is saved
first, and a restore can be taken back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from deskside.foundation.changes.refusals import in_words
from deskside.foundation.errors import DesksideError, NotFound, Refused
from deskside.foundation.text import _
from deskside.foundation.units import when
from deskside.workspace.model import Kind, Snapshot, Workspace
from deskside.workspace.places import finding, reading
from deskside.workspace.rules import kind_of, settings_version

if TYPE_CHECKING:
    from deskside.foundation.changes.model import Change, Plan, Step
    from deskside.workspace.document.difference import Change as Changed
    from deskside.workspace.places.running import RunningProgram
    from deskside.workspace.workstation import Workstation

RESTORE = "workspace.restore"
LATEST = "latest"
"""Stands for the latest snapshot that is whole."""

REPLACEABLE = ("settings-missing", "settings-damaged", "settings-not-xml")
"""What may be wrong with the present file without anything being lost by replacing it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where settings come from.

    Attributes:
        words: for the person.
    """

    content: bytes = field(repr=False)
    words: str


@dataclass(frozen=True, slots=True)
class Restore:
    """A restore that is planned.

    Attributes:
        source: where the content comes from, for the person.
        content: of the settings file afterwards.
        plan: None where the settings are already so.
        safety: changes that a trader should look at before agreeing.
        remarks: what else to know before agreeing.
    """

    workspace: Workspace
    source: str
    content: bytes = field(repr=False)
    plan: Plan | None
    safety: tuple[Changed, ...] = ()
    remarks: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The plan as `settings restore --dry-run` prints it."""
        return {
            "plan": self.plan.as_json() if self.plan else None,
            "safety": [change.as_json() for change in self.safety],
            "remarks": list(self.remarks),
        }


@dataclass(frozen=True, slots=True)
class Restored:
    """A restore that was done.

    Attributes:
        saved: snapshot of what was there before; None where nothing good was there.
        change: the change, which can be undone; None where nothing had to be changed.
    """

    saved: Snapshot | None
    change: Change | None


def source(here: Workstation, workspace: Workspace, wish: str) -> Source:
    """What a person means: a snapshot's id, `latest`, or a file.

    Raises:
        NotFound: `no-such-snapshot`, where there is no such file either.
        Refused: `snapshot-damaged`; what reading the file refuses.
    """
    if wish == LATEST:
        latest = here.latest_good(workspace)
        if latest is None:
            raise _nothing_saved(workspace)
        return _of_snapshot(here, latest)
    try:
        _workspace, snapshot = here.history.find(wish)
    except NotFound:
        file = Path(wish).expanduser()
        if not file.exists():
            raise
        return Source(reading.read(file).content, str(file))
    return _of_snapshot(here, snapshot)


@in_words()
def plan(
    here: Workstation,
    workspace: Workspace,
    chosen: Source,
    *,
    part: str | None = None,
    own: bool = False,
) -> Restore:
    """Plan to put settings, or one part of them, in the place of the present ones.

    Args:
        part: one of `document.parts.PARTS`; everything else stays as it is.
        own: they were made ready for this user; otherwise they must not be another's.

    Raises:
        NotFound: `settings-no-root`.
        Refused: `settings-of-another-user`, `server-store-on`; what `take_part` or the change
            engine refuses.
    """
    present = _present(workspace)
    content = chosen.content
    if part:
        content = _with_part(workspace, present, chosen, part)
    elif not own:
        _same_user(workspace, present, chosen)
    made = _plan(workspace, present, content, _title(workspace, chosen, part))
    unchanged = present == content
    return Restore(
        workspace,
        chosen.words,
        content,
        None if unchanged else made,
        () if unchanged else _safety(present, content),
        () if unchanged else _remarks(workspace, present, content),
    )


def carry_out(here: Workstation, planned: Restore) -> Restored:
    """Carry out a planned restore.

    Raises:
        Refused: `program-running`; `plan-outdated` where the settings have changed since.
    """
    if planned.plan is None:
        return Restored(None, None)
    refuse_while_running(planned.workspace)
    saved = _save_present(here, planned)
    change = here.engine().apply(planned.plan)
    note = _("restored from {source}").format(source=planned.source)
    here.history.save(planned.workspace, planned.content, note)
    return Restored(saved, change)


def refuse_while_running(workspace: Workspace) -> None:
    """Raise Refused `program-running` while the program certainly holds these settings."""
    certain = [program for program in programs(workspace) if program.certain]
    if certain:
        raise Refused(
            "program-running",
            _("{program} is running (process {pid}) and would overwrite them when it ends.").format(
                program=certain[0].name, pid=certain[0].pid
            ),
            hint=_(
                "Close it, or add --wait. To load a snapshot into the running program: "
                "deskside settings export SNAPSHOT FILE"
            ),
            article="2323#program-running",
        )


def programs(workspace: Workspace) -> tuple[RunningProgram, ...]:
    """The programs that run and may hold these settings."""
    from deskside.workspace.places.running import running

    return running(workspace)


def _of_snapshot(here: Workstation, snapshot: Snapshot) -> Source:
    words = _("snapshot {id} of {when}").format(id=snapshot.id, when=when(snapshot.created))
    return Source(here.history.content(snapshot), words)


def _present(workspace: Workspace) -> bytes | None:
    """The present settings; None where there are none that are whole."""
    try:
        return reading.read(workspace.file).content
    except DesksideError as error:
        if error.code in REPLACEABLE:
            return None
        raise


def _with_part(workspace: Workspace, present: bytes | None, chosen: Source, part: str) -> bytes:
    from deskside.workspace.document.parts import take_part

    if present is None:
        raise Refused(
            "nothing-to-restore-into",
            _("There are no whole settings to put a part into: {file}.").format(
                file=workspace.file
            ),
            hint=_("Restore all of them: leave out --part."),
        )
    return take_part(present, chosen.content, part)


def _same_user(workspace: Workspace, present: bytes | None, chosen: Source) -> None:
    """Refuse settings whose accounts are all others than the present ones."""
    theirs, ours = _accounts(chosen.content), _accounts(present)
    if theirs and ours and not theirs & ours:
        raise Refused(
            "settings-of-another-user",
            _("These settings belong to {theirs}, and {workspace} to {ours}.").format(
                theirs=", ".join(sorted(theirs)),
                workspace=workspace.name,
                ours=", ".join(sorted(ours)),
            ),
            hint=_(
                "To carry them over without what is bound to a person: deskside settings transfer"
            ),
            article="2320",
        )


def _accounts(content: bytes | None) -> set[str]:
    """The account numbers in plain settings."""
    if content is None or kind_of(content) is not Kind.XML:
        return set()
    from deskside.workspace.document.bound import BoundKind
    from deskside.workspace.document.personal import bound_items

    return {item.value for item in bound_items(content) if item.kind is BoundKind.ACCOUNT}


def _plan(workspace: Workspace, present: bytes | None, content: bytes, title: str) -> Plan:
    from deskside.foundation.changes.model import Step, Verb
    from deskside.foundation.changes.planning import plan as make_plan
    from deskside.workspace.places.remote_store import remote_store

    folder = workspace.file.parent
    if not folder.is_dir():
        raise finding.no_root(folder)
    verb = Verb.REPLACE if workspace.file.exists() else Verb.WRITE
    why = _("what is there now is kept, and can be put back")
    store = remote_store(workspace)
    if not (store.on and store.ini):
        steps = [Step(verb, PurePosixPath(workspace.file.name), content, why=why)]
        return make_plan(RESTORE, title, folder, steps)
    root = store.ini.parent
    steps = [
        Step(verb, _below(root, workspace.file), content, why=why),
        _switch_off(root, store.ini),
    ]
    return make_plan(RESTORE, title, root, steps)


def _switch_off(root: Path, ini: Path) -> Step:
    from deskside.foundation.changes.model import Step, Verb
    from deskside.workspace.places.remote_store import switched_off

    return Step(
        Verb.REPLACE,
        _below(root, ini),
        switched_off(ini.read_bytes()),
        why=_("Use/store settings on server: off, or the next log-in fetches the server's copy"),
    )


def _below(root: Path, file: Path) -> PurePosixPath:
    try:
        return PurePosixPath(file.relative_to(root).as_posix())
    except ValueError:
        raise Refused(
            "server-store-on",
            _("The program keeps its settings on the vendor's server and would fetch them again."),
            hint=_("Log in with “Use/store settings on server” unchecked, exit, and restore then."),
            article="2282",
        ) from None


def _title(workspace: Workspace, chosen: Source, part: str | None) -> str:
    if part:
        return _("Restore {part} of {workspace} from {source}").format(
            part=part, workspace=workspace.name, source=chosen.words
        )
    return _("Restore the settings of {workspace} from {source}").format(
        workspace=workspace.name, source=chosen.words
    )


def _safety(present: bytes | None, content: bytes) -> tuple[Changed, ...]:
    if present is None or {kind_of(present), kind_of(content)} != {Kind.XML}:
        return ()
    from deskside.workspace.document.safety import safety_changes

    return safety_changes(present, content)


def _remarks(workspace: Workspace, present: bytes | None, content: bytes) -> tuple[str, ...]:
    said = []
    if kind_of(content) is Kind.OPAQUE:
        said.append(_("The settings are sealed by the program: Deskside cannot look inside."))
    said += [
        _("{program} is running (process {pid}): close it first.").format(
            program=program.name, pid=program.pid
        )
        for program in programs(workspace)
    ]
    if present is not None:
        said += _version_remark(present, content)
    return tuple(said)


def _version_remark(present: bytes, content: bytes) -> list[str]:
    old, new = settings_version(present), settings_version(content)
    if not (old and new) or new <= old:
        return []
    words = _("A newer program (build {new}) wrote them than the present ones (build {old}).")
    return [words.format(new=new.words, old=old.words)]


def _save_present(here: Workstation, planned: Restore) -> Snapshot | None:
    """Save what is about to be replaced. What is damaged, the change engine alone keeps."""
    try:
        note = _("before restoring {source}").format(source=planned.source)
        return here.save(planned.workspace, note).snapshot
    except DesksideError as error:
        if error.code in REPLACEABLE:
            return None
        raise


def _nothing_saved(workspace: Workspace) -> NotFound:
    return NotFound(
        "nothing-saved",
        _("There is no whole snapshot of {workspace} yet.").format(workspace=workspace.name),
        hint=_("Name a file, or fetch them from the portal: deskside settings pull"),
    )
