"""The change engine: applies a plan whole or not at all, and can take it back.

Apply, roll back, undo and recover are one operation: bring every path of a change from one
recorded state to the other. Old and new contents are in the journal before the first path moves,
so a process killed anywhere leaves a record from which the next command puts everything back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.files import Files
from deskside.foundation.changes.journal import Journal
from deskside.foundation.changes.lock import journal_lock, root_lock
from deskside.foundation.changes.model import (
    FINAL,
    Change,
    FileState,
    Kind,
    Plan,
    State,
    Transition,
    digest,
    digest_of,
    folder_state,
)
from deskside.foundation.changes.moving import Mover, outdated
from deskside.foundation.changes.outcome import contents
from deskside.foundation.changes.places import Place
from deskside.foundation.changes.planning import outcome, real_root, states
from deskside.foundation.changes.pruning import Pruning, carry_out, prospect
from deskside.foundation.changes.refusals import in_words
from deskside.foundation.changes.undoing import check_undoable, undo_plan
from deskside.foundation.errors import Refused
from deskside.foundation.text import _


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

    @in_words()
    def apply(self, plan: Plan) -> Change:
        """Apply a plan, whole or not at all.

        Raises:
            Refused: `plan-outdated` when an input has moved; `through-link`, `not-a-file`;
                `disk-full`, `not-writable`, `system-error`; all without having changed anything.
            Unavailable: `changes-busy`.
        """
        with self._alone(plan.root):
            seen = self._unmoved(plan)
            made = outcome(plan.root, plan.steps, seen, self._files, written=time.time_ns())
            moves = self._keep(plan, made.transitions())
            change = self._journal.begin(plan, moves, _missing_folders(plan.root, moves))
            return self._carry_out(change, undoing=False)

    @in_words()
    def undo(self, identifier: str) -> Change:
        """Take a change back: every path to the content that it had before.

        Raises:
            NotFound: `no-such-change`, `no-root`.
            Refused: `nothing-to-undo`, `contents-pruned`; `changed-since`, naming the
                paths; else as for `apply`.
        """
        with self._alone(Path(self.show(identifier).root)):
            change = self.show(identifier)
            check_undoable(change, self._files)
            self._journal.mark(change, State.UNDOING)
            return self._carry_out(change, undoing=True)

    @in_words()
    def plan_undo(self, identifier: str) -> Plan:
        """What `undo` would do, to be shown; refused for the same reasons."""
        change = self.show(identifier)
        return undo_plan(change, check_undoable(change, self._files), self._journal)

    @in_words()
    def recover(self) -> Sequence[Change]:
        """Finish or take back whatever a killed process left half done; which changes those were.

        Clears, too, what had to be set aside because a program was using it.

        Safe to call at any time and any number of times; costs next to nothing where there is
        nothing to do. Every other command does it first.
        """
        if not self._journal.marks():
            return []
        with journal_lock(self._journal.folder, self._wait):
            return self._recover()

    @in_words()
    def prune(self, keep: timedelta, *, dry_run: bool = False) -> Pruning:
        """Keep the contents of old changes no longer; those cannot be undone any more.

        Changes that are under way, and younger ones, keep theirs.

        Args:
            keep: how old a change must be.
            dry_run: only say what would be done.

        Raises:
            Unavailable: `changes-busy`.
        """
        if not self._journal.ids():
            return Pruning()
        with journal_lock(self._journal.folder, self._wait):
            self._recover()
            pruning = prospect(self._journal, datetime.now(UTC) - keep)
            if not dry_run:
                carry_out(self._journal, pruning)
            return pruning

    @in_words()
    def list(self) -> Sequence[Change]:
        """All changes, the latest first."""
        return self._journal.list()

    @in_words()
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

    def _keep(self, plan: Plan, moves: tuple[Transition, ...]) -> tuple[Transition, ...]:
        """Keep all contents of a change, old and new, before anything happens."""
        for content in contents(plan.steps, links=self._files.links):
            self._journal.keep([content], digest(content))
        carried = {move.source for move in moves}
        kept = tuple(
            move if move.before is None else self._keep_one(plan.root, move, move.before, carried)
            for move in moves
        )
        self._journal.kept()
        return kept

    def _keep_one(
        self,
        root: Path,
        move: Transition,
        before: FileState,
        carried: set[PurePosixPath | None],
    ) -> Transition:
        """Keep what a path loses. A folder that only moves is kept by being there."""
        place = Place(root, move.path)
        if before.kind is Kind.FILE and not self._journal.keep(
            self._files.chunks(place), before.digest
        ):
            raise outdated(move.path)
        if before.kind is not Kind.FOLDER or move.path in carried:
            return move
        tree = self._files.tree(place)
        manifest = self._journal.keep_tree(place, tree)
        if folder_state(tree).digest != before.digest or manifest is None:
            raise outdated(move.path)
        return replace(move, before=replace(before, manifest=manifest))

    def _carry_out(self, change: Change, *, undoing: bool) -> Change:
        """Bring a recorded change about, or leave everything as it was."""
        try:
            self._mover.move(change, back=undoing)
            final = self._journal.mark(change, State.UNDONE if undoing else State.APPLIED)
        except BaseException as cause:
            try:
                self._take_back(change, undoing=undoing)
            except (OSError, Refused) as error:
                raise _not_put_back(f"{cause!r}; {error!r}") from error
            raise
        return self._tidy(final)

    def _take_back(self, change: Change, *, undoing: bool) -> Change:
        left = self._mover.move(change, back=not undoing, forgiving=True)
        state = State.APPLIED if undoing else State.ROLLED_BACK
        return self._tidy(self._journal.mark(change, state, left))

    def _tidy(self, change: Change) -> Change:
        """Clear what a final change set aside. What is still in use waits for a later command."""
        with suppress(OSError, Refused):
            if self._mover.tidy(change):
                self._journal.unmark(change.id)
        return change

    def _recover(self) -> Sequence[Change]:
        """Look after every change that is marked; those that were not final."""
        recovered: list[Change] = []
        for identifier in self._journal.marks():
            change = self._journal.read(identifier)
            if change is None:
                self._journal.unmark(identifier)
            elif change.state in FINAL:
                self._tidy(change)
            else:
                recovered.append(self._recover_one(change))
        return recovered

    def _recover_one(self, change: Change) -> Change:
        undoing = change.state is State.UNDOING
        with ExitStack() as held:
            if Path(change.root).is_dir():
                held.enter_context(root_lock(Path(change.root), self._wait))
            if self._mover.arrived(change, back=undoing):
                state = State.UNDONE if undoing else State.APPLIED
                return self._tidy(self._journal.mark(change, state))
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
