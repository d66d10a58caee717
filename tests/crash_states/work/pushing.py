"""A computer that pushes and pulls while another one has pushed, too.

The crash is the computer's; its portal, a process of its own, goes on and knows more than what
the crash has left. So an older state of the computer meets a newer portal.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from deskside.foundation.portal_client import PortalClient, StoredSession, store_session
from deskside.workspace.workstation import Workstation
from tests.crash_states.scenarios import Seen
from tests.crash_states.tracing import Say
from tests.crash_states.work.desk import workstation
from tests.workspace.sync import sync_kills
from tests.workspace.sync.portal_process import USER, tws

HOME = Path(__file__).parents[3]


@dataclass
class Desk(sync_kills.Desk):
    """A computer of some user of the portal."""

    token: str = ""

    @property
    def here(self) -> Workstation:
        return workstation(self.folder)

    def log_in(self, portal: str) -> None:
        """Remember a session, as logging in does."""
        self.workspace.file.parent.mkdir(parents=True, exist_ok=True)
        os.environ["DESKSIDE_DATA"] = str(self.folder / "data")
        store_session(StoredSession(portal, self.token, self.token, "2030-01-01T00:00:00+00:00"))


class Pushes:
    """What is here is pushed and merged, then pulled."""

    name = "push"

    def __init__(self) -> None:
        self._users, self._values, self._portal, self._token = count(), count(100), "", ""

    def prepare(self, root: Path) -> None:
        self._portal = self._portal or _portal()
        self._token = f"user{next(self._users)}"
        mine, other = self._desk(root, "a"), self._desk(root.parent / self._token, "b")
        for desk in (mine, other):
            desk.log_in(self._portal)
            desk.workspace.file.write_bytes(tws(a=0, b=0))
        mine.push()
        other.pull()
        other.change(1)
        other.push()
        mine.change(1)

    def work(self, root: Path, say: Say) -> None:
        desk = self._desk(root, "a")
        say("NOW a 1")
        say("NOW b 0")
        say("TRY b 1")
        pushed = desk.push()
        say(f"HOLD save {pushed.snapshot.id}")
        say(f"HOLD version {pushed.version}")
        desk.pull()
        say("NOW b 1")

    def look(self, root: Path) -> Seen:
        desk = self._desk(root, "a")
        desk.here._recover()
        values = {name: str(desk.value(name)) for name in ("a", "b")}
        saves = {f"save {s.id}" for s in desk.here.history.snapshots(desk.workspace)}
        with PortalClient(self._portal, self._token) as client:
            listed = client.data("GET", f"/me/settings/{USER}.tws/snapshots")["snapshots"]
        versions = {f"version {each['id']}" for each in listed}
        trouble = [f"false alarm: {each.what}" for each in desk.here.history.verify()]
        newest = next(self._values)
        desk.change(newest)
        desk.push()
        desk.pull()
        if (desk.value("a"), desk.value("b")) != (newest, 1):
            trouble.append("what one of the two had changed is gone")
        return Seen(frozenset(saves | versions), values, tuple(trouble))

    def _desk(self, folder: Path, mine: str) -> Desk:
        return Desk(folder, mine, self._token)


def _portal() -> str:
    """A portal that lives as long as this process; its address."""
    folder = tempfile.TemporaryDirectory(prefix="deskside-portal-", dir=_in_memory())
    command = [sys.executable, "-m", "tests.workspace.sync.portal_process", folder.name]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HOME)
    atexit.register(folder.cleanup)
    atexit.register(process.wait)
    atexit.register(process.kill)
    assert process.stdout
    return process.stdout.readline().strip()


def _in_memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
