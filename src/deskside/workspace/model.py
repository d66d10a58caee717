"""Plain values of workspace settings: what TWS or Gateway stores for one user."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from deskside.foundation.text import _, mark

PROGRAMS = {"tws.xml": "Trader Workstation", "ibg.xml": "IB Gateway"}
"""Settings file of each program; where both are in one folder, the first comes first."""


class Kind(StrEnum):
    """What a settings file holds."""

    XML = "xml"
    OPAQUE = "opaque"


class Mode(StrEnum):
    """What a user trades with."""

    LIVE = "live"
    PAPER = "paper"
    DEMO = "demo"


_MODES = {Mode.LIVE: mark("live"), Mode.PAPER: mark("paper trading"), Mode.DEMO: mark("demo")}
_PROFILE = re.compile(r"[\\/]ibgateway[\\/](\d+)[\\/][^\\/]+[\\/][^\\/]+$", re.IGNORECASE)
"""Where Gateway keeps settings for each of its builds: ibgateway/<build>/<user>/<file>."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The settings of one user of one program on this computer. The file need not exist now.

    Attributes:
        file: the settings file, absolute.
        mode: what the user trades with, where that is known; makes no other workspace of it.
    """

    file: Path
    mode: Mode | None = field(default=None, compare=False)

    @property
    def user(self) -> str:
        """The user's folder: letters that the program derives from the user name."""
        return self.file.parent.name

    @property
    def program(self) -> str:
        """Which program writes the file."""
        return PROGRAMS.get(self.file.name.lower(), self.file.name)

    @property
    def name(self) -> str:
        """The workspace in human words."""
        return _name(self.program, self.user, self.build, self.mode)

    @property
    def mode_words(self) -> str:
        """What the user trades with, for the person; empty where it is not known."""
        return _(_MODES[self.mode]) if self.mode else ""

    @property
    def build(self) -> str:
        """The build of Gateway whose own settings these are: 1045; empty for all others."""
        found = _PROFILE.search(str(self.file))
        return found[1] if found else ""

    @property
    def key(self) -> str:
        """Its name on every computer: user folder and program; the portal's name for it."""
        plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in self.user)
        return f"{plain[:80] or '_'}.{self.file.stem.lower()}"

    def answers_to(self, wish: str) -> bool:
        """Whether a person who wrote `wish` may have meant this one."""
        folder = str(self.file.parent)
        names = (self.user, self.name, self.key, f"{self.user}/{self.file.name}", folder)
        return wish in (*names, str(self.file), self.mode and self.mode.value)


def name_of(key: str) -> str:
    """The name in human words of the workspace with that key."""
    user, _dot, stem = key.rpartition(".")
    return _name(PROGRAMS.get(f"{stem}.xml", stem), user)


def _name(program: str, user: str, build: str = "", mode: Mode | None = None) -> str:
    shown = user if len(user) <= 12 else f"{user[:8]}…"
    called = f"{program} {build}" if build else program
    if mode is None:
        return _("{program}, user folder {user}").format(program=called, user=shown)
    return _("{program}, {mode}, user folder {user}").format(
        program=called, mode=_(_MODES[mode]), user=shown
    )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One save, byte for byte.

    Attributes:
        id: sorts by time.
        created: UTC, ISO 8601.
        sha256: of the content.
        size: of the content, in bytes.
        pinned: no thinning ever takes it away.
        origin: the computer or the source that it came from; empty for this computer.
    """

    id: str
    created: str
    sha256: str
    size: int
    note: str
    pinned: bool = False
    origin: str = ""

    def as_json(self) -> dict[str, Any]:
        """The snapshot as `settings history` prints it."""
        return {
            "id": self.id,
            "created": self.created,
            "sha256": self.sha256,
            "size": self.size,
            "note": self.note,
            "pinned": self.pinned,
            "origin": self.origin,
        }


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save came to; `changed` is false where the latest snapshot was the same already."""

    snapshot: Snapshot
    changed: bool

    def as_json(self) -> dict[str, Any]:
        """The result as `settings save` prints it."""
        return {"snapshot": self.snapshot.id, "changed": self.changed}


@dataclass(frozen=True, slots=True)
class StoredWorkspace:
    """A workspace in a portal's store.

    Attributes:
        name: its key, the same on every computer.
        snapshots: how many it has.
    """

    id: str
    name: str
    latest: Snapshot | None
    snapshots: int

    def as_json(self) -> dict[str, Any]:
        """The workspace as the API shows it."""
        latest = self.latest.as_json() if self.latest else None
        return {"id": self.id, "name": self.name, "latest": latest, "snapshots": self.snapshots}
