"""What taking a change back comes to: whether it can be, and how it is shown first."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from deskside.foundation.changes.files import Files
from deskside.foundation.changes.journal import Journal
from deskside.foundation.changes.model import (
    Change,
    Digest,
    FileState,
    Kind,
    Plan,
    State,
    Step,
    Transition,
    Verb,
    digest_of,
)
from deskside.foundation.changes.planning import real_root
from deskside.foundation.changes.pointers import leads_to
from deskside.foundation.errors import Refused
from deskside.foundation.text import _, ngettext

Presents = dict[PurePosixPath, Digest]


def check_undoable(change: Change, files: Files) -> Presents:
    """Make sure that a change can be taken back; the digest of what is at each of its paths.

    Raises:
        NotFound: `no-root`.
        Refused: `nothing-to-undo`, `contents-pruned`; `changed-since`, naming the paths.
    """
    if change.state is not State.APPLIED:
        raise Refused(
            "nothing-to-undo",
            _("Change {id} is not in force ({state}).").format(
                id=change.id, state=change.state.value
            ),
        )
    if change.pruned:
        raise Refused(
            "contents-pruned",
            _("What change {id} took away is no longer kept, so it cannot be undone.").format(
                id=change.id
            ),
            hint=_("It was cleared to save space: see deskside changes prune --help."),
        )
    root = real_root(Path(change.root))
    presents = {t.path: digest_of(files.state(root, t.path)) for t in change.transitions}
    moved = [
        str(t.path)
        for t in change.transitions
        if presents[t.path] not in (digest_of(t.after), digest_of(t.before))
    ]
    if moved:
        raise Refused(
            "changed-since",
            _("Changed since then by something else: {paths}. Nothing was undone.").format(
                paths=", ".join(moved)
            ),
            hint=_("Move these files away, or put them back as they were, and try again."),
        )
    return presents


def undo_plan(change: Change, presents: Presents, journal: Journal) -> Plan:
    """What taking a change back would do, to be shown: removals, then renames, then the rest."""
    backwards = [t for t in change.transitions if presents[t.path] != digest_of(t.before)]
    went = {t.source: t for t in change.transitions if t.source is not None}
    leaving = {t.path for t in change.transitions if t.source is not None}
    steps: list[Step] = []
    for t in backwards:
        renamed = t.path in went
        if (t.before is None or renamed) and t.after is not None and t.path not in leaving:
            steps.append(Step(Verb.REMOVE, t.path))
    steps += [
        Step(Verb.RENAME, went[t.path].path, target=t.path)
        for t in reversed(backwards)
        if t.path in went
    ]
    for t in backwards:
        if t.before is not None and t.path not in went:
            steps.append(_back(t, t.before, journal, taken=t.after is not None))
    title = _("Undo: {title}").format(title=change.title)
    return Plan("changes.undo", title, Path(change.root), tuple(steps), presents)


def _back(transition: Transition, before: FileState, journal: Journal, *, taken: bool) -> Step:
    path = transition.path
    if before.kind is Kind.FOLDER:
        count = sum(state.kind is Kind.FILE for _path, state in journal.tree(before))
        why = ngettext("with the file in it", "with all {count} files in it", count)
        return Step(Verb.MAKE_FOLDER, path, why=why.format(count=count) if count else "")
    if before.kind is Kind.POINTER:
        return Step(Verb.SWITCH, path, target=leads_to(path, before.target, Path(path)))
    content = b"".join(journal.content(before))
    left = taken and transition.source is None
    return Step(Verb.REPLACE if left else Verb.WRITE, path, content)
