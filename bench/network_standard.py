"""The standard test: how long the shipped catalogue takes, where all of its hosts answer and where
none does.

The vendor's hosts are faked in namespaces of the bench's own. Needs root.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from tests.network_lab import vendor
from tests.network_lab.lab import Lab
from tests.network_lab.test_shipped import SILENT

from bench.measure import show, verdict

HEALTHY, DEADLINE, STARTING = 5.0, 10.0, 1.5
"""Seconds: for a healthy network, the test's own deadline, and what a program needs beside it."""

RUNS = 5


def run(*, peers: bool) -> None:
    """Measure whole commands, and print the table."""
    del peers
    if os.geteuid() != 0:
        print("Not measured, since namespaces are root's to make: the standard test.")
        return
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        trusted = vendor.serve(lab)
        healthy = [_timed(lab, trusted) for _run in range(RUNS)]
        lab.forward(SILENT)
        silent = [_timed(lab, trusted)]
    rows = [
        _row("all answer", healthy, HEALTHY),
        _row("none answers", silent, DEADLINE + STARTING),
    ]
    show(
        "deskside network test: 27 rows of the shipped catalogue",
        ["Network", "Runs", "Median s", "Longest s", "Verdict", "Bound s", "Within bound"],
        rows,
    )


def _timed(lab: Lab, trusted: dict[str, str]) -> tuple[float, str]:
    began = time.perf_counter()
    report = lab.test_of(None, **trusted)
    return time.perf_counter() - began, str(report["verdict"])


def _row(network: str, runs: list[tuple[float, str]], bound: float) -> list[object]:
    seconds = [one[0] for one in runs]
    verdicts = "/".join(sorted({one[1] for one in runs}))
    figures = [f"{value:.1f}" for value in (statistics.median(seconds), max(seconds))]
    return [network, len(runs), *figures, verdicts, bound, verdict(max(seconds), bound)]
