"""Kills the repair at each of its calls to the file system, one after another, and recovers.

A process of its own, since it forks: python -m tests.workstation.esignal_kills FOLDER
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from deskside.foundation.changes.engine import Engine
from deskside.workstation.esignal.disk import Disk
from deskside.workstation.esignal.fixes import plan_repair
from deskside.workstation.esignal.recipes import DBCAPI

from .pe_writer import library, windows_disk

OLD, DONOR = library(version=(10, 6, 0, 1)), library(version=(12, 0, 0, 1))
WHOLE = ({"dbcapi.dll": OLD}, {"dbcapi.dll": DONOR, "dbcapi_old.dll": OLD})
CALLS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"}


def killed_at(call: int, disk: Path, data: Path) -> bool:
    """Repair in a child that dies before a call; whether it died."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    left = call

    def count(event: str, _arguments: object) -> None:
        nonlocal left
        if event in CALLS:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    engine, plan = Engine(data), plan_repair(Disk(disk), DBCAPI)
    sys.addaudithook(count)
    engine.apply(plan)
    os._exit(0)


def main(folder: Path) -> int:
    """How many kills the repair survived; every one must leave the disk as before or as after."""
    for call in range(1000):
        disk = windows_disk(folder / f"{call}", target=OLD, donor=DONOR)
        data = folder / f"{call}.data"
        died = killed_at(call, disk, data)
        Engine(data).recover()
        found = {
            file.name: file.read_bytes() for file in (disk / "Jts").iterdir() if file.is_file()
        }
        assert found in WHOLE, f"call {call}: {sorted(found)}"
        if not died:
            assert found == WHOLE[1]
            return call
    raise AssertionError("the repair never came to its end")


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
