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

POINTER = "pointer:"
"""Begins what stands for the digest of a pointer; then follows what its link says."""

FOLDER = "folder:"
"""Begins what stands for the digest of a folder, lest an empty one be taken for an empty file."""


def digest(content: bytes) -> Digest:
    """The digest of some content."""
    return Digest(hashlib.sha256(content).hexdigest())


class Verb(StrEnum):
    """What a step does.

    `write` makes a file where nothing is, `replace` needs one to be there. `rename` and `remove`
    take files and whole folders. `make-folder` makes an empty folder. `switch` makes a pointer
    point to a folder, whether the pointer is there already or not.
    """

    WRITE = "write"
    REPLACE = "replace"
    RENAME = "rename"
    REMOVE = "remove"
    MAKE_FOLDER = "make-folder"
    SWITCH = "switch"


class Kind(StrEnum):
    """What can be at a path."""

    FILE = "file"
    FOLDER = "folder"
    POINTER = "pointer"


@dataclass(frozen=True, slots=True)
class FileState:
    """What is at a path. Where nothing is, we say None.

    Attributes:
        digest: of a file's content; of all names and contents in a folder; a pointer's target.
        size: of the content in bytes; of a folder, that of all files in it.
        mode: permission bits; None lets the system choose those of a new file.
        owner: numbers of user and group; None means whoever writes it.
        mtime_ns: time of last modification in nanoseconds; None means the moment of writing.
        kind: file, folder or pointer.
        target: what the link of a pointer says: relative to the folder that the pointer is in.
        manifest: of a folder whose contents are kept: the digest of the list of what is in it.
    """

    digest: Digest
    size: int
    mode: int | None = None
    owner: tuple[int, int] | None = None
    mtime_ns: int | None = None
    kind: Kind = Kind.FILE
    target: str = ""
    manifest: Digest | None = None


Tree = tuple[tuple[PurePosixPath, FileState], ...]
"""All that is in a folder, by its path relative to it; folders before what is in them."""


def pointer_state(target: str) -> FileState:
    """A pointer whose link says `target`."""
    return FileState(Digest(f"{POINTER}{target}"), 0, kind=Kind.POINTER, target=target)


def folder_state(tree: Tree) -> FileState:
    """A folder that holds just this. Its digest covers names and contents, not times or modes."""
    lines = (
        f"{state.kind.value} {'-' if state.kind is Kind.FOLDER else state.digest} {path}\0"
        for path, state in sorted(tree)
    )
    seen = digest("".join(lines).encode("utf-8", "surrogateescape"))
    size = sum(state.size for _, state in tree)
    return FileState(Digest(f"{FOLDER}{seen}"), size, kind=Kind.FOLDER)


def digest_of(state: FileState | None) -> Digest:
    """The digest by which two states of a path are compared."""
    return ABSENT if state is None else state.digest


@dataclass(frozen=True, slots=True)
class Transition:
    """One path, from the state before the change to the state after it.

    Attributes:
        source: the path of the same change that what is here afterwards has come from, where it
            was renamed.
        prepared: what was here before was put there for this change alone: where the change does
            not stand, it is cleared.
    """

    path: PurePosixPath
    before: FileState | None
    after: FileState | None
    source: PurePosixPath | None = None
    prepared: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan. Paths are relative to the plan's root and never leave it.

    Attributes:
        verb: what is done.
        path: the file, folder or pointer acted upon.
        content: new content (write, replace).
        target: new name (rename); the folder to point to (switch).
        prepared: what is renamed was put there for this plan alone, and goes with it.
        why: the reason, for the person; translated.
    """

    verb: Verb
    path: PurePosixPath
    content: bytes | None = field(default=None, repr=False)
    target: PurePosixPath | None = None
    why: str = ""
    prepared: bool = False

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
        remarks: what the person should know before agreeing; translated.
    """

    tool: str
    title: str
    root: Path
    steps: tuple[Step, ...]
    inputs: dict[PurePosixPath, Digest]
    remarks: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The plan as `--dry-run --json` prints it."""
        return {
            "tool": self.tool,
            "title": self.title,
            "root": str(self.root),
            "steps": [step.as_json() for step in self.steps],
            "inputs": {str(path): seen for path, seen in self.inputs.items()},
            "remarks": list(self.remarks),
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
        pruned: its contents are no longer kept, so that it cannot be undone any more.
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
    pruned: bool = False

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
            "pruned": self.pruned,
        }

    def details(self) -> dict[str, Any]:
        """The change as `changes show` prints it: with the digests of every path."""
        return self.as_json() | {"transitions": [_shown(t) for t in self.transitions]}


def _shown(transition: Transition) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "path": str(transition.path),
        "before": digest_of(transition.before),
        "after": digest_of(transition.after),
        "kind": (transition.after or transition.before or _NOTHING).kind.value,
    }
    if transition.source is not None:
        shown["source"] = str(transition.source)
    return shown


_NOTHING = FileState(ABSENT, 0)
