"""What the tests record system calls with."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture(autouse=True, scope="session")
def strace() -> None:
    """Say at once what is missing."""
    if not shutil.which("strace"):
        pytest.fail("strace is missing: run `make system-deps`.", pytrace=False)
