"""API components installed, switched, removed by workers that are killed at every step.

A round takes every so-many-th step of each deed, from another first one: together they are all.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

STRIDE = ROUNDS = 11
DRIVER = "tests.workstation.api_kill_driver"


def batch(seed: int, rounds: int, folder: Path) -> dict[str, int]:
    """Kill at the steps of some rounds; raise if anything was lost, mixed or left behind."""
    kills = 0
    for number in range(seed, seed + rounds):
        command = [sys.executable, "-m", DRIVER, str(folder / str(number)), str(STRIDE)]
        done = subprocess.run(
            [*command, str(number % STRIDE)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise AssertionError(f"seed {number}:\n{done.stderr}")
        kills += sum(count for count, _seen in json.loads(done.stdout).values())
    return {"kills": kills, "lost, mixed or left behind": 0}
