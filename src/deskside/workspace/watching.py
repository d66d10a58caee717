"""`settings watch`: a snapshot at every save of the program.

The watch sleeps until the system tells of a change in a user's folder, or until a slow look
around is due, which alone serves network drives and systems that tell nothing. Either way a file
is judged by looking at it, never by what was told: one that has changed must keep size, time and
digest for a while, then it is saved. So a folder may vanish and come back, events may be lost or
come twice, and the program may take its time to write.

    known ──looks different──▶ moving ──stands still──▶ save ──▶ known
                                 ▲                        │ busy, damaged: later again
                                 ╰────────────────────────╯
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deskside.foundation.errors import DesksideError
from deskside.workspace.model import PROGRAMS, Saved, Workspace
from deskside.workspace.places import reading
from deskside.workspace.places.listening import Listening
from deskside.workspace.workstation import Workstation

SETTLE = 1.0
"""Seconds for which a file must stand still before it is saved."""

LOOK_AROUND = 10.0
"""Seconds between two looks where nothing is told."""

QUIET = 60.0
"""Seconds without a save after which the history is tidied up."""

TIDYING = 5.0
"""Seconds that tidying up may take at once."""

_SHORTEST = 0.05
"""Seconds of the shortest sleep."""

Mark = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """Something to tell: a snapshot that was made, or why none could be made."""

    workspace: Workspace
    saved: Saved | None
    problem: DesksideError | None = None

    def as_json(self) -> dict[str, Any]:
        """One line of `settings watch --json`."""
        place = {"workspace": self.workspace.key, "file": str(self.workspace.file)}
        if self.saved:
            return {"event": "saved", **place, "snapshot": self.saved.snapshot.as_json()}
        assert self.problem
        return {"event": "problem", **place, "error": self.problem.as_json()}


@dataclass(slots=True)
class _Watched:
    """One settings file, and how far we are with it.

    Attributes:
        known: how it looked when it was last saved, or found to be saved.
        moving: how it looked when it began to stand still; None where nothing is due.
        digest: of its content at that moment; empty where it could not be read.
        due: when it may be looked at again.
        told: code of the problem that was told last.
    """

    workspace: Workspace
    known: Mark | None = None
    moving: Mark | None = None
    digest: str = ""
    due: float = 0.0
    told: str = ""


class Watch:
    """Keeps the histories of some workspaces up with their files.

    Args:
        find: the workspaces to watch; asked again at times, since new users appear.
        tell: told of every snapshot and problem.
        after_save: called after each snapshot that was made; what it refuses is told, not fatal.
        maintain: called while all is quiet, with the seconds that it may take.
        settle, look_around, quiet: as the constants.
    """

    def __init__(
        self,
        here: Workstation,
        find: Callable[[], Iterable[Workspace]],
        tell: Callable[[Seen], None],
        *,
        after_save: Callable[[Workspace, Saved], None] | None = None,
        maintain: Callable[[float], object] | None = None,
        settle: float = SETTLE,
        look_around: float = LOOK_AROUND,
        quiet: float = QUIET,
    ) -> None:
        self._here = here
        self._find = find
        self._tell = tell
        self._after_save = after_save
        self._maintain = maintain
        self._settle = settle
        self._look_around = look_around
        self._quiet = quiet
        self._watched: dict[Path, _Watched] = {}
        self._listening = Listening(_is_telling)
        self._stopped = False
        self._moved = self._refreshed = self._restless = time.monotonic()
        self._tidy_at = self._moved + quiet

    def stop(self) -> None:
        """End the watch soon. A signal handler may do this."""
        self._stopped = True
        self._listening.ring()

    def run(self, once_idle: float | None = None) -> None:
        """Watch until told to stop. What differs is saved at the start and at the end as well.

        Args:
            once_idle: end by itself after so many seconds in which nothing changed.
        """
        self._refresh()
        try:
            while not self._stopped:
                moving = self._look()
                now = time.monotonic()
                if once_idle is not None and not moving and now - self._moved >= once_idle:
                    break
                self._tidy(now)
                if self._listening.listen_to(self._folders()):
                    # What changed before we listened was told to nobody: look again soon.
                    self._restless = now + 3 * self._settle
                self._hear(self._listening.wait(self._pause(now, once_idle)))
        finally:
            self._listening.close()
        self._save_the_rest()

    def _hear(self, told: set[Path]) -> None:
        """Doubt what is known of the files that were told of, and look out for new ones."""
        for path in told:
            if watched := self._watched.get(path):
                # Size and time may be as before: some drives tell time in steps of two seconds.
                watched.known = None
        strange = told - self._watched.keys()
        if strange or time.monotonic() - self._refreshed >= self._look_around:
            self._refresh()

    def _refresh(self) -> None:
        """Learn of new users; those whose files are gone stay watched."""
        self._refreshed = time.monotonic()
        with suppress(DesksideError):  # no settings anywhere yet
            for workspace in self._find():
                self._watched.setdefault(workspace.file, _Watched(workspace))

    def _look(self) -> bool:
        """Look at every file; whether one of them is still moving."""
        moving = [self._look_at(watched) for watched in self._watched.values()]
        return any(moving)

    def _look_at(self, watched: _Watched) -> bool:
        now, mark = time.monotonic(), _mark(watched.workspace.file)
        if mark is None or mark == watched.known:
            watched.moving = None
            return False
        self._moved = now
        if mark != watched.moving:
            watched.moving, watched.digest = mark, _digest(watched.workspace.file)
            watched.due = now + self._settle
        elif now >= watched.due:
            return not self._save(watched, mark, now)
        return True

    def _save(self, watched: _Watched, mark: Mark, now: float) -> bool:
        """Save a file that stands still; whether that is done with."""
        digest = _digest(watched.workspace.file)
        if digest != watched.digest:
            watched.digest, watched.due = digest, now + self._settle
            return False
        try:
            saved = self._here.save(watched.workspace)
        except DesksideError as problem:
            self._problem(watched, problem)
            # A file that is no good stays so until it is written again; the rest is tried again.
            if problem.code.startswith("settings-") and problem.code != "settings-changing":
                watched.known, watched.moving = mark, None
                return True
            watched.due = now + self._look_around
            return False
        watched.known, watched.moving, watched.told = mark, None, ""
        if saved.changed:
            self._tell(Seen(watched.workspace, saved))
            self._hand_on(watched.workspace, saved)
        return True

    def _hand_on(self, workspace: Workspace, saved: Saved) -> None:
        if self._after_save is None:
            return
        try:
            self._after_save(workspace, saved)
        except DesksideError as problem:
            self._tell(Seen(workspace, None, problem))

    def _problem(self, watched: _Watched, problem: DesksideError) -> None:
        """Tell of a problem once, however long it lasts."""
        if problem.code != watched.told:
            watched.told = problem.code
            self._tell(Seen(watched.workspace, None, problem))

    def _tidy(self, now: float) -> None:
        """Tidy up the history where nothing has moved for a while, and not again until it has."""
        if self._moved + self._quiet > now or self._maintain is None:
            self._tidy_at = self._moved + self._quiet
            return
        if now < self._tidy_at:
            return
        self._tidy_at = now + 60 * self._quiet
        with suppress(DesksideError):  # the history is busy, or the disk is full: another time
            self._maintain(TIDYING)

    def _folders(self) -> set[Path]:
        """The folders to listen to: those of the users, and those in which such appear."""
        users = {file.parent for file in self._watched}
        return users | {user.parent for user in users}

    def _pause(self, now: float, once_idle: float | None) -> float:
        """How many seconds may pass until the next look, if nothing is told."""
        ends = [now + self._look_around, *(w.due for w in self._watched.values() if w.moving)]
        if now < self._restless:
            ends.append(now + self._settle)
        if once_idle is not None:
            ends.append(self._moved + once_idle)
        if self._maintain:
            ends.append(self._tidy_at)
        return max(min(ends) - now, _SHORTEST)

    def _save_the_rest(self) -> None:
        """Save at the end what was still moving, if it is good."""
        for watched in self._watched.values():
            mark = _mark(watched.workspace.file)
            if mark is not None and mark != watched.known:
                watched.digest = _digest(watched.workspace.file)
                self._save(watched, mark, time.monotonic())


def _is_telling(path: Path) -> bool:
    """Whether a change there may concern us: a settings file, or a folder that has appeared."""
    return path.name.lower() in PROGRAMS or path.is_dir()


def _mark(file: Path) -> Mark | None:
    """How a file looks; None where there is none."""
    try:
        return reading.mark_of(file.stat())
    except OSError:
        return None


def _digest(file: Path) -> str:
    """Digest of a file's content; empty where it cannot be read as settings now."""
    try:
        return reading.examine(file).sha256
    except DesksideError:
        return ""
