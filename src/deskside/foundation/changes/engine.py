"""The change engine: applies a plan whole or not at all, and can take it back.

Apply, roll back, undo and recover are one operation: bring every path of a change from one
recorded state to the other. Old and new contents are in the journal before the first path moves,
so a process killed anywhere leaves a record from which the next command puts everything back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.files import Files
from deskside.foundation.changes.journal import Journal
from deskside.foundation.changes.lock import journal_lock, root_lock
from deskside.foundation.changes.model import (
    Change,
    FileState,
    Plan,
    State,
    Step,
    Transition,
    Verb,
    digest,
    digest_of,
)
from deskside.foundation.changes.moving import Mover, outdated
from deskside.foundation.changes.planning import contents, plan, real_root, states, transitions
from deskside.foundation.console import system_problem
from deskside.foundation.errors import Refused
from deskside.foundation.text import _


@contextmanager
def _in_words() -> Iterator[None]:
    """Say what the operating system refuses in words that a person can act on."""
    try:
        yield
    except OSError as error:
        raise system_problem(error) from error


class Engine:
    """Applies and takes back changes that are recorded in one folder.

    Args:
        folder: where the journal lives; made when first needed.
        files: the file operations; tests make them fail.
        wait: how many seconds to wait for another process that is changing files.
    """

    def __init__(self, folder: Path, *, files: Files | None = None, wait: float = 10.0) -> None:
        self._files = files or Files()
        self._journal = Journal(folder, self._files)
        self._mover = Mover(self._files, self._journal)
        self._wait = wait

    @_in_words()
    def apply(self, plan: Plan) -> Change:
        """Apply a plan, whole or not at all.

        Raises:
            Refused: `plan-outdated` when an input has moved; `through-link`, `not-a-file`;
                `disk-full`, `not-writable`, `system-error`; all without having changed anything.
            Unavailable: `changes-busy`.
        """
        with self._alone(plan.root):
            seen = self._unmoved(plan)
            moves = transitions(plan.steps, seen, written=time.time_ns())
            self._keep(plan, moves)
            change = self._journal.begin(plan, moves, _missing_folders(plan.root, moves))
            return self._carry_out(change, undoing=False)

    @_in_words()
    def undo(self, identifier: str) -> Change:
        """Take a change back: every path to the content that it had before.

        Raises:
            NotFound: `no-such-change`, `no-root`.
            Refused: `nothing-to-undo`; `changed-since`, naming the paths; else as for `apply`.
        """
        with self._alone(Path(self.show(identifier).root)):
            change = self._undoable(identifier)
            self._journal.mark(change, State.UNDOING)
            return self._carry_out(change, undoing=True)

    @_in_words()
    def plan_undo(self, identifier: str) -> Plan:
        """What `undo` would do, to be shown; refused for the same reasons."""
        change = self._undoable(identifier)
        root = Path(change.root)
        steps = [self._undo_step(root, t) for t in change.transitions]
        title = _("Undo: {title}").format(title=change.title)
        return plan("changes.undo", title, root, [s for s in steps if s], files=self._files)

    @_in_words()
    def recover(self) -> Sequence[Change]:
        """Finish or take back whatever a killed process left half done; which changes those were.

        Safe to call at any time and any number of times; costs next to nothing where there is
        nothing to do. Every other command does it first.
        """
        if not self._journal.marks():
            return []
        with journal_lock(self._journal.folder, self._wait):
            return self._recover()

    @_in_words()
    def list(self) -> list[Change]:
        """All changes, the latest first."""
        return self._journal.list()

    @_in_words()
    def show(self, identifier: str) -> Change:
        """One change.

        Raises:
            NotFound: `no-such-change`.
        """
        return self._journal.load(identifier)

    @contextmanager
    def _alone(self, root: Path) -> Iterator[None]:
        """Hold journal and root, with nothing left half done."""
        real = real_root(root)
        self._journal.prepare()
        with journal_lock(self._journal.folder, self._wait):
            self._recover()
            with root_lock(real, self._wait):
                yield

    def _unmoved(self, plan: Plan) -> dict[PurePosixPath, FileState | None]:
        seen = states(plan.root, plan.steps, self._files)
        moved = [path for path in seen if plan.inputs.get(path) != digest_of(seen[path])]
        if moved or real_root(plan.root) != plan.root:
            raise outdated(moved[0] if moved else PurePosixPath(plan.root))
        return seen

    def _keep(self, plan: Plan, moves: tuple[Transition, ...]) -> None:
        """Keep all contents of a change, old and new, before anything happens."""
        for content in contents(plan.steps):
            self._journal.keep([content], digest(content))
        for move in moves:
            if move.before is None:
                continue
            place = self._files.locate(plan.root, move.path)
            if not self._journal.keep(self._files.chunks(place), move.before.digest):
                raise outdated(move.path)
        self._journal.kept()

    def _undoable(self, identifier: str) -> Change:
        change = self.show(identifier)
        if change.state is not State.APPLIED:
            raise Refused(
                "nothing-to-undo",
                _("Change {id} is not in force ({state}).").format(
                    id=change.id, state=change.state.value
                ),
            )
        root = real_root(Path(change.root))
        moved = [str(t.path) for t in change.transitions if not self._stands(root, t)]
        if moved:
            raise Refused(
                "changed-since",
                _("Changed since then by something else: {paths}. Nothing was undone.").format(
                    paths=", ".join(moved)
                ),
                hint=_("Move these files away, or put them back as they were, and try again."),
            )
        return change

    def _stands(self, root: Path, transition: Transition) -> bool:
        present = digest_of(self._files.state(root, transition.path))
        return present in (digest_of(transition.after), digest_of(transition.before))

    def _undo_step(self, root: Path, transition: Transition) -> Step | None:
        present = self._files.state(root, transition.path)
        if digest_of(present) == digest_of(transition.before):
            return None
        if transition.before is None:
            return Step(Verb.REMOVE, transition.path)
        content = b"".join(self._journal.content(transition.before))
        return Step(Verb.REPLACE if present else Verb.WRITE, transition.path, content)

    def _carry_out(self, change: Change, *, undoing: bool) -> Change:
        """Bring a recorded change about, or leave everything as it was."""
        try:
            self._mover.move(change, back=undoing)
            return self._journal.mark(change, State.UNDONE if undoing else State.APPLIED)
        except BaseException as cause:
            try:
                self._take_back(change, undoing=undoing)
            except (OSError, Refused) as error:
                raise _not_put_back(f"{cause!r}; {error!r}") from error
            raise

    def _take_back(self, change: Change, *, undoing: bool) -> Change:
        left = self._mover.move(change, back=not undoing, forgiving=True)
        return self._journal.mark(change, State.APPLIED if undoing else State.ROLLED_BACK, left)

    def _recover(self) -> Sequence[Change]:
        return [self._recover_one(change) for change in self._journal.pending()]

    def _recover_one(self, change: Change) -> Change:
        undoing = change.state is State.UNDOING
        with ExitStack() as held:
            if Path(change.root).is_dir():
                held.enter_context(root_lock(Path(change.root), self._wait))
            if self._mover.arrived(change, back=undoing):
                return self._journal.mark(change, State.UNDONE if undoing else State.APPLIED)
            return self._take_back(change, undoing=undoing)


def _missing_folders(root: Path, moves: tuple[Transition, ...]) -> tuple[PurePosixPath, ...]:
    """Folders that must be made, outermost first."""
    parents = {parent for move in moves if move.after for parent in move.path.parents}
    return tuple(sorted(parent for parent in parents if not (root / parent).exists()))


def _not_put_back(detail: str) -> Refused:
    return Refused(
        "not-put-back",
        _("A change failed half-way, and its files could not be put right yet."),
        hint=_("Free some space or mend the disk, then run: deskside changes recover"),
        detail=detail,
    )
