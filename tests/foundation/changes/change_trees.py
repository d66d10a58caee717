"""Trees of files, plans over them, and ways to make the engine's operations fail."""

from __future__ import annotations

import errno
import os
import signal
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.model import Step, Verb

Tree = dict[str, tuple[bytes, int, int] | str | None]
"""Each path with content, permissions and time; what a link says; None for a folder."""

Shape = Mapping[str, bytes | str | None]
"""The same without permissions and times: a file's content, what a link says, None for a folder."""


def tree(root: Path, *, asides: bool = True) -> Tree:
    """Everything under a root, exactly; perhaps without what bears a name of ours."""
    return {
        str(p.relative_to(root)): _entry(p)
        for p in sorted(root.rglob("*"))
        if asides or ".deskside-" not in str(p)
    }


def shape(root: Path) -> dict[str, bytes | str | None]:
    """What is under a root, with all folders."""
    entries = tree(root).items()
    return {name: e[0] if isinstance(e, tuple) else e for name, e in entries}


def contents(root: Path, *, asides: bool = True) -> dict[str, bytes]:
    """The content of every file under a root; perhaps without what bears a name of ours."""
    entries = tree(root, asides=asides).items()
    return {name: entry[0] for name, entry in entries if isinstance(entry, tuple)}


def leftovers(root: Path) -> list[str]:
    """Whatever bears a name of ours."""
    return [str(path) for path in root.rglob(".deskside*")]


def _entry(path: Path) -> tuple[bytes, int, int] | str | None:
    if path.is_symlink():
        return str(path.readlink())
    if path.is_dir():
        return None
    info = path.lstat()
    return path.read_bytes(), stat.S_IMODE(info.st_mode), info.st_mtime_ns


def plant(root: Path, files: Shape, mode: int = 0o640) -> Path:
    """Make files under a root, each with a mode and a time of its own; folders and links, too."""
    root.mkdir(parents=True, exist_ok=True)
    for number, (name, content) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.mkdir(exist_ok=True)
        elif isinstance(content, str):
            path.symlink_to(content)
        else:
            path.write_bytes(content)
            path.chmod(mode)
            os.utime(path, ns=(10**18 + number, 10**18 + number))
    return root


def step(verb: str, path: str, content: bytes | None = None, target: str | None = None) -> Step:
    """A step in few words."""
    return Step(Verb(verb), PurePosixPath(path), content, PurePosixPath(target) if target else None)


def expected(files: Shape, steps: Iterable[Step]) -> dict[str, bytes | str | None]:
    """What the steps come to, worked out the plain way; with all folders."""
    now = with_folders(files)
    for each in steps:
        path, target = str(each.path), str(each.target)
        if each.verb in (Verb.WRITE, Verb.REPLACE):
            now[path] = each.content
        elif each.verb is Verb.MAKE_FOLDER:
            now[path] = None
        elif each.verb is Verb.SWITCH:
            now[path] = os.path.relpath(target, each.path.parent)
        else:
            for old in [name for name in now if name == path or name.startswith(f"{path}/")]:
                content = now.pop(old)
                if each.verb is Verb.RENAME:
                    now[target + old.removeprefix(path)] = content
    return with_folders(now)


def with_folders(files: Shape) -> dict[str, bytes | str | None]:
    """The same with every folder that must be there."""
    now = dict(files)
    for name in files:
        for parent in PurePosixPath(name).parents:
            if parent.parts:
                now.setdefault(str(parent), None)
    return now


Scenario = tuple[dict[str, bytes | str | None], list[Step]]


def eventful() -> Scenario:
    """Files: every verb, a new folder, and a backup's name that is taken."""
    files: dict[str, bytes | str | None] = {
        "x.dll": b"old" * 20,
        "x_old.dll": b"older",
        "gone": b"bye",
        "d/kept": b"kept",
    }
    steps = [
        step("remove", "x_old.dll"),
        step("rename", "x.dll", target="x_old.dll"),
        step("write", "x.dll", b"new" * 20),
        step("remove", "gone"),
        step("replace", "d/kept", b"changed"),
        step("write", "new/folder/file", b"deep"),
    ]
    return files, steps


def installing() -> Scenario:
    """Folders: an unpacked one takes an old one's name, which moves on; one goes; a pointer."""
    files: dict[str, bytes | str | None] = {
        "api/lib": b"old lib",
        "api.unpacked/lib": b"new lib",
        "api.unpacked/sub/x": b"x",
        "stale/y": b"y",
        "stale/inner/link": "../y",
        "current": "stale",
    }
    steps = [
        step("remove", "stale"),
        step("rename", "api", target="kept/api-1"),
        step("rename", "api.unpacked", target="api"),
        step("make-folder", "empty"),
        step("switch", "current", target="api/sub"),
    ]
    return files, steps


SCENARIOS = {"files": eventful, "folders": installing}


class Counter:
    """Counts operations."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, operation: str, path: Path) -> None:
        self.count += 1


class FailAt(Counter):
    """Fails the n-th operation, or all from the n-th on."""

    def __init__(self, number: int, error: int = errno.EIO, *, lasting: bool = False) -> None:
        super().__init__()
        self.number, self.error, self.lasting = number, error, lasting

    def __call__(self, operation: str, path: Path) -> None:
        self.count += 1
        if self.count == self.number or (self.lasting and self.count > self.number):
            raise OSError(self.error, os.strerror(self.error), str(path))


class DieAt(Counter):
    """Kills its own process, as `kill -9` does, before the n-th operation."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def __call__(self, operation: str, path: Path) -> None:
        self.count += 1
        if self.count == self.number:
            os.kill(os.getpid(), signal.SIGKILL)


def killed(work: Callable[[], object]) -> bool:
    """Do some work in a process of its own; whether that process was killed."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)
