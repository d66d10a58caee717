"""Plain values: what runs in the background, and how a system is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any


@dataclass(frozen=True, slots=True)
class Service:
    """A command of ours that may run in the background.

    Attributes:
        name: by which a person calls it.
        about: what it does, in a few words of English; systems show it in their lists.
        command: its words, behind `deskside`.
    """

    name: str
    about: str
    command: tuple[str, ...]


SERVICES = {
    service.name: service
    for service in (
        Service("watch", "Saves TWS settings whenever they change", ("settings", "watch")),
        Service("monitor", "Watches the connection to the trading servers", ("network", "monitor")),
    )
}


@dataclass(frozen=True, slots=True)
class Job:
    """A service as one person wants it.

    Attributes:
        program: what is run, absolute, and what stands before the command's own words.
        arguments: further words behind the command.
        environment: variables that it needs; only such as name folders, never secrets.
    """

    service: Service
    program: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """The whole command."""
        return (*self.program, *self.service.command, *self.arguments)


@dataclass(frozen=True, slots=True)
class Person:
    """For whom it runs.

    Attributes:
        number: of the user, where the system numbers them.
        configuration: where programs keep what the person set, where the system has such a place.
        data: Deskside's own data folder.
    """

    name: str
    number: int
    home: PurePath
    configuration: PurePath
    data: PurePath


@dataclass(frozen=True, slots=True)
class Definition:
    """How a system is told of a job: a file, and commands of its own tool.

    Attributes:
        file: where the definition belongs.
        content: of that file.
        tool: what the commands are given to.
        activate: commands that start the job now and at every log-in, in order.
        deactivate: commands that end it, to be given before the file goes.
        query: command that succeeds while the job is known to the system.
    """

    file: PurePath
    content: bytes = field(repr=False)
    tool: str
    activate: tuple[tuple[str, ...], ...]
    deactivate: tuple[tuple[str, ...], ...]
    query: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the system's tool came to.

    Attributes:
        active: whether all commands succeeded.
        reason: why not, for the person.
        commands: what the person may type instead; empty where nothing is left to do.
    """

    active: bool
    reason: str = ""
    commands: tuple[tuple[str, ...], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The outcome as `service install` prints it."""
        return {
            "active": self.active,
            "reason": self.reason,
            "commands": [list(command) for command in self.commands],
        }
