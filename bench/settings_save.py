"""What `deskside settings save` costs as a whole process, on a settings file of 1.5 MB."""

from __future__ import annotations

import itertools
import subprocess
import tempfile
from pathlib import Path

from bench.measure import DESKSIDE, process, show, verdict

BOUND = 150.0
"""Milliseconds on the clock."""

SAMPLE = Path(__file__).parent.parent / "tests" / "samples" / "ibg_2021_mit.xml"
COPIES = 7
"""The sample has 225 kB; a trader's file has 1.5 MB."""


def settings(number: int) -> bytes:
    """A well-formed settings file of 1.5 MB that differs with its number."""
    sample = SAMPLE.read_bytes()
    start, end = sample.index(b"<UISettings"), sample.rindex(b"</Settings>")
    body = sample[start:end] * COPIES
    return sample[:start] + body.replace(b'tipIndex="-1"', b'tipIndex="%d"' % number) + sample[end:]


def run(*, peers: bool) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        live = Path(folder) / "Jts" / "darykq" / "tws.xml"
        live.parent.mkdir(parents=True)
        numbers = itertools.count()

        def change() -> None:
            live.write_bytes(settings(next(numbers)))

        change()
        size = live.stat().st_size / 1e6
        env = {"DESKSIDE_DATA": f"{folder}/data"}
        command = [DESKSIDE, "settings", "save", "--root", f"{folder}/Jts"]
        ours = process(command, env=env, before=change)
        bound = f"≤ {BOUND:.0f} ms"
        rows: list[list[object]] = [
            ["deskside settings save", ours.wall, ours.cpu, bound, verdict(ours.wall, BOUND)]
        ]
        if peers:
            rows += _peers(Path(folder), live, change)
    show(f"Save of {size:.1f} MB", ["command", "wall ms", "CPU ms", "bound (wall)", "held"], rows)


def _peers(folder: Path, live: Path, change: object) -> list[list[object]]:
    assert callable(change)
    copy = process(["cp", str(live), f"{folder}/copy.xml"], before=change)
    repository = folder / "git"
    git = ["git", "-c", "user.name=b", "-c", "user.email=b@b", "-C", str(repository)]
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)

    def change_there() -> None:
        change()
        (repository / "tws.xml").write_bytes(live.read_bytes())
        subprocess.run([*git, "add", "tws.xml"], check=True)

    commit = process([*git, "commit", "--quiet", "-m", "save"], before=change_there)
    return [
        ["cp (keeps one, not flushed)", copy.wall, copy.cpu, "", ""],
        ["git commit (add not counted)", commit.wall, commit.cpu, "", ""],
    ]
