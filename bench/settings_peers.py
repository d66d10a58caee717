"""The study's saves kept by Deskside and by its peers, each by its own command, in one run.

Only with --peers. A fifth of the study is enough to compare; all of it takes half an hour:

    python -m bench.settings_peers [--full]

A peer that is not installed is named as such. Every restore is compared byte for byte.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from bench.measure import show
from bench.settings_data import VERSIONS
from bench.settings_keepers import KEEPERS, Keeper
from bench.settings_saves import versions

SAVES = 100
RUNS = 3
"""Restores of one version, of which the median counts."""


class Measured(NamedTuple):
    """What a keeper came to: bytes; CPU of a save; a restore and a check of all, on the clock."""

    name: str
    size: int
    save: float
    restore: float
    verify: float


def run(*, peers: bool, saves: int = SAVES) -> None:
    """Measure and print, where peers are wanted."""
    if not peers:
        return
    with tempfile.TemporaryDirectory() as folder:
        paths = list(_written(Path(folder) / "versions", saves))
        measured = [
            row
            for number, keeper in enumerate(KEEPERS)
            if keeper.installed()
            for row in _measured(keeper(Path(folder) / str(number)), paths)
        ]
        raw = sum(path.stat().st_size for path in paths)
    missing = [[k.name, "not installed", *[""] * 5] for k in KEEPERS if not k.installed()]
    part = "All" if saves == VERSIONS else f"The first {saves}"
    show(
        f"{part} of the study's {VERSIONS} saves, {raw / 1e6:.0f} MB, by commands",
        [
            "keeper",
            "kB",
            "times ours as saved",
            "times ours tidied",
            "save, CPU ms",
            "restore, ms",
            "verify all, s",
        ],
        [*_rows(measured), *missing],
    )


def _written(folder: Path, count: int) -> Iterator[Path]:
    folder.mkdir()
    for number, content in enumerate(islice(versions(), count)):
        path = folder / f"{number:04d}.xml"
        path.write_bytes(content)
        yield path


def _measured(keeper: Keeper, paths: Sequence[Path]) -> Iterator[Measured]:
    """One line as saved, and one where it has a command to take less room."""
    keeper.prepare()
    costs = []
    for number, path in enumerate(paths):
        shutil.copyfile(path, keeper.file)
        os.utime(keeper.file, (1_700_000_000 + 10 * number,) * 2)
        costs.append(keeper.save().cpu)
    save = statistics.median(costs)
    yield _read(keeper, keeper.name, save, paths)
    if done := keeper.denser():
        yield _read(keeper, f"{keeper.name}, {done}", save, paths)


def _read(keeper: Keeper, name: str, save: float, paths: Sequence[Path]) -> Measured:
    took = []
    for number in (len(paths) // 2, len(paths) - 1):
        runs = [_restore(keeper, number, paths[number].read_bytes()) for _run in range(RUNS)]
        took.append(statistics.median(runs))
    return Measured(name, keeper.size(), save, statistics.mean(took), keeper.verify().wall)


def _restore(keeper: Keeper, number: int, content: bytes) -> float:
    shutil.rmtree(keeper.out, ignore_errors=True)
    keeper.out.mkdir()
    used = keeper.restore(number)
    assert keeper.restored(used) == content, f"{keeper.name} restored something else"
    return used.wall


def _rows(measured: Sequence[Measured]) -> Iterator[list[object]]:
    """The lines of the table; ratios to our own store, as saved and rewritten."""
    ours, dense = measured[0].size, measured[1].size
    for each in measured:
        ratios = [f"{each.size / ours:.1f}", f"{each.size / dense:.1f}"]
        size = f"{each.size / 1000:,.0f}"
        yield [each.name, size, *ratios, each.save, each.restore, each.verify / 1000]


def main() -> None:
    """Measure by itself."""
    parser = argparse.ArgumentParser(prog="python -m bench.settings_peers")
    parser.add_argument("--full", action="store_true", help=f"all {VERSIONS} saves of the study")
    run(peers=True, saves=VERSIONS if parser.parse_args().full else SAVES)


if __name__ == "__main__":
    main()
