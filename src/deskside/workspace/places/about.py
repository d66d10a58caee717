"""What `jts.ini` tells of a workspace: live, paper or the demonstration, and when it was used.

The file is shared by all users of a root, and never names them in letters that a person would
know. So only this is said: `tradingMode` is how the last log-in was made, `[settings]` stamps the
folder of each user, and the folder of the demonstration has always had one name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from deskside.workspace.model import Mode, Workspace
from deskside.workspace.places.jts_ini import LARGEST, NAME, JtsIni

DEMONSTRATION = "darykq"
_MODES = {"l": Mode.LIVE, "p": Mode.PAPER}
_UP = 3
"""Folders above a user's folder that are searched for the file."""


@dataclass(frozen=True, slots=True)
class About:
    """What is told of one user's folder.

    Attributes:
        used: when the user last logged in, as stamped; None where it is not told.
    """

    mode: Mode | None = None
    used: datetime | None = None


def described(workspace: Workspace) -> Workspace:
    """The workspace, named with what is known of it."""
    file = ini_of(workspace)
    return replace(workspace, mode=about(workspace.user, read_ini(file) if file else b"").mode)


def about(folder: str, ini: bytes) -> About:
    """What a `jts.ini` tells of one user's folder. Pure."""
    read = JtsIni(ini)
    stamps = {
        name: at for name, value in read.section("settings").items() if (at := _moment(value))
    }
    used = stamps.get(folder)
    if folder == DEMONSTRATION:
        return About(Mode.DEMO, used)
    users = users_in(read) - {DEMONSTRATION}
    last = max(stamps, key=stamps.__getitem__, default=None)
    is_last = folder == last if last else users == {folder}
    return About(_MODES.get(read.value("Logon", "tradingMode") or "") if is_last else None, used)


def users_in(ini: JtsIni) -> set[str]:
    """Names of all user folders that the file knows of."""
    known = (ini.value("Logon", "UserNameToDirectory") or "").split(";")
    mapped = {pair.rpartition(",")[2].strip() for pair in known}
    own = {name.removeprefix("u:") for name in ini.sections() if name.startswith("u:")}
    return (mapped | own | set(ini.section("ns")) | set(ini.section("settings"))) - {""}


def ini_of(workspace: Workspace) -> Path | None:
    """The `jts.ini` that belongs to a workspace: the nearest above the user's folder."""
    above = [folder / NAME for folder in list(workspace.file.parent.parents)[:_UP]]
    return next((file for file in above if file.is_file()), None)


def root_of(workspace: Workspace) -> Path:
    """The root that a workspace belongs to: where its `jts.ini` is, or should be."""
    file = ini_of(workspace)
    return file.parent if file else workspace.file.parent.parent


def read_ini(file: Path) -> bytes:
    """The content of a `jts.ini`; nothing where it cannot be read or is far too large."""
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError:
        return b""
    return content if len(content) <= LARGEST else b""


def _moment(stamp: str) -> datetime | None:
    """A stamp of the program: milliseconds since 1970."""
    try:
        return datetime.fromtimestamp(int(stamp) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
