"""The history of this computer with the study's data: 500 saves of a settings file of 1.5 MB."""

from __future__ import annotations

import hashlib
import statistics
import subprocess
import tempfile
import time
import zlib
from pathlib import Path
from typing import NamedTuple

from bench.measure import show, verdict
from bench.settings_data import SET_SHA256
from bench.settings_saves import versions
from deskside.workspace.history import History
from deskside.workspace.model import Snapshot, Workspace

BUDGET = 600.0
"""Seconds for the background; it takes two minutes."""

RUNS = 3
"""Restores of each version, of which the quickest counts: others use this computer, too."""


class Files(NamedTuple):
    """The study's files, on the disk."""

    paths: list[Path]
    size: int


def run(*, peers: bool) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        files = _written(Path(folder) / "versions")
        history = History(Path(folder) / "history")
        snapshots, cpu = _saved(history, files)
        rows: list[list[object]] = [
            _row("CPU of a save, median", "ms", statistics.median(cpu), 15.0),
            _row("store as saved", "MB", history.size() / 1e6, 1.2),
            *_read(history, files, snapshots, "as saved"),
        ]
        started = time.process_time()
        history.recompress(BUDGET)
        took = time.process_time() - started
        rows.append(_row("store after recompression", "MB", history.size() / 1e6, 0.8))
        rows += _read(history, files, snapshots, "recompressed")
        rows.append(["CPU of the recompression", "s", took, "", ""])
        if peers:
            rows += _peers(Path(folder) / "git", files)
    title = f"History of {len(files.paths)} saves, {files.size / 1e6:.0f} MB in all"
    show(title, ["what", "unit", "measured", "bound", "held"], rows)


def _row(what: str, unit: str, measured: float, bound: float) -> list[object]:
    return [what, unit, f"{measured:.3f}", f"≤ {bound}", verdict(measured, bound)]


def _written(folder: Path) -> Files:
    folder.mkdir()
    paths, digests, size = [], "", 0
    for number, content in enumerate(versions()):
        paths.append(folder / f"{number:04d}.xml")
        paths[-1].write_bytes(content)
        digests += hashlib.sha256(content).hexdigest()
        size += len(content)
    assert hashlib.sha256(digests.encode()).hexdigest() == SET_SHA256, "not the study's data"
    return Files(paths, size)


def _saved(history: History, files: Files) -> tuple[list[Snapshot], list[float]]:
    workspace = Workspace(Path("/home/trader/Jts/user/tws.xml"))
    snapshots, cpu = [], []
    for path in files.paths:
        content = path.read_bytes()
        started = time.process_time()
        snapshots.append(history.save(workspace, content).snapshot)
        cpu.append((time.process_time() - started) * 1000)
    return snapshots, cpu


def _read(
    history: History, files: Files, snapshots: list[Snapshot], when: str
) -> list[list[object]]:
    """Restore every version from a history that was just opened; verify all of it."""
    took = []
    for path, snapshot in zip(files.paths, snapshots, strict=True):
        content = path.read_bytes()
        took.append(min(_restore(history, snapshot, content) for _run in range(RUNS)))
    started = time.perf_counter()
    assert History(history.folder).verify() == []
    verified = time.perf_counter() - started
    return [
        [f"restore, {when}: median", "ms", statistics.median(took), "", ""],
        _row(f"restore, {when}: slowest of all", "ms", max(took), 25.0),
        _row(f"verify all, {when}", "s", verified, 1.5),
    ]


def _restore(history: History, snapshot: Snapshot, content: bytes) -> float:
    started = time.perf_counter()
    restored = History(history.folder).content(snapshot)
    took = (time.perf_counter() - started) * 1000
    assert restored == content
    return took


def _peers(repository: Path, files: Files) -> list[list[object]]:
    """Git, with every save committed, before and after it packs; gzip of each file."""
    git = ["git", "-c", "user.name=b", "-c", "user.email=b@b", "-C", str(repository)]
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    packed = 0
    for path in files.paths:
        content = path.read_bytes()
        packed += len(zlib.compress(content, 6))
        (repository / "tws.xml").write_bytes(content)
        subprocess.run([*git, "add", "tws.xml"], check=True)
        subprocess.run([*git, "commit", "--quiet", "-m", "save"], check=True)
    loose = _size(repository / ".git")
    started = time.perf_counter()
    subprocess.run([*git, "gc", "--quiet", "--aggressive", "--prune=now"], check=True)
    took = time.perf_counter() - started
    return [
        ["peer: each file by gzip -6", "MB", packed / 1e6, "", ""],
        ["peer: git as committed (not sealed)", "MB", loose / 1e6, "", ""],
        [f"peer: git after gc of {took:.0f} s", "MB", _size(repository / ".git") / 1e6, "", ""],
    ]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
