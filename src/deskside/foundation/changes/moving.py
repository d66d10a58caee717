"""Bringing the paths of a change from one recorded state to the other, in either direction.

New content is first written beside its place, so that a full disk shows before anything has
changed; then the files take their names one by one. Only that second half needs taking back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.files import Files
from deskside.foundation.changes.journal import Journal
from deskside.foundation.changes.model import Change, FileState, digest_of
from deskside.foundation.errors import Refused
from deskside.foundation.text import _


@dataclass(frozen=True, slots=True)
class Move:
    """One path on its way: the state to leave, the state to reach, where the latter is staged."""

    path: PurePosixPath
    origin: FileState | None
    goal: FileState | None
    staged: Path


class Mover:
    """Moves the paths of recorded changes."""

    def __init__(self, files: Files, journal: Journal) -> None:
        self._files = files
        self._journal = journal

    def move(
        self, change: Change, *, back: bool, forgiving: bool = False
    ) -> tuple[PurePosixPath, ...]:
        """Bring every path to its other state; those found in a third one and left alone.

        Args:
            back: towards the state before the change.
            forgiving: leave a path that is in neither state alone, instead of refusing. Its
                content is somebody else's work, which we don't hold and must not destroy.

        Raises:
            Refused: `plan-outdated` or `backup-damaged`; paths may have moved.
            OSError: paths may have moved.
        """
        root = Path(change.root)
        moves, left = self._outstanding(change, back=back, forgiving=forgiving)
        for move in moves:
            self._stage(root, move)
        for move in moves:
            self._flip(root, move)
        for folder in {(root / move.path).parent for move in moves}:
            self._files.sync_folder(folder)
        if not forgiving:
            self._verify(root, moves)
        self._clean(root, change, back=back)
        return tuple(left)

    def arrived(self, change: Change, *, back: bool) -> bool:
        """Whether every path is in the state that this direction leads to."""
        moves, left = self._outstanding(change, back=back, forgiving=True)
        return not moves and not left

    def _outstanding(
        self, change: Change, *, back: bool, forgiving: bool
    ) -> tuple[list[Move], list[PurePosixPath]]:
        moves, left = [], []
        for move in _all_moves(change, back=back):
            present = self._present(Path(change.root), move.path, forgiving=forgiving)
            if present == digest_of(move.goal):
                continue
            if present == digest_of(move.origin):
                moves.append(move)
            elif forgiving:
                left.append(move.path)
            else:
                raise outdated(move.path)
        return moves, left

    def _present(self, root: Path, path: PurePosixPath, *, forgiving: bool) -> str:
        try:
            return digest_of(self._files.state(root, path))
        except Refused:
            if forgiving:
                return "something that is not a plain file"
            raise

    def _stage(self, root: Path, move: Move) -> None:
        if move.goal is None:
            return
        for parent in reversed(move.path.parents):
            self._files.make_folder(root / parent)
        written = self._files.create(move.staged, self._journal.content(move.goal), move.goal)
        if written != move.goal.digest:
            raise Refused(
                "backup-damaged",
                _("The kept copy of {path} is damaged, so nothing was changed.").format(
                    path=move.path
                ),
                detail=f"expected {move.goal.digest}, found {written}",
            )

    def _flip(self, root: Path, move: Move) -> None:
        if digest_of(self._files.state(root, move.path)) != digest_of(move.origin):
            raise outdated(move.path)
        if move.goal is None:
            self._files.remove(root / move.path)
        else:
            self._files.replace(move.staged, root / move.path)

    def _verify(self, root: Path, moves: list[Move]) -> None:
        for move in moves:
            if digest_of(self._files.state(root, move.path)) != digest_of(move.goal):
                raise outdated(move.path)

    def _clean(self, root: Path, change: Change, *, back: bool) -> None:
        """Remove staged files of a broken attempt, and the folders that an undone change made."""
        for move in _all_moves(change, back=back):
            if move.staged.exists():
                self._files.remove(move.staged)
        for folder in reversed(change.folders) if back else ():
            self._files.remove_folder(root / folder)


def outdated(path: PurePosixPath) -> Refused:
    """The world has moved since the plan was made."""
    return Refused(
        "plan-outdated",
        _("{path} has changed since the plan was made; nothing was changed.").format(path=path),
        hint=_("Look again and make a new plan."),
    )


def _all_moves(change: Change, *, back: bool) -> list[Move]:
    """Every path of a change in one direction; files that appear come before those that go."""
    moves = []
    for number, step in enumerate(change.transitions):
        origin, goal = (step.after, step.before) if back else (step.before, step.after)
        folder = (Path(change.root) / step.path).parent
        moves.append(Move(step.path, origin, goal, folder / f".deskside-{change.id}-{number}"))
    return sorted(moves, key=lambda move: move.goal is None)
