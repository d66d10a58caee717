"""Processes killed with SIGKILL at every operation, at random moments, and while recovering."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("mode", "at_least"), [("apply", 60), ("undo", 60), ("recover", 60), ("random", 60)]
)
def test_trees_are_old_or_new_after_every_kill(tmp_path: Path, mode: str, at_least: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.foundation.changes.kill_driver", mode, str(tmp_path)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["kills"] >= at_least
    assert set(result["outcomes"]) == {"old", "new"}
