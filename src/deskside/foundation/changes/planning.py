"""Making a plan: what each step may do, and what all of them come to.

Rules: a path is relative and never leaves the root; `write` and `make-folder` want nothing there,
`replace` wants a file, `rename` and `remove` a file or folder; a new name must be free; `switch`
wants a pointer or nothing, and its target must be a folder once the plan is applied. No path lies
within another (the folders of a file that is written are made by themselves), and none differs
from another by letter case or Unicode form only, since some file systems take such two for one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.files import Files
from deskside.foundation.changes.model import (
    FileState,
    Kind,
    Plan,
    Step,
    Verb,
    digest_of,
)
from deskside.foundation.changes.outcome import Outcome, impossible
from deskside.foundation.changes.places import Place
from deskside.foundation.changes.refusals import in_words
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _, ngettext

States = Mapping[PurePosixPath, FileState | None]


@in_words()
def plan(
    tool: str,
    title: str,
    root: Path,
    steps: Iterable[Step],
    *,
    remarks: Iterable[str] = (),
    files: Files | None = None,
) -> Plan:
    """A plan whose inputs are pinned by what is there now.

    Args:
        tool: id of the fix or command that plans.
        title: what it does, for the person; translated.
        root: existing folder that all paths are relative to.
        steps: in order.
        remarks: what the person should know before agreeing; translated. Ours are added.

    Raises:
        NotFound: `no-root`.
        Refused: `outside-root`, `through-link`, `not-a-file` or `plan-impossible`; what the
            system refuses.
    """
    listed, files = tuple(steps), files or Files()
    real = real_root(root)
    seen = states(real, listed, files)
    outcome(real, listed, seen, files).transitions()
    inputs = {path: digest_of(state) for path, state in seen.items()}
    said = (*remarks, *_hard_links(real, seen, files))
    return Plan(tool, title, real, listed, inputs, said)


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
    listed = list(steps)
    touched = dict.fromkeys(path for step in listed for path in _touched(step))
    for path in [*touched, *(step.target for step in listed if step.target is not None)]:
        _check_path(path)
    _check_together(touched)
    return {path: files.state(root, path) for path in touched}


def outcome(
    root: Path, steps: tuple[Step, ...], seen: States, files: Files, written: int = 0
) -> Outcome:
    """What the steps come to, having made sure that all of them are possible.

    Args:
        written: time of modification that new content gets, in nanoseconds.

    Raises:
        Refused: `plan-impossible`, `not-a-file` or `through-link`, naming the path.
    """
    made = Outcome(seen, links=files.links, written=written)
    for step in steps:
        if step.verb is Verb.SWITCH and not files.links:
            _check_pointer_file(root, step, seen, files)
        made.take(step)
    for step in steps:
        if step.verb is Verb.SWITCH and step.target and not _is_folder(root, step, made, files):
            raise impossible(step.path, _("{target} is no folder").format(target=step.target))
    return made


def _touched(step: Step) -> tuple[PurePosixPath, ...]:
    if step.verb is Verb.RENAME and step.target is not None:
        return step.path, step.target
    return (step.path,)


def _check_path(path: PurePosixPath) -> None:
    """Refuse what could leave the root on any system, whichever this one is."""
    text = str(path)
    if path.is_absolute() or not path.parts or ".." in path.parts or set(text) & set("\\:\0"):
        raise Refused(
            "outside-root",
            _("{path} does not name a file inside the folder to be changed.").format(path=text),
        )


def _check_together(paths: Iterable[PurePosixPath]) -> None:
    """Refuse paths that lie within one another, or that some file systems take for one."""
    folded: dict[PurePosixPath, PurePosixPath] = {}
    for path in paths:
        other = folded.setdefault(fold(path), path)
        if other != path:
            reason = _("some file systems cannot tell it from {other}").format(other=other)
            raise impossible(path, reason)
    for key, path in folded.items():
        if any(parent in folded for parent in key.parents):
            raise impossible(path, _("it lies inside another path of the same plan"))


def fold(path: PurePosixPath) -> PurePosixPath:
    """The path as the least particular file systems see it: without case or Unicode form."""
    plain = unicodedata.normalize("NFD", str(path)).casefold()
    return PurePosixPath(unicodedata.normalize("NFC", plain))


def _is_folder(root: Path, step: Step, made: Outcome, files: Files) -> bool:
    """Whether the target of a switch will be a folder."""
    target = step.target
    assert target is not None
    for path, state in made.now.items():
        if path == target:
            return state is not None and state.kind is Kind.FOLDER
        if state is not None and target in path.parents:
            return True
        if path in target.parents:
            return _within(root, target.relative_to(path), path, made, files)
    return _folder_there(root, target, files)


def _within(
    root: Path, inner: PurePosixPath, outer: PurePosixPath, made: Outcome, files: Files
) -> bool:
    """Whether a folder that the plan moves holds the target, looked up where it is now."""
    if made.now[outer] is None:
        return False
    return _folder_there(root, made.came_from(outer) / inner, files)


def _folder_there(root: Path, path: PurePosixPath, files: Files) -> bool:
    try:
        files.look(Place(root, path / "inside"))
        info = files.look(Place(root, path))
    except Refused as refused:
        if refused.code == "not-a-file":
            return False
        raise
    return info is not None


def _check_pointer_file(root: Path, step: Step, seen: States, files: Files) -> None:
    """Where pointers are small files, make sure that what is there is one."""
    if seen[step.path] is not None and files.pointer(Place(root, step.path)) is None:
        raise impossible(step.path, _("it is there and no pointer"))


def _hard_links(root: Path, seen: States, files: Files) -> list[str]:
    """Files that have other names: those keep the present content."""
    counted = {p: files.other_names(Place(root, p)) for p, s in seen.items() if s}
    return [
        ngettext(
            "{path} has another name elsewhere (a hard link), which keeps the present content.",
            "{path} has {count} other names elsewhere (hard links), which keep the present "
            "content.",
            count,
        ).format(path=path, count=count)
        for path, count in counted.items()
        if count
    ]
