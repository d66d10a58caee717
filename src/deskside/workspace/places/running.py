"""Which program holds a workspace now: it would write its own settings over ours when it ends.

`certain` wants proof: the process names the root, works in it, or has a file of the user open.
`likely` is a trading program of this computer that tells nothing of its root, since it belongs to
somebody else, or one whose root is another program's as well. What a process is gets decided from
what the system tells of it, by rules that are pure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from deskside.workspace.model import PROGRAMS, Workspace
from deskside.workspace.places.about import root_of
from deskside.workspace.places.finding import USER_FOLDER
from deskside.workspace.places.launching import named_by_arguments
from deskside.workspace.places.machine import Machine
from deskside.workspace.places.roots import usual_places

if TYPE_CHECKING:
    import psutil

PROGRAM_OF = {
    "jclient.LoginFrame": PROGRAMS["tws.xml"],
    "ibgateway.GWClient": PROGRAMS["ibg.xml"],
    "ibc.IbcTws": PROGRAMS["tws.xml"],
    "ibc.IbcGateway": PROGRAMS["ibg.xml"],
}
"""Main classes, by their ends, and what they are; the last two are those of IBC."""

LAUNCHERS = {
    "tws": PROGRAMS["tws.xml"],
    "trader workstation": PROGRAMS["tws.xml"],
    "ibgateway": PROGRAMS["ibg.xml"],
    "ib gateway": PROGRAMS["ibg.xml"],
}
"""Programs that hold Java within themselves, by the names of their processes."""

JAVA = frozenset({"java", "javaw", "javaapplicationstub"})
POLL = 0.5
"""Seconds between two looks of whoever waits."""


@dataclass(frozen=True, slots=True)
class RunningProgram:
    """A program that holds a workspace.

    Attributes:
        since: when it was started; aware.
        certain: false where it may hold another one.
    """

    name: str
    pid: int
    since: datetime
    certain: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What the system tells of a process; None is what it keeps to itself.

    Attributes:
        names: of the process and its executable, lower case, without folder and `.exe`.
        arguments: of its command, without the command.
    """

    names: frozenset[str]
    arguments: tuple[str, ...] | None
    folder: Path | None = None
    open_files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """What a process would have to hold.

    Attributes:
        root: where the settings of all users are.
        usual: whether that is where the program keeps them unless told otherwise.
        locked: whether something in the user's folder says that it is in use.
    """

    root: Path
    user_folder: Path
    program: str
    usual: bool
    locked: bool


class Holds(Enum):
    """Whether a process holds a workspace."""

    CERTAINLY = "certainly"
    LIKELY = "likely"
    NO = "no"


def program_of(seen: Seen) -> str | None:
    """Which trading program a process is; None where it is none, or an unknown Java program."""
    for word in seen.arguments or ():
        for ending, program in PROGRAM_OF.items():
            if word.endswith(ending) and seen.names & (JAVA | LAUNCHERS.keys()):
                return program
    return next((LAUNCHERS[name] for name in sorted(seen.names & LAUNCHERS.keys())), None)


def holds(seen: Seen, held: Held) -> Holds:
    """Whether a process holds a workspace. Pure."""
    program = program_of(seen)
    if seen.arguments is None:
        possible = program or (held.locked and seen.names & JAVA)
        return Holds.LIKELY if possible else Holds.NO
    if program is None:
        return Holds.NO
    mine = Holds.CERTAINLY if program == held.program else Holds.LIKELY
    if any(file.is_relative_to(held.user_folder) for file in seen.open_files):
        return mine
    root = _root_of_process(seen)
    if root is None:
        return Holds.LIKELY if held.usual or held.locked else Holds.NO
    if root not in (held.root, held.user_folder):
        return Holds.NO
    return Holds.LIKELY if _of_another_user(seen, held) else mine


def running(workspace: Workspace) -> tuple[RunningProgram, ...]:
    """The programs of this computer that hold a workspace, the certain ones first."""
    held = _held(workspace)
    found = [
        RunningProgram(_name(seen), pid, since, answer is Holds.CERTAINLY)
        for pid, since, seen in _candidates()
        if (answer := holds(seen, held)) is not Holds.NO
    ]
    return tuple(sorted(found, key=lambda program: (not program.certain, program.pid)))


def wait_until_closed(
    workspace: Workspace,
    timeout: float,
    notice: Callable[[tuple[RunningProgram, ...]], None] | None = None,
) -> bool:
    """Wait until no program certainly holds a workspace; whether none does.

    Args:
        timeout: how many seconds to wait at most.
        notice: told whom we wait for, at first and whenever that changes.
    """
    deadline = time.monotonic() + timeout
    told: tuple[RunningProgram, ...] = ()
    while True:
        holding = tuple(program for program in running(workspace) if program.certain)
        if not holding:
            return True
        if holding != told and notice:
            notice(holding)
        told = holding
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(POLL, left))


def _root_of_process(seen: Seen) -> Path | None:
    """The root that a process tells: by its options, its last argument, or where it works."""
    arguments = seen.arguments or ()
    written = named_by_arguments(arguments)
    if written and "${" not in written:
        return _real((seen.folder or Path("/")) / written)
    main = next((n for n, word in enumerate(arguments) if word.endswith(tuple(PROGRAM_OF))), None)
    if main is not None:
        # Old launchers put the folder behind the class.
        for word in arguments[main + 1 :]:
            if Path(word).is_absolute() and Path(word).is_dir():
                return _real(Path(word))
    if seen.folder and (seen.folder / "jts.ini").is_file():
        return _real(seen.folder)
    return None


def _held(workspace: Workspace) -> Held:
    root = _real(root_of(workspace))
    folder = _real(workspace.file.parent)
    usual = {_real(Path(place)) for place in usual_places(Machine.present())}
    locked = folder.is_dir() and any(folder.glob("*.lck"))
    return Held(root, folder, workspace.program, usual=root in usual, locked=locked)


def _of_another_user(seen: Seen, held: Held) -> bool:
    """Whether a process has files of another user of the same root open."""
    inside = [f.relative_to(held.root) for f in seen.open_files if f.is_relative_to(held.root)]
    return any(USER_FOLDER.fullmatch(file.parts[0]) for file in inside if len(file.parts) > 1)


def _candidates() -> Iterator[tuple[int, datetime, Seen]]:
    """The processes of this computer that may be a trading program."""
    import psutil

    for process in psutil.process_iter(["name", "exe", "cmdline", "create_time", "status"]):
        told = process.info
        command: list[str] | None = told["cmdline"]
        names = frozenset(map(_bare, (told["name"], told["exe"], *(command or [])[:1])))
        if told["status"] == psutil.STATUS_ZOMBIE or not names & (JAVA | LAUNCHERS.keys()):
            continue
        # The system gives no arguments at all of what belongs to somebody else.
        seen = Seen(names, tuple(command[1:]) if command else None)
        if program_of(seen) and seen.arguments is not None:
            seen = replace(seen, folder=_folder(process), open_files=_open_files(process))
        yield process.pid, datetime.fromtimestamp(told["create_time"] or 0, UTC), seen


def _folder(process: psutil.Process) -> Path | None:
    import psutil

    try:
        return Path(process.cwd())
    except psutil.Error:
        return None


def _open_files(process: psutil.Process) -> tuple[Path, ...]:
    import psutil

    try:
        return tuple(_real(Path(file.path)) for file in process.open_files())
    except (psutil.Error, OSError):
        return ()


def _name(seen: Seen) -> str:
    return program_of(seen) or "Java"


def _bare(name: str | None) -> str:
    """A program's name, by whichever system's path it is told."""
    last = (name or "").replace("\\", "/").rpartition("/")[2].lower()
    return last.removesuffix(".exe")


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path
