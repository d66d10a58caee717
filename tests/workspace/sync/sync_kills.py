"""Kills a computer that pushes and pulls without pause, while another one pushes, too.

    python -m tests.workspace.sync.sync_kills PORTAL FOLDER KILLS SEED

After each kill: the settings file is one whole version; every save and every version that was
acknowledged is there; no content was sent twice. At the end both computers agree, and hold the
last of what each had changed. Prints one JSON document. A process of its own, so that forking is
cheap and finds no other threads.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from deskside.foundation.portal_client import PortalClient, StoredSession, store_session
from deskside.workspace import restoring
from deskside.workspace.model import Workspace
from deskside.workspace.rules import kind_of
from deskside.workspace.sync import pulling
from deskside.workspace.sync.merging import Wish
from deskside.workspace.sync.model import Conflict, Pushed
from deskside.workspace.sync.pushing import push
from deskside.workspace.sync.queue import send_queued
from deskside.workspace.workstation import Workstation

from .portal_process import USER, tws

LOADED = [
    import_module(name)
    for name in ("httpx2", "filelock", "deskside.foundation.changes.engine", "backports.zstd")
]
"""Imported before forking, so that workers spend their short lives on the work itself."""

TOKEN = "killed"


@dataclass
class Desk:
    """A computer; `mine` is the value that it alone changes."""

    folder: Path
    mine: str

    @property
    def here(self) -> Workstation:
        return Workstation(self.folder / "data")

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.folder / "Jts" / USER / "tws.xml")

    def set_up(self, portal: str) -> None:
        self.workspace.file.parent.mkdir(parents=True)
        os.environ["DESKSIDE_DATA"] = str(self.folder / "data")
        store_session(StoredSession(portal, TOKEN, TOKEN, "2030-01-01T00:00:00+00:00"))

    def value(self, name: str) -> int:
        text = self.workspace.file.read_text()
        return int(text.split(f'varName="{name}" value="')[1].split('"')[0])

    def change(self, value: int) -> None:
        """The program saves its settings, with a value that was never there before."""
        values = {name: self.value(name) for name in ("a", "b")} | {self.mine: value}
        beside = self.workspace.file.with_name("program.tmp")
        beside.write_bytes(tws(**values))
        beside.replace(self.workspace.file)

    def push(self) -> Pushed:
        os.environ["DESKSIDE_DATA"] = str(self.folder / "data")
        pushed = push(self.here, self.workspace)
        if isinstance(pushed, Conflict):
            pushed = push(self.here, self.workspace, Wish(everywhere="mine"))
        assert isinstance(pushed, Pushed), pushed
        return pushed

    def pull(self) -> None:
        os.environ["DESKSIDE_DATA"] = str(self.folder / "data")
        send_queued(self.here)
        fetched = pulling.fetch(self.here, self.workspace)
        assert fetched.problem is None, fetched.problem
        source = restoring.Source(fetched.content, fetched.words)
        restoring.carry_out(self.here, restoring.plan(self.here, self.workspace, source))
        pulling.settled(self.here, self.workspace, fetched)


def work(desk: Desk, say: int, rng: random.Random, start: int) -> None:
    """Push and pull for ever, acknowledging what was acknowledged to us."""
    desk.here._recover()
    while True:
        if rng.random() < 0.7:
            start += 1
            desk.change(start)
            pushed = desk.push()
            told = f"{start} {pushed.snapshot.id} {pushed.version if pushed.changed else ''}\n"
            os.write(say, told.encode())
        else:
            desk.pull()
            os.write(say, b"pulled\n")


def kill_one(desk: Desk, rng: random.Random, start: int) -> list[str]:
    """Start a worker, kill it at some time; what it had acknowledged."""
    hear, say = os.pipe()
    worker = os.fork()
    if worker == 0:
        try:
            work(desk, say, random.Random(start), start)
        finally:
            os._exit(1)
    os.close(say)
    with os.fdopen(hear, "rb", buffering=0) as heard:
        told = [heard.readline() for _step in range(rng.choice((0, 1, 1, 2)))]
        time.sleep(rng.random() * 0.06)
        os.kill(worker, signal.SIGKILL)
        _pid, status = os.waitpid(worker, 0)
        assert os.WIFSIGNALED(status), "the worker failed by itself"
        told += heard.readlines()
    return [line.decode() for line in told if line.endswith(b"\n") and line != b"pulled\n"]


def inspect(desk: Desk, portal: str, saves: set[str], sent: set[str]) -> int:
    """Make sure that nothing was lost or sent twice; how many versions there are."""
    desk.here._recover()
    kind_of(desk.workspace.file.read_bytes())
    held = {snapshot.id for snapshot in desk.here.history.snapshots(desk.workspace)}
    assert saves <= held, "an acknowledged save is lost"
    with PortalClient(portal, TOKEN) as client:
        listed = client.data("GET", f"/me/settings/{USER}.tws/snapshots")["snapshots"]
    assert sent <= {version["id"] for version in listed}, "an acknowledged version is lost"
    contents = [version["sha256"] for version in listed]
    assert len(set(contents)) == len(contents), "a content was sent twice"
    return len(contents)


def main() -> None:
    portal, folder, kills, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    rng = random.Random(seed)
    killed, other = Desk(folder / "killed", "a"), Desk(folder / "other", "b")
    for desk in (killed, other):
        desk.set_up(portal)
        desk.workspace.file.write_bytes(tws(a=0, b=0))
    killed.push()
    other.pull()
    saves: set[str] = set()
    sent: set[str] = set()
    versions = 1
    for number in range(1, kills + 1):
        for line in kill_one(killed, rng, number * 1000):
            _value, snapshot, *version = line.split()
            saves.add(snapshot)
            sent.update(version)
        other.change(number)
        other.push()
        versions = inspect(killed, portal, saves, sent)
    killed.change(kills * 1000 + 999)
    killed.push()
    for desk in (killed, other):
        desk.pull()
        assert (desk.value("a"), desk.value("b")) == (kills * 1000 + 999, kills)
    told = {"kills": kills, "saves": len(saves), "sent": len(sent), "versions": versions}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
