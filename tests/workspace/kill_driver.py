"""Kills workers that save and restore without pause, and looks at what each leaves behind.

    python kill_driver.py FOLDER KILLS SEED

After each kill: the live file is one whole version; nothing acknowledged is missing from the
history; every snapshot is whole. Prints one JSON document. A process of its own, so that forking
is cheap and finds no other threads.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from deskside.workspace.model import Workspace
from deskside.workspace.workstation import Workstation


def version(number: int) -> bytes:
    """The settings as they are after so many changes."""
    return b"<Settings n='%d'>" % number + b"x" * 4000 + b"%d" % number + b"</Settings>"


def work(here: Workstation, workspace: Workspace, say: int, seed: int) -> None:
    """Save and restore for ever, acknowledging every save that was acknowledged to us."""
    rng = random.Random(seed)
    here._recover()
    while True:
        if rng.random() < 0.6:
            beside = workspace.file.with_name("program.tmp")
            beside.write_bytes(version(rng.randrange(10**9)))
            beside.replace(workspace.file)
        saved = here.save(workspace).snapshot
        os.write(say, f"{saved.id} {saved.sha256}\n".encode())
        if rng.random() < 0.1:
            here.history.recompress(1)
        if rng.random() < 0.6:
            older = rng.choice(here.history.snapshots(workspace)[:20])
            restored = here.restore(here.plan_restore(workspace, older.id))
            if restored.saved:
                os.write(say, f"{restored.saved.id} {restored.saved.sha256}\n".encode())


def kill_one(
    here: Workstation, workspace: Workspace, rng: random.Random, *, least: int
) -> list[str]:
    """Start a worker, kill it some time after; what it had acknowledged.

    Args:
        least: lines that are waited for first: on a busy computer others get nowhere.
    """
    hear, say = os.pipe()
    worker = os.fork()
    if worker == 0:
        try:
            work(here, workspace, say, rng.randrange(10**9))
        finally:
            os._exit(1)
    os.close(say)
    with os.fdopen(hear) as heard:
        said = [heard.readline() for _line in range(least)]
        time.sleep(rng.random() * 0.08)
        os.kill(worker, signal.SIGKILL)
        _pid, status = os.waitpid(worker, 0)
        assert os.WIFSIGNALED(status), "the worker failed by itself"
        return "".join([*said, heard.read()]).splitlines()


def inspect(here: Workstation, workspace: Workspace, acknowledged: set[str]) -> None:
    """Make sure that nothing was lost or mixed."""
    here._recover()
    content = workspace.file.read_bytes()
    number = int(content.split(b"'")[1])
    assert content == version(number), "the live file is mixed"
    held = {f"{s.id} {s.sha256}" for s in here.history.snapshots(workspace)}
    assert acknowledged <= held, "an acknowledged snapshot is lost"
    left = [p.name for p in workspace.file.parent.iterdir() if p.name.startswith(".deskside")]
    assert left == [], "something was left behind"


def warm_up(folder: Path) -> None:
    """Load all that the work needs, so that workers spend their short lives on the work itself."""
    live = folder / "Jts" / "user" / "tws.xml"
    live.parent.mkdir(parents=True)
    here, workspace = Workstation(folder / "data"), Workspace(live)
    for number in range(2):
        live.write_bytes(version(number))
        saved = here.save(workspace).snapshot
    older = here.history.snapshots(workspace)[-1]
    assert saved != older
    here.restore(here.plan_restore(workspace, older.id))
    here.history.recompress(1)


def main(folder: Path, kills: int, seed: int) -> None:
    """Run it all."""
    warm_up(folder / "warm")
    live = folder / "Jts" / "user" / "tws.xml"
    live.parent.mkdir(parents=True)
    live.write_bytes(version(0))
    here, workspace = Workstation(folder / "data"), Workspace(live)
    rng, acknowledged = random.Random(seed), set[str]()
    for number in range(kills):
        acknowledged |= set(kill_one(here, workspace, rng, least=4 if number % 10 == 9 else 0))
        inspect(here, workspace, acknowledged)
        if number % 50 == 49:
            assert here.history.damaged() == []
    states = {change.state.value for change in here.engine().list()}
    result = {"kills": kills, "acknowledged": len(acknowledged), "changes": sorted(states)}
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
