"""What steps come to for each path, worked out one after the other, without looking at a disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from deskside.foundation.changes import pointers
from deskside.foundation.changes.model import (
    Digest,
    FileState,
    Kind,
    Step,
    Transition,
    Verb,
    digest,
    digest_of,
    folder_state,
    pointer_state,
)
from deskside.foundation.errors import Refused
from deskside.foundation.text import _


@dataclass
class Outcome:
    """The states of all paths after the steps taken so far.

    Attributes:
        seen: the states before the first step.
        links: whether pointers are symbolic links; else small files.
        written: time of modification that new content gets, in nanoseconds.
        now: the states after the latest step.
    """

    seen: Mapping[PurePosixPath, FileState | None]
    links: bool
    written: int
    now: dict[PurePosixPath, FileState | None] = field(init=False)
    _came: dict[PurePosixPath, PurePosixPath | None] = field(init=False)
    _prepared: set[PurePosixPath] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.now = dict(self.seen)
        self._came = {path: path for path in self.seen}

    def take(self, step: Step) -> None:
        """Take one more step.

        Raises:
            Refused: `plan-impossible`, `not-a-file` or `through-link`, naming the path.
        """
        here = self.now[step.path]
        if step.verb is Verb.SWITCH:
            self._switch(step, here)
        elif step.verb in (Verb.WRITE, Verb.MAKE_FOLDER):
            self._make(step, here)
        elif here is None:
            raise impossible(step.path, _("it is not there"))
        elif step.verb is Verb.REPLACE:
            self._replace(step, here)
        elif step.verb is Verb.REMOVE:
            self.now[step.path] = None
        else:
            self._rename(step, here)

    def came_from(self, path: PurePosixPath) -> PurePosixPath:
        """Where that which will be at a path is now; the path itself where it is new."""
        return self._came[path] or path

    def transitions(self) -> tuple[Transition, ...]:
        """The paths that are changed; those that appear come before those that go.

        Raises:
            Refused: `plan-impossible`: folders would exchange their names.
        """
        changed = [p for p in self.now if digest_of(self.seen[p]) != digest_of(self.now[p])]
        made = [self._transition(path, changed) for path in changed]
        _check_folders(made)
        return tuple(sorted(made, key=lambda transition: transition.after is None))

    def _transition(self, path: PurePosixPath, changed: list[PurePosixPath]) -> Transition:
        after, came = self.now[path], self._came[path]
        moved = after is not None and came != path and came in changed
        source = came if moved else None
        return Transition(path, self.seen[path], after, source, path in self._prepared)

    def _put(self, path: PurePosixPath, state: FileState) -> None:
        self.now[path], self._came[path] = state, None

    def _make(self, step: Step, here: FileState | None) -> None:
        if here is not None and here.kind is not Kind.FILE:
            raise _another_kind(step.path, here)
        if here is not None:
            raise impossible(step.path, _("a file of that name is already there"))
        if step.verb is Verb.MAKE_FOLDER:
            self._put(step.path, folder_state(()))
        else:
            self._put(step.path, FileState(*_brought(step), mtime_ns=self.written))

    def _replace(self, step: Step, here: FileState) -> None:
        if here.kind is not Kind.FILE:
            raise _another_kind(step.path, here)
        new, size = _brought(step)
        if new != here.digest:
            self._put(step.path, FileState(new, size, here.mode, here.owner, self.written))

    def _rename(self, step: Step, here: FileState) -> None:
        if here.kind is Kind.POINTER:
            raise _another_kind(step.path, here)
        if step.target is None or self.now[step.target] is not None or step.target == step.path:
            raise impossible(step.path, _("its new name is missing or taken"))
        self.now[step.path], self.now[step.target] = None, here
        self._came[step.target] = self._came[step.path]
        self._came[step.path] = None
        if step.prepared:
            self._prepared.add(step.path)

    def _switch(self, step: Step, here: FileState | None) -> None:
        if step.target is None or step.target == step.path:
            raise impossible(step.path, _("it is not said what it should point to"))
        if here is not None and here.kind is not (Kind.POINTER if self.links else Kind.FILE):
            raise impossible(step.path, _("it is there and no pointer"))
        text = pointers.words(step.path, step.target)
        if self.links:
            state = pointer_state(text)
        else:
            content = pointers.content_of(text)
            state = FileState(digest(content), len(content), mtime_ns=self.written)
        if digest_of(state) != digest_of(here):
            self._put(step.path, state)


def contents(steps: Iterable[Step], *, links: bool) -> list[bytes]:
    """All new content that the steps bring along."""
    brought = [step.content for step in steps if step.content is not None]
    switches = [step for step in steps if step.verb is Verb.SWITCH and not links]
    return brought + [
        pointers.content_of(pointers.words(step.path, step.target))
        for step in switches
        if step.target is not None
    ]


def impossible(path: PurePosixPath, reason: str) -> Refused:
    """A step that cannot be taken."""
    return Refused(
        "plan-impossible",
        _("{path} cannot be changed as planned: {reason}.").format(path=path, reason=reason),
    )


def _brought(step: Step) -> tuple[Digest, int]:
    if step.content is None:
        raise impossible(step.path, _("the new content is missing"))
    return digest(step.content), len(step.content)


def _another_kind(path: PurePosixPath, here: FileState) -> Refused:
    if here.kind is Kind.POINTER:
        return Refused(
            "through-link",
            _("{path} is a link, and changing files through links is not safe.").format(path=path),
            hint=_("Name the folder that it points to instead."),
        )
    return Refused("not-a-file", _("{path} is in the way: not a plain file.").format(path=path))


def _check_folders(made: list[Transition]) -> None:
    """Folders move by their names alone, so each must find its new one free in its turn."""
    carried = {
        t.path: t.source for t in made if t.after and t.after.kind is Kind.FOLDER and t.source
    }
    for transition in made:
        after = transition.after
        full = after and after.kind is Kind.FOLDER and after.digest != folder_state(()).digest
        if full and transition.path not in carried:
            raise impossible(transition.path, _("an equal folder takes its old name"))
        here: PurePosixPath | None = carried.get(transition.path)
        while here is not None and here != transition.path:
            here = carried.get(here)
        if here is not None:
            raise impossible(transition.path, _("folders cannot exchange names in one plan"))
