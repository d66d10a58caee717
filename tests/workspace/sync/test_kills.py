"""Pushes and pulls killed with SIGKILL, against a portal that is a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

KILLS = 30
ROOT = Path(__file__).parents[3]


@pytest.fixture
def portal_process(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "portal"
    folder.mkdir()
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.workspace.sync.portal_process", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with started:
        assert started.stdout
        yield started.stdout.readline().strip()
        started.kill()


def test_nothing_is_lost_or_sent_twice_by_killing(tmp_path: Path, portal_process: str) -> None:
    driver = [sys.executable, "-m", "tests.workspace.sync.sync_kills"]
    done = subprocess.run(
        [*driver, portal_process, str(tmp_path), str(KILLS), "20261122"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["kills"] == KILLS
    assert result["sent"] > KILLS // 3
    assert result["versions"] > KILLS
