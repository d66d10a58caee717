"""A desk's own folder: added, overridden, live, and never worse than the last good text."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deskside.foundation.errors import NotFound
from deskside.knowledge import own as module
from deskside.knowledge.service import Library

from .conftest import Write, text


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The desk's own folder; every question looks at it."""
    monkeypatch.setattr(module, "LOOK_EVERY", 0.0)
    return tmp_path / "own"


def put(
    desk: Path, number: str, language: str = "en", source: str | None = None, **fields: str
) -> Path:
    path = desk / number / f"{language}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(source if source is not None else text(number, language, **fields))
    os.utime(path, ns=(before + 1_000_000_000,) * 2)
    return path


def test_a_broken_text_never_takes_the_place_of_the_last_good_one(
    shelf: Path, desk: Path, write: Write
) -> None:
    write("7001", title="Ours")
    library = Library.open(shelf, own=desk)
    put(desk, "7001", title="The desk's")
    assert library.article("7001").title == "The desk's"
    put(desk, "7001", source="+++\nbroken")
    assert library.article("7001").title == "The desk's"
    assert [finding.code for finding in library.lint()].count("article-malformed") == 1
    assert Library.open(shelf, own=desk).article("7001").title == "The desk's"


def test_articles_are_added_changed_and_taken_away_without_a_restart(
    shelf: Path, desk: Path, write: Write
) -> None:
    write("7001", title="Ours")
    library = Library.open(shelf, own=desk)
    assert library.search("zebra") == []
    path = put(desk, "8001", title="A zebra")
    assert [r.number for r in library.search("zebra")] == ["8001"]
    put(desk, "8001", title="A giraffe")
    assert library.search("zebra") == []
    assert [r.number for r in library.search("giraffes")] == ["8001"]
    path.unlink()
    with pytest.raises(NotFound):
        library.article("8001")
    assert library.search("giraffe") == []


def test_a_translation_is_added_to_an_article_of_ours(
    shelf: Path, desk: Path, write: Write
) -> None:
    write("7001", title="Ours")
    library = Library.open(shelf, own=desk)
    put(desk, "7001", "it", title="Il nostro")
    assert library.article("7001", "it").title == "Il nostro"
    assert library.article("7001", "en").title == "Ours"
    (desk / "7001" / "it.md").unlink()
    assert library.article("7001", "it").title == "Ours"
