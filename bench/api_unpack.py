"""An API package unpacked by us and by unzip, in turn; ours checks every byte before it writes."""

from __future__ import annotations

import random
import shutil
import statistics
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from bench.measure import show, verdict

FILES, RUNS, BOUND = 600, 15, 1.5
"""Files as a vendor's package has; times that we may take of unzip's time."""


def run(*, peers: bool = False) -> None:
    """Print our time beside unzip's, and whether it is within the bound."""
    from deskside.workstation.api_components.unpacking import unpack, write

    if shutil.which("unzip") is None:
        raise SystemExit("unzip is needed: make system-deps")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = _package(folder / "package.zip")
        ours, theirs = _in_turn(
            folder / "out",
            lambda target: write(unpack(archive), target),
            lambda target: subprocess.run(
                ["unzip", "-qq", str(archive), "-d", str(target)], check=True
            ),
        )
    rows = [
        ("Deskside: checked, written, forced to the disk", ours, ours / theirs),
        ("unzip: written", theirs, 1.0),
        (f"within {BOUND} times", "", verdict(ours / theirs, BOUND)),
    ]
    show(f"API package of {FILES} files unpacked", ("", "ms", "times unzip's"), rows)


def _in_turn(target: Path, *ways: Callable[[Path], object]) -> list[float]:
    """The median of each way in milliseconds, the ways in turn, so that noise meets all alike."""
    times: list[list[float]] = [[] for _way in ways]
    for _run in range(RUNS):
        for way, taken in zip(ways, times, strict=True):
            started = time.perf_counter()
            way(target)
            taken.append((time.perf_counter() - started) * 1000)
            shutil.rmtree(target)
    return [statistics.median(taken) for taken in times]


def _package(path: Path) -> Path:
    """An archive of the shape of a vendor's: sources that compress five times."""
    rng, words = random.Random(20261126), [f"word{n}" for n in range(900)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for number in range(FILES):
            text = " ".join(rng.choices(words, k=rng.randrange(50, 2500)))
            made.writestr(f"IBJts/source/client/{number % 12}/module{number}.py", text)
    return path
