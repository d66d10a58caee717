"""Long runs that try to break a promise: `python -m tests.prove`, or `make prove`.

Most rounds kill something with SIGKILL and look at what is left; others look at every state that
a loss of power may leave, or let every system call fail in turn. A run that is cut off goes on
where it was; results are appended to docs/reliability.md.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from tests.prove import (
    changes,
    components,
    crashes,
    crowds,
    guessing,
    networks,
    nodes,
    portal,
    settings,
    syncing,
)
from tests.prove.book import Book

Batch = Callable[[int, int, Path], dict[str, int]]
"""Runs some rounds from a seed in a folder of its own; gives figures that add up."""


@dataclass(frozen=True)
class Experiment:
    """One promise, and how it is attacked."""

    name: str
    title: str
    batch: Batch
    size: int
    rounds: int


EXPERIMENTS = [
    Experiment("settings", "settings saved and restored", settings.batch, 250, 5000),
    Experiment("syncing", "settings pushed and pulled", syncing.batch, 50, 1000),
    Experiment("crashes", "states after a crash", crashes.batch, 1, crashes.ROUNDS),
    Experiment("faults", "system calls that fail", crashes.failing, 1, crashes.SCENARIOS),
    Experiment("changes", "plans of the change engine", changes.batch, 200, 5000),
    Experiment("components", "API components", components.batch, 1, components.ROUNDS),
    Experiment("portal", "portal under load", portal.batch, 20, 400),
    Experiment("nodes", "three portals, one PostgreSQL", nodes.batch, 20, 200),
    Experiment("guessing", "user names guessed by time", guessing.batch, 2000, 2000),
    Experiment("healthy", "healthy networks", networks.healthy, 5, 100),
    Experiment("causes", "broken networks", networks.causes, 5, 130),
    Experiment("free", "lines that nothing holds back", networks.free, 5, 25),
    Experiment("crowds", "100,000 rows on loopback", crowds.batch, 1, 4),
    Experiment("pairs", "networks broken in two ways", networks.pairs, 4, 60),
]


@click.command()
@click.option("--rounds", type=click.IntRange(1), help="Rounds of each experiment.")
@click.option("--only", type=click.Choice([each.name for each in EXPERIMENTS]), multiple=True)
def main(rounds: int | None, only: tuple[str, ...]) -> None:
    """Kill, crash and refuse, again and again, whatever must survive it."""
    _isolate()
    book = Book()
    for experiment in EXPERIMENTS:
        if not only or experiment.name in only:
            _run(experiment, book, rounds or experiment.rounds)


def _run(experiment: Experiment, book: Book, wanted: int) -> None:
    progress = book.progress(experiment.name, random.SystemRandom().randrange(10**8))
    while progress.rounds < wanted:
        count = min(experiment.size, wanted - progress.rounds)
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="deskside-prove-") as folder:
            figures = experiment.batch(progress.seed + progress.rounds, count, Path(folder))
        progress.add(count, time.monotonic() - started, figures)
        book.keep()
        _say(f"{experiment.name}: {progress.rounds} of {wanted} rounds, {progress.figures}")
    _say(book.finish(experiment.name, experiment.title).strip())


def _isolate() -> None:
    """Let no settings of this computer's user play a part."""
    for name in [name for name in os.environ if name.startswith("DESKSIDE_")]:
        del os.environ[name]
    os.environ["DESKSIDE_CONFIG"] = os.devnull


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
