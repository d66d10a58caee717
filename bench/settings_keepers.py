"""Programs that keep every save of a file: Deskside and its peers, each by its own command."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.measure import DESKSIDE

SECRET = "a pass phrase"
NAMES = {
    "GIT_AUTHOR_NAME": "bench",
    "GIT_AUTHOR_EMAIL": "bench@localhost",
    "GIT_COMMITTER_NAME": "bench",
    "GIT_COMMITTER_EMAIL": "bench@localhost",
}


class Used(NamedTuple):
    """What some commands took, in milliseconds, and what the last one printed."""

    wall: float
    cpu: float
    said: bytes


class Keeper(ABC):
    """A program that keeps every save of one file, through its own commands.

    Args:
        folder: all of it is the keeper's.
    """

    name = ""
    program = ""
    store = "store"

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work" / "Jts" / "dgmgqticxk"
        self.work.mkdir(parents=True)
        self.file, self.out = self.work / "tws.xml", folder / "out"
        self.place = folder / self.store
        self.environment = os.environ | NAMES | self._environment(folder) | {"HOME": str(folder)}

    @classmethod
    def installed(cls) -> bool:
        """Whether its program is there."""
        return shutil.which(cls.program) is not None

    def _environment(self, folder: Path) -> dict[str, str]:
        return {}

    def prepare(self) -> None:
        """Make an empty store, or what it will be in."""
        self.place.parent.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def save(self) -> Used:
        """Keep the file as it is now."""

    @abstractmethod
    def restore(self, number: int) -> Used:
        """Bring a save back, to `out` or to the output."""

    @abstractmethod
    def verify(self) -> Used:
        """Check everything, as thoroughly as it can."""

    def denser(self) -> str:
        """Take less room, if there is a command for that; what that is called."""
        return ""

    def size(self) -> int:
        """Bytes of the store."""
        return sum(path.stat().st_size for path in self.place.rglob("*") if path.is_file())

    def restored(self, used: Used) -> bytes:
        """What the last restore brought."""
        files = list(self.out.rglob("tws.xml")) if self.out.exists() else []
        return files[0].read_bytes() if files else used.said

    def run(self, *command: object, cwd: Path | None = None) -> Used:
        """Run a command to its end."""
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd or self.work,
            env=self.environment,
            capture_output=True,
            check=False,
        )
        wall = (time.perf_counter() - started) * 1000
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stderr.decode(errors='replace')}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Used(wall, cpu * 1000, done.stdout)


class Deskside(Keeper):
    """Our own, as a command: most of each is the start of Python."""

    name = "Deskside (sealed)"
    program = DESKSIDE
    store = "data/workspace"

    def _environment(self, folder: Path) -> dict[str, str]:
        return {"DESKSIDE_DATA": str(folder / "data"), "DESKSIDE_CONFIG": os.devnull}

    def _settings(self, *command: object) -> Used:
        return self.run(DESKSIDE, "settings", *command)

    def save(self) -> Used:
        return self._settings("save", "--root", self.work)

    def restore(self, number: int) -> Used:
        said = self._settings("history", "--root", self.work, "--json").said
        snapshots = json.loads(said)["snapshots"]
        return self._settings("export", snapshots[-1 - number]["id"], self.out / "tws.xml")

    def verify(self) -> Used:
        return self._settings("verify", "--root", self.work)

    def denser(self) -> str:
        self._settings("tidy")
        return "tidied"


class Git(Keeper):
    """A commit for each save; not sealed."""

    name = program = "git"
    store = "work/Jts/dgmgqticxk/.git"

    def prepare(self) -> None:
        self.run("git", "init", "--quiet")

    def save(self) -> Used:
        added = self.run("git", "add", "tws.xml")
        made = self.run("git", "commit", "--quiet", "--message", "save")
        return Used(added.wall + made.wall, added.cpu + made.cpu, b"")

    def restore(self, number: int) -> Used:
        commits = self.run("git", "rev-list", "--reverse", "HEAD").said.split()
        return self.run("git", "show", f"{commits[number].decode()}:tws.xml")

    def verify(self) -> Used:
        return self.run("git", "fsck", "--full", "--strict")

    def denser(self) -> str:
        self.run("git", "gc", "--quiet", "--aggressive", "--prune=now")
        return "after gc"


class Mercurial(Keeper):
    """A commit for each save; not sealed."""

    name, program = "mercurial", "hg"
    store = "work/Jts/dgmgqticxk/.hg"

    def prepare(self) -> None:
        self.run("hg", "init")
        self.file.touch()
        self.run("hg", "add", "tws.xml")

    def save(self) -> Used:
        return self.run("hg", "commit", "--user", "bench", "--message", "save")

    def restore(self, number: int) -> Used:
        return self.run("hg", "cat", "--rev", number, "tws.xml")

    def verify(self) -> Used:
        return self.run("hg", "verify", "--quiet")


class Rcs(Keeper):
    """A revision for each save; not sealed, and it can check nothing but the oldest one."""

    name, program = "rcs", "ci"
    store = "work/Jts/dgmgqticxk/RCS"

    def prepare(self) -> None:
        self.place.mkdir()

    def save(self) -> Used:
        return self.run("ci", "-q", "-l", "-t-settings", "-msave", "tws.xml")

    def restore(self, number: int) -> Used:
        return self.run("co", "-q", f"-p1.{number + 1}", "tws.xml")

    def verify(self) -> Used:
        return self.run("co", "-q", "-p1.1", "tws.xml")


class Restic(Keeper):
    """A snapshot for each save; sealed."""

    name, program = "restic (sealed)", "restic"

    def _environment(self, folder: Path) -> dict[str, str]:
        cache = str(folder / "cache")
        return {"RESTIC_PASSWORD": SECRET, "RESTIC_CACHE_DIR": cache}

    def _restic(self, *command: object) -> Used:
        return self.run("restic", "--quiet", "--repo", self.place, *command)

    def prepare(self) -> None:
        self._restic("init", "--repository-version", "2")

    def save(self) -> Used:
        return self._restic("backup", self.file)

    def restore(self, number: int) -> Used:
        snapshots = json.loads(self._restic("snapshots", "--json").said)
        return self._restic("restore", snapshots[number]["id"], "--target", self.out)

    def verify(self) -> Used:
        return self._restic("check", "--read-data")

    def denser(self) -> str:
        self._restic("prune")
        return "pruned"


class Borg(Keeper):
    """An archive for each save; sealed."""

    name, program = "borg (sealed)", "borg"
    options: Sequence[str] = ()

    def _environment(self, folder: Path) -> dict[str, str]:
        return {"BORG_PASSPHRASE": SECRET, "BORG_BASE_DIR": str(folder / "base")}

    def prepare(self) -> None:
        self.saved = 0
        self.run("borg", "init", "--encryption", "repokey-blake2", self.place)

    def save(self) -> Used:
        self.saved += 1
        archive = f"{self.place}::{self.saved - 1:04d}"
        return self.run("borg", "create", *self.options, archive, "tws.xml")

    def restore(self, number: int) -> Used:
        return self.run("borg", "extract", f"{self.place}::{number:04d}", cwd=self.out)

    def verify(self) -> Used:
        return self.run("borg", "check", "--verify-data", self.place)

    def denser(self) -> str:
        self.run("borg", "compact", self.place)
        return "compacted"


class FineBorg(Borg):
    """Cut into pieces of a kilobyte, which suits settings better."""

    name = "borg (sealed), fine chunks"
    options = ("--chunker-params", "10,16,12,4095", "--compression", "zstd,9")


KEEPERS: Sequence[type[Keeper]] = (Deskside, Git, Mercurial, Rcs, Restic, Borg, FineBorg)
