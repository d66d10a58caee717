"""Installing, removing and listing what runs in the background.

The definition is a file like any other: its writing is planned, shown, journalled and undoable.
Then the system's own tool is told. Where that tool is missing or refuses, the file stays, and the
person is given the exact commands.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING

from deskside.foundation.background.launchd import agent
from deskside.foundation.background.model import Definition, Job, Outcome, Person, Service
from deskside.foundation.background.systemd import unit
from deskside.foundation.background.tasks import task
from deskside.foundation.errors import NotFound
from deskside.foundation.paths import data_folder
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.foundation.changes.model import Plan, Step

PASSED_ON = ("DESKSIDE_DATA", "DESKSIDE_CONFIG", "DESKSIDE_LANGUAGE", "TWS_SETTINGS_PATH")
"""Variables that a service is given as they are when it is installed; none holds a secret."""

PATIENCE = 60
"""Seconds that the system's tool may take."""

Defining = Callable[[Job, Person], Definition]

BY_SYSTEM: Mapping[str, Defining] = {"darwin": agent, "win32": task}


def definition_of(service: Service, arguments: tuple[str, ...] = ()) -> Definition:
    """How this computer is told to run a service for this person."""
    environment = {name: os.environ[name] for name in PASSED_ON if os.environ.get(name)}
    job = Job(service, our_program(), arguments, environment)
    return BY_SYSTEM.get(sys.platform, unit)(job, present_person())


def our_program() -> tuple[str, ...]:
    """How this very program is run again: its command, or Python with the package."""
    beside = Path(sys.executable).with_name("deskside.exe" if os.name == "nt" else "deskside")
    return (str(beside),) if beside.is_file() else (sys.executable, "-m", "deskside")


def present_person() -> Person:
    """The person who runs this."""
    home = Path.home()
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    configuration = Path(configured) if Path(configured).is_absolute() else home / ".config"
    number = os.getuid() if sys.platform != "win32" else 0
    # As Windows calls its users: COMPUTER\\name. No other system is told the name.
    known = (os.environ.get(variable, "") for variable in ("USERDOMAIN", "USERNAME"))
    return Person("\\".join(filter(None, known)), number, home, configuration, data_folder())


def is_installed(definition: Definition) -> bool:
    """Whether the system has been given the definition."""
    return Path(definition.file).is_file()


def plan_install(service: Service, definition: Definition) -> Plan | None:
    """Plan to write the definition; None where it is there already."""
    from deskside.foundation.changes.model import Verb

    file = Path(definition.file)
    there = file.is_file()
    if there and file.read_bytes() == definition.content:
        return None
    title = _("Let {name} run in the background").format(name=service.name)
    verb = Verb.REPLACE if there else Verb.WRITE
    return _plan(title, definition, verb, definition.content)


def plan_removal(service: Service, definition: Definition) -> Plan:
    """Plan to take the definition away.

    Raises:
        NotFound: `service-not-installed`.
    """
    from deskside.foundation.changes.model import Verb

    if not is_installed(definition):
        raise NotFound(
            "service-not-installed",
            _("{name} is not installed.").format(name=service.name),
            hint=_("See: deskside service list"),
        )
    title = _("Let {name} no longer run in the background").format(name=service.name)
    return _plan(title, definition, Verb.REMOVE, None)


def activate(definition: Definition) -> Outcome:
    """Let the system start the service now and at every log-in; afresh where it runs already."""
    if is_active(definition):
        deactivate(definition)
    return _tell(definition.tool, definition.activate)


def deactivate(definition: Definition) -> Outcome:
    """Let the system end the service, and forget it."""
    return _tell(definition.tool, definition.deactivate)


def is_active(definition: Definition) -> bool | None:
    """Whether the system runs the service; None where its tool is missing."""
    if shutil.which(definition.tool) is None:
        return None
    return _tell(definition.tool, (definition.query,)).active


def _plan(title: str, definition: Definition, verb: object, content: bytes | None) -> Plan:
    from deskside.foundation.changes.model import Step, Verb
    from deskside.foundation.changes.planning import plan

    assert isinstance(verb, Verb)
    root = _deepest_there(Path(definition.file).parent)
    path = PurePosixPath(PurePath(definition.file).relative_to(root).as_posix())
    step: Step = Step(verb, path, content)
    return plan("service", title, root, [step])


def _deepest_there(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _tell(tool: str, commands: tuple[tuple[str, ...], ...]) -> Outcome:
    """Give commands to the system's tool, until one fails; what is left is for the person."""
    if shutil.which(tool) is None:
        reason = _("{tool} is not on this computer.").format(tool=tool)
        return Outcome(active=False, reason=reason, commands=commands)
    for number, command in enumerate(commands):
        try:
            done = subprocess.run(  # noqa: S603 - the system's own tool, with words of ours
                command, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
            said, code = (done.stderr or done.stdout).strip(), done.returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            said, code = str(error), -1
        if code:
            reason = said or _("{tool} ended with code {code}.").format(tool=tool, code=code)
            return Outcome(active=False, reason=reason, commands=commands[number:])
    return Outcome(active=True)
