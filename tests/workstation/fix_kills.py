"""Kills a fix at each of its calls to the file system, one after another, and recovers.

    python -m tests.workstation.fix_kills FIX FOLDER

A process of its own, since it forks. Whatever the call, recovery leaves the patient's files as
they were or as the fix leaves them, and undo gives back what was before.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from deskside.foundation import registry
from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.model import Plan
from deskside.foundation.registry import Situation
from deskside.workstation.api_components.components import Components
from deskside.workstation.api_components.package import open_package

from .api_packages import package
from .pe_writer import library, windows_disk

CALLS = {
    *("open", "os.rename", "os.link", "os.symlink", "os.remove", "os.mkdir", "os.rmdir"),
    *("os.chmod", "os.truncate", "os.utime"),
}
Shape = dict[str, str | bytes]
Patient = tuple[str, dict[str, str]]
"""The check that finds the fault, and its options."""


def old_library(folder: Path) -> Patient:
    """A disk with eSignal's old library."""
    old, donor = library(version=(10, 6, 0, 1)), library(version=(12, 0, 0, 1))
    windows_disk(folder, target=old, donor=donor)
    return "esignal.dbcapi", {"root": str(folder)}


def wrong_version(folder: Path) -> Patient:
    """A controller that wants a version which is not installed."""
    (folder / "Jts" / "1030" / "jars").mkdir(parents=True)
    (folder / "ibc").mkdir()
    script = folder / "ibc" / "twsstart.sh"
    script.write_bytes(b"#!/bin/bash\r\nTWS_MAJOR_VRSN=1019\nIBC_INI=~/x\n")
    return "doctor.installations", {"root": str(folder / "Jts"), "controller": str(script.parent)}


def stale_lock(folder: Path) -> Patient:
    """A lock that nobody holds."""
    user = folder / "Jts" / "darykq"
    user.mkdir(parents=True)
    (user / "tws.xml").write_text("<Settings/>")
    (user / "tws.lck").write_text("4711")
    return "doctor.locks", {"root": str(folder / "Jts")}


def broken_pointer(folder: Path) -> Patient:
    """A pointer to a version that is gone."""
    folder.mkdir()
    components = Components.open(folder)
    packages = folder.with_suffix(".packages")
    packages.mkdir()
    opened = open_package(package(packages))
    components.install(opened, components.preview(opened))
    pointer = folder / "IBJts"
    pointer.unlink()
    pointer.symlink_to("IBJts-gone")
    return "api.files", {"home": str(folder)}


def stored_by_the_vendor(folder: Path) -> Patient:
    """Settings that the vendor's server would replace."""
    user = folder / "Jts" / "ghijkabcdef"
    user.mkdir(parents=True)
    (user / "tws.xml").write_text("<Settings/>")
    (folder / "Jts" / "jts.ini").write_bytes(b"[Logon]\nuseRemoteSettings=true\ns3store=true\n")
    return "workspace.server-store", {"root": str(folder / "Jts")}


PATIENTS: dict[str, Callable[[Path], Patient]] = {
    "api.pointer": broken_pointer,
    "doctor.controller-version": wrong_version,
    "doctor.stale-locks": stale_lock,
    "esignal.dbcapi": old_library,
    "workspace.server-store-off": stored_by_the_vendor,
}


def shape(folder: Path) -> Shape:
    """Every file and link under a folder; manifests without the moment that they tell."""
    found: Shape = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_file():
            manifest = path.name == "deskside-manifest.json"
            found[name] = "manifest" if manifest else path.read_bytes()
    return found


def planned(fix: str, patient: Patient) -> Plan:
    """The plan of a fix for what its check finds."""
    check, options = patient
    situation = Situation(options)
    found = next(one for one in registry.run(registry.check(check), situation) if fix in one.fixes)
    return registry.fix(fix).plan(situation, found)


def killed_at(call: int, plan: Plan, data: Path) -> bool:
    """Apply a plan in a child that dies before a call; whether it died."""
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

    engine = Engine(data)
    sys.addaudithook(count)
    engine.apply(plan)
    os._exit(0)


def main(fix: str, folder: Path) -> int:
    """How many kills the fix survived."""
    outcomes = []
    for call in range(1000):
        place, data = folder / f"{call}", folder / f"{call}.data"
        os.environ["DESKSIDE_DATA"] = str(folder / f"{call}.home")
        patient = PATIENTS[fix](place)
        before, plan = shape(place), planned(fix, patient)
        died = killed_at(call, plan, data)
        Engine(data).recover()
        outcomes.append((call, before, shape(place)))
        if not died:
            (change,) = Engine(data).list()
            Engine(data).undo(change.id)
            assert shape(place) == before, "undo gives back what was"
            break
    else:
        raise AssertionError("the fix never came to its end")
    _call, before, after = outcomes[-1]
    assert after != before, "the fix changes something"
    for call, was, found in outcomes:
        assert found in (was, after), f"call {call}: {sorted(found)}"
    return len(outcomes) - 1


if __name__ == "__main__":
    print(main(sys.argv[1], Path(sys.argv[2])))
