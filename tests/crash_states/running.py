"""Exploring a scenario from elsewhere: `python -m tests.crash_states`, and what it found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.crash_states.exploring import Findings

HOME = Path(__file__).parent.parent.parent


def found(kind: str, scenario: str, *options: object) -> Findings:
    """What an exploration found.

    Args:
        kind: `crashes` or `faults`.

    Raises:
        AssertionError: it could not be carried out.
    """
    command = [sys.executable, "-m", "tests.crash_states", kind, scenario, *map(str, options)]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Findings(**json.loads(done.stdout))
