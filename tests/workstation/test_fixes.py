"""Every fix, killed at each of its steps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deskside.foundation import registry

from .fix_kills import PATIENTS

ELSEWHERE = {"workspace.restore"}
"""Killed by `tests/workspace/test_settings_kills.py`."""


def test_no_fix_is_left_out() -> None:
    assert PATIENTS.keys() | ELSEWHERE == set(registry.ids("deskside.fixes"))


@pytest.mark.parametrize("fix", sorted(PATIENTS))
def test_a_kill_at_every_step_is_recovered_whole(fix: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.workstation.fix_kills", fix, str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert int(done.stdout) > 10  # kills
