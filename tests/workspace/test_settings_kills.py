"""Saves and restores killed with SIGKILL: nothing is lost, nothing is mixed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

KILLS = 300


def test_nothing_is_lost_by_killing(tmp_path: Path) -> None:
    driver = Path(__file__).with_name("kill_driver.py")
    done = subprocess.run(
        [sys.executable, str(driver), str(tmp_path), str(KILLS), "20261122"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["kills"] == KILLS
    assert result["acknowledged"] > KILLS // 4
    assert "applied" in result["changes"]
