"""Bringing the paths of a change from one recorded state to the other, in either direction.

What is to appear is first staged beside its place, so that a full disk shows before anything has
changed; then everything takes its name, one path after the other. Only that second half needs
taking back.

- A file is staged as a copy of what is kept or, where it comes from another path of the change,
  as a second name of that very file; it then takes its name over whatever file bears it.
- A folder cannot take a name that is borne. What is in its way is set aside under a name of ours,
  and so is a folder that goes. Where it comes from another path, it moves whole, by its name.
- A file in use, which some systems do not let us replace, is set aside likewise.

What is set aside is cleared when the change is final, or later, if it is still in use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from deskside.foundation.changes import trees
from deskside.foundation.changes.files import Files
from deskside.foundation.changes.journal import Journal, damaged
from deskside.foundation.changes.model import ABSENT, Change, FileState, Kind, State, digest_of
from deskside.foundation.changes.places import Place
from deskside.foundation.errors import Refused
from deskside.foundation.text import _


@dataclass(frozen=True, slots=True)
class Move:
    """One path on its way.

    Attributes:
        place: the path.
        origin: the state to leave.
        goal: the state to reach.
        source: the path of the change at which that which is to be here is now, if any.
        staged: where what is to be here is prepared.
        aside: how the names begin under which what is here now may be set aside.
    """

    place: Place
    origin: FileState | None
    goal: FileState | None
    source: PurePosixPath | None
    staged: Place
    aside: str

    @property
    def path(self) -> PurePosixPath:
        """The path, relative to the root."""
        return self.place.path

    @property
    def carries(self) -> bool:
        """Whether a whole folder moves here from another path."""
        return self.source is not None and _kind(self.goal) is Kind.FOLDER

    @property
    def of_folders(self) -> bool:
        """Whether what is here cannot simply be replaced."""
        return Kind.FOLDER in (_kind(self.origin), _kind(self.goal))


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
                content is somebody else's work, which we don't hold and must not destroy. Where
                nothing is, nothing can be destroyed: there we put what should be there.

        Raises:
            Refused: `plan-outdated` or `backup-damaged`; paths may have moved.
            OSError: paths may have moved.
        """
        every = _all_moves(change, back=back)
        if forgiving and not Path(change.root).is_dir():
            return tuple(move.path for move in every)
        if forgiving:
            self._take_out(every)
        moves, left = self._outstanding(every, forgiving=forgiving)
        for move in moves:
            self._stage(move, moves)
        self._take_names(moves, forgiving=forgiving)
        for parent in {move.place.parent for move in moves}:
            self._files.sync_folder(parent)
        if not forgiving:
            self._verify(moves)
        return tuple(left)

    def arrived(self, change: Change, *, back: bool) -> bool:
        """Whether every path is in the state that this direction leads to."""
        moves, left = self._outstanding(_all_moves(change, back=back), forgiving=True)
        return not moves and not left

    def tidy(self, change: Change) -> bool:
        """Clear what a final change staged or set aside, and what was prepared for it or made by
        it where that is needed no longer; whether nothing is left to be done.
        """
        left = False
        for move in _all_moves(change, back=False):
            try:
                for place in (move.staged, *self._asides(move)):
                    trees.clear(self._files, place)
            except (OSError, Refused):
                left = True
        if left or change.state is State.APPLIED:
            return not left
        root, prepared = Path(change.root), [t.path for t in change.transitions if t.prepared]
        try:
            for path in prepared:
                trees.clear(self._files, Place(root, path))
        except (OSError, Refused):
            return False
        above = [path.parent for path in prepared if path.parent.name]
        for folder in [*reversed(change.folders), *above]:
            self._files.remove_folder(Place(root, folder))
        return True

    # What is to be done.

    def _outstanding(
        self, every: list[Move], *, forgiving: bool
    ) -> tuple[list[Move], list[PurePosixPath]]:
        moves: list[Move] = []
        left: list[PurePosixPath] = []
        leaving: set[PurePosixPath | None] = set()
        for move in every:
            present = self._present(move.place, forgiving=forgiving)
            if present == digest_of(move.goal):
                continue
            if present == digest_of(move.origin):
                leaving.add(move.path)
            elif not forgiving:
                raise outdated(move.path)
            elif present != ABSENT:
                left.append(move.path)
                continue
            moves.append(move)
        return _without_stranded(moves, left, leaving, forgiving=forgiving)

    def _present(self, place: Place, *, forgiving: bool) -> str:
        try:
            return digest_of(self._files.state(place.root, place.path))
        except Refused:
            if forgiving:
                return "something that is not a plain file"
            raise

    def _take_out(self, every: list[Move]) -> None:
        """Put back what was set aside where nothing has come in its place yet."""
        for move in every:
            try:
                asides = self._asides(move) if self._files.look(move.place) is None else []
            except Refused:
                continue
            if asides:
                self._files.move(asides[-1], move.place)

    # Doing it.

    def _stage(self, move: Move, moves: list[Move]) -> None:
        if move.goal is None:
            return
        for parent in reversed(move.path.parents):
            self._files.make_folder(Place(move.place.root, parent))
        if move.carries:
            return
        if move.goal.kind is Kind.FOLDER:
            trees.build(self._files, self._journal, move.staged, move.goal)
        elif move.goal.kind is Kind.POINTER:
            self._files.point(move.staged, move.goal.target)
        else:
            self._stage_file(move, move.goal, moves)

    def _stage_file(self, move: Move, goal: FileState, moves: list[Move]) -> None:
        source = next((each for each in moves if each.path == move.source), None)
        linked = source is not None and source.origin == goal
        if linked and source and self._files.link(source.place, move.staged):
            if digest_of(self._files.state(move.staged.root, move.staged.path)) == goal.digest:
                return
            raise outdated(source.path)
        written = self._files.create(move.staged, self._journal.content(goal), goal)
        if written != goal.digest:
            raise damaged(move.path, goal.digest, written)

    def _take_names(self, moves: list[Move], *, forgiving: bool) -> None:
        """Let everything that is staged, and every folder on its way, take its name."""
        vacant = (ABSENT,) if forgiving else ()
        carried = {move.source for move in moves if move.carries}
        for move in moves:
            if move.of_folders and move.path not in carried:
                present = self._check(move, digest_of(move.origin), *vacant)
                if present != ABSENT:
                    self._files.move(move.place, self._next_aside(move))
        for move in _in_turn([move for move in moves if move.carries]):
            source = next(each for each in moves if each.path == move.source)
            self._check(move, ABSENT)
            self._check(source, digest_of(source.origin))
            self._files.move(source.place, move.place)
        for move in moves:
            if move.of_folders and not move.carries:
                self._enter(move)
            elif not move.of_folders:
                self._check(move, digest_of(move.origin), *vacant)
                self._exchange(move)

    def _enter(self, move: Move) -> None:
        """Take a name that has been made free."""
        self._check(move, ABSENT)
        if move.goal is not None:
            self._files.move(move.staged, move.place)

    def _exchange(self, move: Move) -> None:
        """Take a name over whatever file or pointer bears it, or remove that."""
        if move.goal is None:
            self._files.remove(move.place, self._next_aside(move))
        else:
            self._files.replace(move.staged, move.place, self._next_aside(move))

    def _check(self, move: Move, *expected: str) -> str:
        """Make sure, just before the deed, that a path is as it should be; how it is."""
        present = digest_of(self._files.state(move.place.root, move.path))
        if present not in expected:
            raise outdated(move.path)
        return present

    def _verify(self, moves: list[Move]) -> None:
        for move in moves:
            if digest_of(self._files.state(move.place.root, move.path)) != digest_of(move.goal):
                raise outdated(move.path)

    # Tidying up.

    def _asides(self, move: Move) -> list[Place]:
        """What was set aside of a path, the oldest first."""
        try:
            names = self._files.names(move.place.parent)
        except FileNotFoundError:
            return []
        own = re.compile(re.escape(move.aside) + r"(\d+)")
        numbers = sorted(int(found[1]) for name in names if (found := own.fullmatch(name)))
        return [move.place.beside(f"{move.aside}{number}") for number in numbers]

    def _next_aside(self, move: Move) -> Place:
        held = self._asides(move)
        last = int(held[-1].name.removeprefix(move.aside)) if held else 0
        return move.place.beside(f"{move.aside}{last + 1}")


def outdated(path: PurePosixPath) -> Refused:
    """The world has moved since the plan was made."""
    return Refused(
        "plan-outdated",
        _("{path} has changed since the plan was made; nothing was changed.").format(path=path),
        hint=_("Look again and make a new plan."),
    )


def _without_stranded(
    moves: list[Move],
    left: list[PurePosixPath],
    leaving: set[PurePosixPath | None],
    *,
    forgiving: bool,
) -> tuple[list[Move], list[PurePosixPath]]:
    """Leave out folders that should come from a path where they are no longer."""
    stranded = [move.path for move in moves if move.carries and move.source not in leaving]
    if not stranded:
        return moves, left
    if not forgiving:
        raise outdated(stranded[0])
    kept = [move for move in moves if move.path not in stranded]
    still = leaving.difference(stranded)
    return _without_stranded(kept, left + stranded, still, forgiving=forgiving)


def _in_turn(carrying: Iterable[Move]) -> Iterator[Move]:
    """Folders in such an order that each finds its new name free."""
    waiting = {move.path: move for move in carrying}
    while waiting:
        held = {move.source for move in waiting.values()}
        free = [path for path in waiting if path not in held]
        for path in free:
            yield waiting.pop(path)


def _kind(state: FileState | None) -> Kind | None:
    return None if state is None else state.kind


def _all_moves(change: Change, *, back: bool) -> list[Move]:
    """Every path of a change in one direction; what appears comes before what goes."""
    moves = []
    went = {t.source: t.path for t in change.transitions if t.source is not None}
    for number, step in enumerate(change.transitions):
        place = Place(Path(change.root), step.path)
        origin, goal = (step.after, step.before) if back else (step.before, step.after)
        source = went.get(step.path) if back else step.source
        staged = place.beside(f".deskside-{change.id}-{number}")
        aside = f".deskside-old-{change.id}-{number}-"
        moves.append(Move(place, origin, goal, source, staged, aside))
    return sorted(moves, key=lambda move: move.goal is None)
