"""What a change is: a plan of steps whose inputs are pinned by hash.

Every step is at heart a set of transitions, each taking one path from a state before to a state
after. The engine records all of them before the first one happens, so that recovery and undo
need no knowledge of the steps: they put each path back into a state that they hold by hash.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, NewType

Digest = NewType("Digest", str)
"""SHA-256 of a file's content, in lower-case hexadecimal."""

ABSENT = Digest("absent")
"""Stands for the digest of a path where nothing is."""


def digest(content: bytes) -> Digest:
    """The digest of some content."""
    return Digest(hashlib.sha256(content).hexdigest())


class Verb(StrEnum):
    """What a step does: `write` makes a file where nothing is, `replace` needs one to be there."""

    WRITE = "write"
    REPLACE = "replace"
    RENAME = "rename"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class FileState:
    """What is at a path: a regular file. Where nothing is, we say None.

    Attributes:
        digest: of its content.
        size: of its content, in bytes.
        mode: permission bits; None lets the system choose those of a new file.
        owner: numbers of user and group; None means whoever writes it.
        mtime_ns: time of last modification in nanoseconds; None means the moment of writing.
    """

    digest: Digest
    size: int
    mode: int | None = None
    owner: tuple[int, int] | None = None
    mtime_ns: int | None = None


def digest_of(state: FileState | None) -> Digest:
    """The digest by which two states of a path are compared."""
    return ABSENT if state is None else state.digest


@dataclass(frozen=True, slots=True)
class Transition:
    """One path, from the state before the change to the state after it."""

    path: PurePosixPath
    before: FileState | None
    after: FileState | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan. Paths are relative to the plan's root and never leave it.

    Attributes:
        verb: what is done.
        path: the file acted upon.
        content: new content (write, replace).
        target: new name (rename).
        why: the reason, for the person; translated.
    """

    verb: Verb
    path: PurePosixPath
    content: bytes | None = field(default=None, repr=False)
    target: PurePosixPath | None = None
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """The step as it is shown; content by its size and digest only."""
        shown: dict[str, Any] = {"verb": self.verb.value, "path": str(self.path), "why": self.why}
        if self.content is not None:
            shown |= {"size": len(self.content), "sha256": digest(self.content)}
        if self.target is not None:
            shown["target"] = str(self.target)
        return shown


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered steps under one root, with the digest of every input when it was made.

    Attributes:
        tool: id of the fix or command that made it.
        title: what it does, for the person; translated.
        root: the folder that it changes; steps never leave it.
        steps: in the order in which they are applied.
        inputs: each path that a step touches, and its digest (or ABSENT) when planned; the plan
            is refused if one has moved since.
    """

    tool: str
    title: str
    root: Path
    steps: tuple[Step, ...]
    inputs: dict[PurePosixPath, Digest]

    def as_json(self) -> dict[str, Any]:
        """The plan as `--dry-run --json` prints it."""
        return {
            "tool": self.tool,
            "title": self.title,
            "root": str(self.root),
            "steps": [step.as_json() for step in self.steps],
            "inputs": {str(path): seen for path, seen in self.inputs.items()},
        }


class State(StrEnum):
    """Where a change stands in its life."""

    APPLYING = "applying"
    APPLIED = "applied"
    ROLLED_BACK = "rolled-back"
    UNDOING = "undoing"
    UNDONE = "undone"


FINAL = frozenset({State.APPLIED, State.ROLLED_BACK, State.UNDONE})
"""States in which nothing is under way."""


@dataclass(frozen=True, slots=True)
class Change:
    """A plan that was applied, as the journal knows it.

    Attributes:
        id: name in the journal, sortable by time.
        created: UTC, ISO 8601.
        state: where it stands.
        transitions: what happens to each path, in the order in which it happens.
        folders: folders that the change had to make, outermost first.
        left_alone: paths that recovery found in a state that we never knew, and did not touch.
    """

    id: str
    created: str
    state: State
    tool: str
    title: str
    root: str
    transitions: tuple[Transition, ...]
    folders: tuple[PurePosixPath, ...] = ()
    left_alone: tuple[PurePosixPath, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that it changes, relative to the root."""
        return tuple(str(transition.path) for transition in self.transitions)

    def as_json(self) -> dict[str, Any]:
        """The change as `changes list` prints it."""
        return {
            "id": self.id,
            "created": self.created,
            "state": self.state.value,
            "tool": self.tool,
            "title": self.title,
            "root": self.root,
            "paths": list(self.paths),
            "left_alone": [str(path) for path in self.left_alone],
        }

    def details(self) -> dict[str, Any]:
        """The change as `changes show` prints it: with the digests of every path."""
        moves = [
            {"path": str(t.path), "before": digest_of(t.before), "after": digest_of(t.after)}
            for t in self.transitions
        ]
        return self.as_json() | {"transitions": moves}
