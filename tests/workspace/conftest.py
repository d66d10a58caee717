"""A TWS folder with a real settings file, and a workstation that knows it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import strategies as st

from deskside.workspace.model import Workspace
from deskside.workspace.workstation import Workstation

SAMPLE = Path(__file__).parent.parent / "samples" / "ibg_2021_mit.xml"
USER = "darykq"


def document(text: str = "") -> bytes:
    """Small settings that are valid."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Settings mode="TWS">{text}</Settings>\n'.encode()
    )


sealed = st.binary(min_size=1, max_size=2000).map(lambda tail: b"IBGZENC\0" + tail)
plain = st.text(st.characters(min_codepoint=32, blacklist_characters="<&>", codec="utf-8"))
valid_settings = st.one_of(sealed, plain.map(document))
"""Arbitrary content that counts as settings: sealed, or XML."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "Jts" / USER
    folder.mkdir(parents=True)
    (folder / "ibg.xml").write_bytes(SAMPLE.read_bytes())
    return tmp_path / "Jts"


@pytest.fixture
def live(root: Path) -> Path:
    """The settings file that the program uses."""
    return root / USER / "ibg.xml"


@pytest.fixture
def workspace(live: Path) -> Workspace:
    return Workspace(live)


@pytest.fixture
def here(tmp_path: Path) -> Workstation:
    return Workstation(Path(os.environ["DESKSIDE_DATA"]))
