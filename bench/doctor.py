"""`deskside doctor` on a computer with everything installed: its own time, the network apart.

The connection test takes as long as the network does, and is not counted; all other checks are
run as one process, as a person would.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from bench.measure import DESKSIDE, process, show, verdict
from bench.settings_save import settings

BOUND = 2000.0
"""Milliseconds on the clock, beside the slowest network probe."""

PARTS = ("api", "doctor", "esignal", "workspace")
USERS = 5


def computer(home: Path) -> None:
    """TWS with its settings and their history, two versions of the API, eSignal, a controller."""
    from tests.workstation.api_packages import package
    from tests.workstation.pe_writer import library, windows_disk

    donor = library()
    windows_disk(home, target=donor, donor=donor)
    jts = home / "Jts"
    (jts / "1030" / "jars").mkdir(parents=True)
    (home / "ibc").mkdir()
    (home / "ibc" / "twsstart.sh").write_text("TWS_MAJOR_VRSN=1030\n")
    for number in range(USERS):
        user = jts / f"user{number}"
        user.mkdir()
        (user / "tws.xml").write_bytes(settings(number))
    environment = _environment(home)
    for number in range(USERS):
        words = ["settings", "save", "--root", str(jts), "--user", f"user{number}"]
        subprocess.run([DESKSIDE, *words], env=environment, check=True, capture_output=True)
    for version in ("10.50.02", "10.51.01"):
        from deskside.workstation.api_components.components import Components
        from deskside.workstation.api_components.package import open_package

        components = Components(home, home / "data")
        opened = open_package(package(home, version))
        components.install(opened, components.preview(opened))


def _environment(home: Path) -> dict[str, str]:
    import os

    return os.environ | {"HOME": str(home), "DESKSIDE_DATA": str(home / "data")}


def run(*, peers: bool) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        computer(home)
        only = [word for part in PARTS for word in ("--only", part)]
        environment = _environment(home)
        # Whatever it finds, it has looked: a shell makes that a success.
        command = ["sh", "-c", f"{DESKSIDE} doctor {' '.join(only)} --json || test $? = 1"]
        cost = process(command, env=environment, runs=5)
    rows = [["doctor", cost.wall, cost.cpu, f"≤ {BOUND:.0f} ms", verdict(cost.wall, BOUND)]]
    headings = ["command", "wall ms", "CPU ms", "bound (wall)", "held"]
    show(f"Doctor with everything installed, {USERS} users, network apart", headings, rows)
