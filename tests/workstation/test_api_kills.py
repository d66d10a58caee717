"""Installing, switching, removing: killed with SIGKILL at their steps, and recovered whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

DRIVER = "tests.workstation.api_kill_driver"
STRIDE = 11
"""Of the steps of each deed every eleventh; `make prove` tries them all."""


def test_a_kill_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", DRIVER, str(tmp_path), str(STRIDE), "0"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert len(result) == 10
    assert all(kills >= 2 for kills, _seen in result.values())
    assert all(seen == ["new", "old"] for _kills, seen in result.values())
