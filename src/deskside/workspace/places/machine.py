"""A computer, described: so that what is decided about one can be decided about any.

A described machine stands for Windows or macOS on any computer, for whoever wants to know what
would be looked for there.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePath


class System(StrEnum):
    """Systems that differ in where a program keeps its files."""

    WINDOWS = "windows"
    MACOS = "macos"
    LINUX = "linux"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a person's settings may depend on.

    Attributes:
        home: the person's own folder.
        drives: roots of the fixed drives; one, except on Windows.
        environment: variables of the person's environment.
    """

    system: System
    home: PurePath
    drives: tuple[PurePath, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def present(cls) -> Machine:
        """This computer, for the person who runs this."""
        system = {"win32": System.WINDOWS, "darwin": System.MACOS}.get(sys.platform, System.LINUX)
        drives = _windows_drives() if system is System.WINDOWS else (Path("/"),)
        return cls(system, Path.home(), drives, dict(os.environ))

    def folder(self, written: str) -> PurePath | None:
        """The folder that a person or an installer wrote, with what stands for others filled in.

        None where it is not absolute, or names what nobody has filled in: launchers hold
        `${installer:jtsConfigDir}` where the installer was told nothing.
        """
        text = _VARIABLE.sub(self._value, written.strip().strip("\"'"))
        path = type(self.home)(text)
        if path.parts[:1] == ("~",):
            path = self.home.joinpath(*path.parts[1:])
        return path if text and path.is_absolute() and not _VARIABLE.search(text) else None

    def _value(self, found: re.Match[str]) -> str:
        name = next(filter(None, found.groups()))
        if name in ("HOME", "USERPROFILE", "user.home"):
            return str(self.home)
        return self.environment.get(name, found.group())


_VARIABLE = re.compile(r"\$\{([^}]*)\}|\$(\w+)|%(\w+)%")


def _windows_drives() -> tuple[Path, ...]:
    """Fixed drives; a drive on the network may take long to answer, and is left to `--root`."""
    import psutil

    fixed = [p.mountpoint for p in psutil.disk_partitions() if "fixed" in p.opts]
    return tuple(dict.fromkeys(Path(drive) for drive in ("C:\\", *fixed)))
