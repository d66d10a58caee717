"""How we measure: whole processes by the operating system's accounts, medians, ratios."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

DESKSIDE = str(Path(sys.executable).with_name("deskside"))


@dataclass(frozen=True)
class Cost:
    """What one run took, in milliseconds."""

    wall: float
    cpu: float


def process(
    command: Sequence[str],
    *,
    env: dict[str, str] | None = None,
    before: Callable[[], object] | None = None,
    runs: int = 15,
) -> Cost:
    """The median cost of a whole process, after one run that is not counted.

    The run that is not counted leaves compiled modules, as an installation does, whatever the
    environment says.
    """
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    costs = []
    for _run in range(runs + 1):
        if before:
            before()
        costs.append(_one(command, inherited | (env or {})))
    counted = costs[1:]
    return Cost(
        statistics.median(c.wall for c in counted), statistics.median(c.cpu for c in counted)
    )


def _one(command: Sequence[str], env: dict[str, str]) -> Cost:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - used.ru_utime + after.ru_stime - used.ru_stime
    return Cost(wall * 1000, cpu * 1000)


def show(title: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print one table in Markdown."""
    print(f"\n## {title}\n")
    print("| " + " | ".join(headings) + " |")
    print("|" + "---|" * len(headings))
    for row in rows:
        print("| " + " | ".join(_cell(value) for value in row) + " |")


def _cell(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def verdict(measured: float, bound: float, *, at_least: bool = False) -> str:
    """Whether a figure is within its bound."""
    return "yes" if (measured >= bound if at_least else measured <= bound) else "NO"
