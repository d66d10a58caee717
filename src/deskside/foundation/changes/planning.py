"""Making a plan: what each step may do, and what all of them come to.

Rules: a path is relative and never leaves the root; `write` wants nothing there, `replace`,
`rename` and `remove` want a file; a new name must be free; no path lies within another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.files import Files
from deskside.foundation.changes.model import (
    Digest,
    FileState,
    Plan,
    Step,
    Transition,
    Verb,
    digest,
    digest_of,
)
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _

States = Mapping[PurePosixPath, FileState | None]


def plan(
    tool: str, title: str, root: Path, steps: Iterable[Step], *, files: Files | None = None
) -> Plan:
    """A plan whose inputs are pinned by what is there now.

    Args:
        tool: id of the fix or command that plans.
        title: what it does, for the person; translated.
        root: existing folder that all paths are relative to.
        steps: in order.

    Raises:
        NotFound: `no-root`.
        Refused: `outside-root`, `through-link`, `not-a-file` or `plan-impossible`.
    """
    listed = tuple(steps)
    real = real_root(root)
    seen = states(real, listed, files or Files())
    transitions(listed, seen)
    inputs = {path: digest_of(state) for path, state in seen.items()}
    return Plan(tool, title, real, listed, inputs)


def real_root(root: Path) -> Path:
    """The root by its real name, so that one folder has one name however it was reached."""
    try:
        real = root.resolve(strict=True)
    except FileNotFoundError:
        raise NotFound("no-root", _("There is no folder {root}.").format(root=root)) from None
    if not real.is_dir():
        raise Refused("not-a-folder", _("{root} is not a folder.").format(root=root))
    return real


def states(
    root: Path, steps: Iterable[Step], files: Files
) -> dict[PurePosixPath, FileState | None]:
    """What is now at each path that the steps touch."""
    touched = dict.fromkeys(path for step in steps for path in (step.path, step.target) if path)
    for path in touched:
        _check_path(path, touched)
    return {path: files.state(root, path) for path in touched}


def transitions(steps: Iterable[Step], seen: States, written: int = 0) -> tuple[Transition, ...]:
    """What the steps come to for each path; files that appear come before those that go.

    Args:
        written: time of modification that new content gets, in nanoseconds.

    Raises:
        Refused: `plan-impossible`, naming the step.
    """
    now = dict(seen)
    for step in steps:
        _take(step, now, written)
    changed = [Transition(path, seen[path], now[path]) for path in now if seen[path] != now[path]]
    return tuple(sorted(changed, key=lambda transition: transition.after is None))


def contents(steps: Iterable[Step]) -> list[bytes]:
    """All new content that the steps bring along."""
    return [step.content for step in steps if step.content is not None]


def _take(step: Step, now: dict[PurePosixPath, FileState | None], written: int) -> None:
    here = now[step.path]
    if step.verb is Verb.WRITE:
        if here is not None:
            raise _impossible(step.path, _("a file of that name is already there"))
        now[step.path] = FileState(*_brought(step), mtime_ns=written)
        return
    if here is None:
        raise _impossible(step.path, _("it is not there"))
    if step.verb is Verb.REPLACE:
        new, size = _brought(step)
        if new != here.digest:
            now[step.path] = FileState(new, size, here.mode, here.owner, written)
        return
    now[step.path] = None
    if step.verb is Verb.RENAME:
        if step.target is None or now[step.target] is not None or step.target == step.path:
            raise _impossible(step.path, _("its new name is missing or taken"))
        now[step.target] = here


def _brought(step: Step) -> tuple[Digest, int]:
    if step.content is None:
        raise _impossible(step.path, _("the new content is missing"))
    return digest(step.content), len(step.content)


def _check_path(path: PurePosixPath, all_paths: Iterable[PurePosixPath]) -> None:
    """Refuse what could leave the root on any system, whichever this one is."""
    text = str(path)
    if path.is_absolute() or not path.parts or ".." in path.parts or set(text) & set("\\:\0"):
        raise Refused(
            "outside-root",
            _("{path} does not name a file inside the folder to be changed.").format(path=text),
        )
    if set(path.parents) & set(all_paths):
        raise _impossible(path, _("it lies inside another path of the same plan"))


def _impossible(path: PurePosixPath, reason: str) -> Refused:
    return Refused(
        "plan-impossible",
        _("{path} cannot be changed as planned: {reason}.").format(path=path, reason=reason),
    )
