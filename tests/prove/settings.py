"""Settings saved and restored without pause by workers that are killed; see the driver."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

DRIVER = Path(__file__).parent.parent / "workspace" / "kill_driver.py"


def batch(seed: int, rounds: int, folder: Path) -> dict[str, int]:
    """Kill so many workers; raise if anything was lost or mixed."""
    command = [sys.executable, str(DRIVER), str(folder), str(rounds), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"seed {seed}:\n{done.stderr}")
    result = json.loads(done.stdout)
    return {"snapshots acknowledged": result["acknowledged"], "lost": 0}
