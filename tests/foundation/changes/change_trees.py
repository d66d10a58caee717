"""Trees of files, plans over them, and ways to make the engine's operations fail."""

from __future__ import annotations

import errno
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.model import Step, Verb

Tree = dict[str, tuple[bytes, int, int] | None]
"""Each path with content, permissions and time; None for a folder."""


def tree(root: Path) -> Tree:
    """Everything under a root, exactly."""
    return {str(p.relative_to(root)): _entry(p) for p in sorted(root.rglob("*"))}


def contents(root: Path) -> dict[str, bytes]:
    """The content of every file under a root."""
    return {name: entry[0] for name, entry in tree(root).items() if entry}


def _entry(path: Path) -> tuple[bytes, int, int] | None:
    if path.is_dir():
        return None
    info = path.lstat()
    return path.read_bytes(), stat.S_IMODE(info.st_mode), info.st_mtime_ns


def plant(root: Path, files: dict[str, bytes], mode: int = 0o640) -> Path:
    """Make files under a root, each with a mode and a time of its own."""
    root.mkdir(parents=True, exist_ok=True)
    for number, (name, content) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
        os.utime(path, ns=(10**18 + number, 10**18 + number))
    return root


def step(verb: str, path: str, content: bytes | None = None, target: str | None = None) -> Step:
    """A step in few words."""
    return Step(Verb(verb), PurePosixPath(path), content, PurePosixPath(target) if target else None)


def expected(files: dict[str, bytes], steps: list[Step]) -> dict[str, bytes]:
    """What the steps come to, worked out the plain way."""
    now = dict(files)
    for each in steps:
        if each.verb in (Verb.WRITE, Verb.REPLACE):
            assert each.content is not None
            now[str(each.path)] = each.content
        else:
            moved = now.pop(str(each.path))
            if each.target is not None:
                now[str(each.target)] = moved
    return now


def eventful() -> tuple[dict[str, bytes], list[Step]]:
    """A plan that uses every verb, a new folder, and a backup's name that is taken."""
    files = {"x.dll": b"old" * 20, "x_old.dll": b"older", "gone": b"bye", "d/kept": b"kept"}
    steps = [
        step("remove", "x_old.dll"),
        step("rename", "x.dll", target="x_old.dll"),
        step("write", "x.dll", b"new" * 20),
        step("remove", "gone"),
        step("replace", "d/kept", b"changed"),
        step("write", "new/folder/file", b"deep"),
    ]
    return files, steps


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
