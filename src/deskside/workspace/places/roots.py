"""The roots of settings on a machine: the usual places, and those that something there names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path, PurePath

from deskside.workspace.places.jts_ini import LARGEST, JtsIni
from deskside.workspace.places.launching import named_by_command, named_by_log, named_by_options
from deskside.workspace.places.machine import Machine, System

VARIABLE = "TWS_SETTINGS_PATH"
"""By which a controller of the program (IBC) is told where its settings are."""

MOST_FILES = 200
"""Files of one kind that are looked into."""

Named = Callable[[str], str | None]

_READERS: tuple[tuple[str, Named], ...] = (
    (".vmoptions", named_by_options),
    ("vmoptions.txt", named_by_options),
    (".desktop", named_by_command),
    (".log", named_by_log),
    (".ini", lambda text: JtsIni(text.encode("latin-1")).value("Communication", "SettingsDir")),
)
_IN_A_ROOT = (
    "jts.ini",
    "launcher.log",
    "*.vmoptions",
    "*/*.vmoptions",
    "ibgateway/*/*.vmoptions",
    "ibgateway/*/launcher.log",
)


def usual_places(machine: Machine) -> list[PurePath]:
    """Where the program keeps its settings unless told otherwise, the likeliest first."""
    home = machine.home
    own = [home / "Jts", home / "ibgateway", home / ".tws", home / "IBJts"]
    if machine.system is System.WINDOWS:
        return [*(drive / "Jts" for drive in machine.drives), home / "Jts", home / "Documents/Jts"]
    if machine.system is System.MACOS:
        return [*own, home / "Library/Application Support/Jts"]
    return own


def launcher_files(machine: Machine) -> list[tuple[PurePath, str]]:
    """Folders and patterns of files, outside the usual places, that may name another root."""
    home = machine.home
    if machine.system is System.WINDOWS:
        return []
    if machine.system is System.MACOS:
        folders = [home / "Applications", *(drive / "Applications" for drive in machine.drives)]
        inside = ("*/*.vmoptions", "*/*.app/Contents/vmoptions.txt")
        return [(folder, pattern) for folder in folders for pattern in inside]
    shortcuts = (".local/share/applications", ".config/autostart", "Desktop")
    return [
        *((home / folder, "*.desktop") for folder in shortcuts),
        *((home / folder, "*.vmoptions") for folder in ("tws", "Applications")),
    ]


def settings_roots(machine: Machine) -> list[Path]:
    """The roots that are there, the likeliest first, each once.

    A root may name another one, which may name a third; each is looked at once.
    """
    waiting = [Path(place) for place in _first_places(machine)]
    found: dict[tuple[int, int], Path] = {}
    while waiting:
        place = waiting.pop(0)
        identity = _identity(place)
        if identity is None or identity in found:
            continue
        found[identity] = place
        waiting += _named(machine, ((place, pattern) for pattern in _IN_A_ROOT))
    return list(found.values())


def default_root(machine: Machine) -> Path:
    """Where settings would be if there were any."""
    return Path(usual_places(machine)[0])


def _first_places(machine: Machine) -> Iterator[PurePath]:
    if told := machine.folder(machine.environment.get(VARIABLE, "")):
        yield told
    yield from usual_places(machine)
    yield from _named(machine, launcher_files(machine))


def _named(
    machine: Machine, patterns: Iterator[tuple[Path, str]] | list[tuple[PurePath, str]]
) -> Iterator[Path]:
    """Folders that the files of these patterns name."""
    for folder, pattern in patterns:
        for file in islice(sorted(_matching(Path(folder), pattern)), MOST_FILES):
            named = _reader(file)(_text(file))
            if named and (place := machine.folder(named)):
                yield Path(place)


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return list(folder.glob(pattern))
    except OSError:
        return []


def _reader(file: Path) -> Named:
    return next(read for ending, read in _READERS if file.name.endswith(ending))


def _text(file: Path) -> str:
    """The end of a small file; a log names last what is so now."""
    try:
        if not file.is_file():
            return ""
        with file.open("rb") as opened:
            opened.seek(max(0, os.fstat(opened.fileno()).st_size - LARGEST))
            return opened.read(LARGEST).decode("latin-1")
    except OSError:
        return ""


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from others, by whatever name it is reached; None if it is none."""
    try:
        info = folder.stat()
    except (OSError, ValueError):
        return None
    return (info.st_dev, info.st_ino) if folder.is_dir() else None
