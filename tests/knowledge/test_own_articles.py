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


def test_a_circle_is_open_once_the_other_article_has_changed(shelf: Path, desk: Path) -> None:
    """Whichever of the two is read first, and whether the other changes or goes."""
    library = Library.open(shelf, own=desk)
    put(desk, "8001", source=replacing("8001", "8002"))
    put(desk, "8002", title="Replaced")
    assert library.lint()
    put(desk, "8001", source=replacing("8001"))
    put(desk, "8002", source=replacing("8002", "8001"))
    assert [text.fault for text in library.own_texts()] == ["", ""]
    put(desk, "8001", source=replacing("8001", "8002"))
    put(desk, "8002", title="Replaced again")
    assert [text.fault for text in library.own_texts()] == ["", ""]
    put(desk, "8003", source=replacing("8003", "8001"))
    put(desk, "8002", source=replacing("8002", "8003"))
    assert [bool(text.fault) for text in library.own_texts()] == [False, False, True]
    (desk / "8001" / "en.md").unlink()
    assert [text.fault for text in library.own_texts()] == ["", "", ""]


def replacing(number: str, *others: str) -> str:
    listed = ", ".join(f'"{other}"' for other in others)
    return text(number).replace("supersedes = []", f"supersedes = [{listed}]")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_what_is_no_file_is_a_fault_and_nobody_waits_for_it(shelf: Path, desk: Path) -> None:
    library = Library.open(shelf, own=desk)
    put(desk, "8001", title="Good")
    assert library.article("8001").title == "Good"
    (desk / "8001" / "en.md").unlink()
    os.mkfifo(desk / "8001" / "en.md")
    (desk / "8002" / "en.md").mkdir(parents=True)
    faults = [text.fault for text in library.own_texts()]
    assert faults == ["8001/en.md:1: it is no file", "8002/en.md:1: it is no file"]
    assert library.article("8001").title == "Good"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file that cannot be read")
def test_a_file_that_cannot_be_read_is_a_fault(shelf: Path, desk: Path) -> None:
    library = Library.open(shelf, own=desk)
    (desk / "8001").mkdir(parents=True)
    (desk / "8001" / "en.md").symlink_to("/proc/self/mem")
    (text,) = library.own_texts()
    assert text.fault.startswith("8001/en.md:1: it cannot be read: ")


def test_what_cannot_be_looked_at_just_now_stays_as_it_was(shelf: Path, desk: Path) -> None:
    """A file server that stumbles takes no article away."""
    library = Library.open(shelf, own=desk)
    path = put(desk, "8001", title="Good")
    assert library.article("8001").title == "Good"
    for stumbling in (path, path.parent, desk):
        aside = stumbling.rename(desk.parent / "aside")
        stumbling.symlink_to(stumbling)
        assert library.article("8001").title == "Good"
        stumbling.unlink()
        aside.rename(stumbling)
    path.unlink()
    with pytest.raises(NotFound):
        library.article("8001")


def test_a_change_that_keeps_size_and_time_is_seen(shelf: Path, desk: Path) -> None:
    library = Library.open(shelf, own=desk)
    path = put(desk, "8001", title="Former")
    assert library.article("8001").title == "Former"
    kept = path.stat().st_mtime_ns
    path.write_text(text("8001", title="Latter"))
    os.utime(path, ns=(kept, kept))
    assert library.article("8001").title == "Latter"


def test_files_that_others_leave_beside_ours_are_nobody_s(shelf: Path, desk: Path) -> None:
    library = Library.open(shelf, own=desk)
    path = put(desk, "8001", title="Good")
    (path.parent / "._en.md").write_bytes(b"\0\5\x16\7")
    (path.parent / ".#en.md").symlink_to("somebody@here.4711")
    assert [text.fault for text in library.own_texts()] == [""]


def test_the_newest_version_that_can_be_understood_is_shown(shelf: Path, desk: Path) -> None:
    """A rule may be younger than a version."""
    library = Library.open(shelf, own=desk)
    for title in ("First", "Second"):
        path = put(desk, "8001", title=title)
        assert library.article("8001").title == title
    newest = library.history("8001", "en")[-1].path
    newest.write_text("+++\nof old rules")
    path.write_text("+++\nbroken")
    assert Library.open(shelf, own=desk).article("8001").title == "First"


# Versions: kept, compared, put back.


def test_every_version_that_was_shown_is_kept_compared_and_put_back(
    shelf: Path, desk: Path, write: Write
) -> None:
    write("7001", title="Ours")
    library = Library.open(shelf, own=desk)
    for title in ("First", "Second", "Second", "Third"):
        put(desk, "7001", title=title)
        assert library.article("7001").title == title
    assert [version.count for version in library.history("7001", "en")] == [1, 2, 3]
    changed = library.difference("7001", "en", 0, 3)
    assert [line for line in changed if line[:2] in ("-t", "+t")] == [
        '-title = "Ours"',
        '+title = "Third"',
    ]
    library.restore("7001", "en", 1)
    assert library.article("7001").title == "First"
    assert [version.count for version in library.history("7001", "en")] == [1, 2, 3, 4]
    assert library.difference("7001", "en", 1, 4) == []


def test_a_broken_text_becomes_no_version(shelf: Path, desk: Path) -> None:
    library = Library.open(shelf, own=desk)
    put(desk, "8001", title="Good")
    assert library.article("8001").title == "Good"
    put(desk, "8001", source="+++\nbroken")
    (text,) = library.own_texts()
    assert (text.title, text.versions) == ("Good", 1)
    assert "8001/en.md" in text.fault
    library.restore("8001", "en", 1)
    (text,) = library.own_texts()
    assert (text.title, text.fault) == ("Good", "")


def test_a_version_that_is_not_there_names_those_that_are(shelf: Path, desk: Path) -> None:
    library = Library.open(shelf, own=desk)
    put(desk, "8001")
    with pytest.raises(NotFound) as caught:
        library.difference("8001", "en", 1, 7)
    assert caught.value.hint == "There are: 1–1"


def test_a_translation_of_an_older_text_is_outdated(shelf: Path, desk: Path, write: Write) -> None:
    write("7001", title="Ours")
    library = Library.open(shelf, own=desk)
    digest = library.article("7001", "en").digest
    italian = text("7001", "it").replace("\ntags", f'\ntranslates = "{digest}"\ntags', 1)
    put(desk, "7001", "it", italian)
    assert not library.is_outdated(library.article("7001", "it"))
    put(desk, "7001", "en", title="The desk's")
    assert library.is_outdated(library.article("7001", "it"))
    assert not library.is_outdated(library.article("7001", "en"))
    assert "translation-outdated" in {finding.code for finding in library.lint()}


# What cannot be taken over: clear, and the last good text stays.


def test_a_circle_of_articles_that_replace_one_another_is_refused(
    shelf: Path, desk: Path, write: Write
) -> None:
    write("7001", source=replacing("7001", "8001"))
    library = Library.open(shelf, own=desk)
    put(desk, "8001", title="Straight")
    assert library.article("8001").title == "Straight"
    put(desk, "8001", source=replacing("8001", "7001"))
    assert library.article("8001").title == "Straight"
    (text,) = library.own_texts()
    assert "in a circle: KB" in text.fault
    assert library.successor("8001") is library.article("7001")


def test_a_circle_on_the_shelf_is_a_fault(shelf: Path, write: Write) -> None:
    write("7001", source=replacing("7001", "7002"))
    write("7002", source=replacing("7002", "7001"))
    assert "supersession-circular" in {finding.code for finding in Library.open(shelf).lint()}


@pytest.mark.parametrize(
    ("number", "source", "words"),
    [
        ("7001", text("7001") + "x" * 5_000_000, "longer than 250000 characters"),
        ("7001", text("7002"), "the folder's name says another number"),
        ("7001-copy", text("7001"), "the folder's name says another number"),
        ("7001", text("7001", "de"), "unknown language de"),
        ("7001", text("7001", "it"), "the file's name says another language"),
        ("7001", "+++\n" + "[" * 100_000, "7001/en.md:"),
    ],
    ids=["5 MB", "number", "duplicate", "language", "file", "nested"],
)
def test_what_is_wrong_is_said_and_ours_stays(
    shelf: Path, desk: Path, write: Write, number: str, source: str, words: str
) -> None:
    write("7001", title="Ours")
    library = Library.open(shelf, own=desk)
    put(desk, number, source=source)
    assert library.article("7001").title == "Ours"
    assert words in " ".join(finding.title for finding in library.lint())
