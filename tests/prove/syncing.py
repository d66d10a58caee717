"""A computer killed while it pushes and pulls, against a portal of its own; see the driver."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).parent.parent.parent
PACKAGE = "tests.workspace.sync"


def batch(seed: int, rounds: int, folder: Path) -> dict[str, int]:
    """Kill so many workers; raise if anything was lost, doubled or mixed."""
    (folder / "portal").mkdir()
    portal = [sys.executable, "-m", f"{PACKAGE}.portal_process", str(folder / "portal")]
    with subprocess.Popen(portal, stdout=subprocess.PIPE, text=True, cwd=HOME) as serving:
        try:
            assert serving.stdout
            address = serving.stdout.readline().strip()
            options = [address, str(folder), str(rounds), str(seed)]
            command = [sys.executable, "-m", f"{PACKAGE}.sync_kills", *options]
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HOME)
        finally:
            serving.kill()
    if done.returncode:
        raise AssertionError(f"seed {seed}:\n{done.stderr}")
    told = json.loads(done.stdout)
    return {"saves acknowledged": told["saves"], "versions acknowledged": told["sent"], "lost": 0}
