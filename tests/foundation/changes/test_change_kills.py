"""Processes killed with SIGKILL at every operation, at random moments, and while recovering."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("mode", "scenario", "at_least"),
    [
        ("apply", "files", 50),
        ("apply", "folders", 60),
        ("undo", "files", 50),
        ("undo", "folders", 60),
        ("recover", "files", 40),
        ("recover", "folders", 40),
        ("random", "files", 50),
    ],
)
def test_trees_are_old_or_new_after_every_kill(
    tmp_path: Path, mode: str, scenario: str, at_least: int
) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.foundation.changes.kill_driver",
            mode,
            str(tmp_path),
            scenario,
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["kills"] >= at_least
    assert set(result["outcomes"]) == {"old", "new"}
