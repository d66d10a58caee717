"""Articles made for a test, and a plug-in with a check and a fix that they can name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from deskside.knowledge.library import read_shelf
from deskside.knowledge.service import Library

PLUGIN = Path(__file__).parent / "plugin"

FRONT = """+++
number = "{number}"
title = "{title}"
summary = "{summary}"
language = "{language}"
tags = ["sample"]
platforms = ["windows", "macos", "linux"]
versions = "all"
last_verified = 2026-11-22
related = {related}
supersedes = []
checks = {checks}
fixes = {fixes}
{vendor}+++

{body}
"""

VENDOR = """
[vendor]
number = "{number}"
label = "our rewrite of KB{number}"
url = "https://example.org/{number}"
related = {related}
"""

Write = Callable[..., Path]


def text(
    number: str = "7001",
    language: str = "en",
    title: str = "A greeting",
    summary: str = "Say it politely.",
    body: str = "Some words.",
    related: str = "[]",
    checks: str = "[]",
    fixes: str = "[]",
    vendor: str = "",
) -> str:
    """An article's file."""
    return FRONT.format(**locals())


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """An empty folder of articles."""
    folder = tmp_path / "articles"
    folder.mkdir()
    return folder


@pytest.fixture
def write(shelf: Path) -> Write:
    """Put an article on the shelf; `source` gives its file literally."""

    def put(
        number: str = "7001", language: str = "en", source: str | None = None, **fields: str
    ) -> Path:
        path = shelf / number / f"{language}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text(number, language, **fields) if source is None else source)
        return path

    return put


@pytest.fixture
def library(shelf: Path) -> Callable[[], Library]:
    """The library on the shelf as it stands when called."""
    return lambda: Library(read_shelf(shelf))


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample check and fix, found the way that anybody's are."""
    monkeypatch.syspath_prepend(PLUGIN)
    importlib.invalidate_caches()


@pytest.fixture
def rude(tmp_path: Path) -> Path:
    """A folder that the sample check finds fault with."""
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "greeting.txt").write_text("Oi!")
    return folder
