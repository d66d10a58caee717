"""Finding and reading settings while their program may be writing them."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from deskside.foundation.errors import NotFound, Refused
from deskside.workspace import files
from deskside.workspace.model import Kind, Workspace

from .conftest import SAMPLE, USER, document


def test_a_root_and_a_user_folder_lead_to_the_same(root: Path, live: Path) -> None:
    for place in (root, root / USER):
        (found,) = files.discover(place)
        assert found.file == live
        assert found.user == USER
        assert found.program == "IB Gateway"
        assert found.key == "darykq.ibg"


def test_all_users_and_programs_are_found_the_trader_first(root: Path) -> None:
    nested = root / "ibgateway" / "1045" / "abcd"
    nested.mkdir(parents=True)
    (nested / "ibg.xml").write_bytes(document())
    (root / USER / "TWS.XML").write_bytes(b"damaged, and all the more wanted")
    (root / "jts.ini").write_bytes(b"[Logon]")
    (root / "charts").mkdir()
    found = files.discover(root)
    assert [w.file.name for w in found] == ["TWS.XML", "ibg.xml", "ibg.xml"]
    assert found[2].user == "abcd"


def test_links_to_folders_are_not_followed(root: Path, tmp_path: Path) -> None:
    (root / "loop").symlink_to(root)
    assert len(files.discover(root)) == 1


def test_no_root(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as missing:
        files.discover(tmp_path / "nowhere")
    assert missing.value.code == "settings-no-root"
    assert "--root" in missing.value.hint


@pytest.mark.parametrize(
    ("place", "ini", "file"),
    [
        ("Jts/dgmgqticxk", None, "tws.xml"),
        ("Jts/" + "abcdefghijklmnop"[:8] * 5, None, "tws.xml"),
        ("Jts/darykq", "[ns]\ndarykq=1\n", "tws.xml"),
        ("Jts/darykq", "[IBGateway]\n[ns]\ndarykq=1\n", "ibg.xml"),
        ("Jts/ibgateway/1045/dgmgqticxk", None, "ibg.xml"),
        ("Jts/darykq", "[ns]\nother=1\n", None),
        ("Jts/Documents", None, None),
        ("Jts", None, None),
    ],
)
def test_a_user_folder_without_settings(
    tmp_path: Path, place: str, ini: str | None, file: str | None
) -> None:
    folder = tmp_path / place
    folder.mkdir(parents=True)
    if ini:
        (folder.parent / "jts.ini").write_text(ini)
    meant = files.to_be(folder)
    assert meant == (Workspace(folder / file) if file else None)
    assert files.to_be(folder / "gone") is None


def test_reading_gives_the_exact_bytes(live: Path) -> None:
    reading = files.read(live)
    assert reading.content == SAMPLE.read_bytes()
    assert reading.kind is Kind.XML


def test_what_cannot_be_read(live: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as missing:
        files.read(live.with_name("tws.xml"))
    assert missing.value.code == "settings-missing"
    with pytest.raises(Refused) as folder:
        files.read(live.parent)
    assert folder.value.code == "settings-unreadable"


def test_a_file_beyond_all_measure_is_not_even_read(live: Path) -> None:
    os.truncate(live, 500_000_001)
    with pytest.raises(Refused) as refused:
        files.read(live)
    assert refused.value.code == "settings-too-large"


def test_a_file_that_never_stands_still_is_refused(
    live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fstat, seen = os.fstat, []

    def written_meanwhile(descriptor: int) -> os.stat_result:
        result = fstat(descriptor)
        seen.append(live.write_bytes(document("x" * len(seen))))
        return result

    monkeypatch.setattr(files.os, "fstat", written_meanwhile)
    with pytest.raises(Refused) as refused:
        files.read(live)
    assert refused.value.code == "settings-changing"
    assert len(seen) == files.ATTEMPTS


def test_a_file_that_vanishes_while_it_is_read(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fstat = os.fstat

    def vanishing(descriptor: int) -> os.stat_result:
        live.unlink(missing_ok=True)
        return fstat(descriptor)

    monkeypatch.setattr(files.os, "fstat", vanishing)
    with pytest.raises(NotFound) as missing:
        files.read(live)
    assert missing.value.code == "settings-missing"


def test_a_reader_beside_a_careless_writer_never_gets_a_torn_file(live: Path) -> None:
    """The writer truncates and writes in place, as the program may; readers refuse or are right."""
    versions = [document(letter * 400_000) for letter in "ab"]
    live.write_bytes(versions[0])
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            live.write_bytes(versions[number % 2])

    writer = threading.Thread(target=write)
    writer.start()
    outcomes = set()
    try:
        for _ in range(150):
            try:
                outcomes.add(files.read(live).content in versions)
            except Refused as refused:
                assert refused.code in ("settings-changing", "settings-damaged")  # noqa: PT017
    finally:
        stop.set()
        writer.join()
    assert outcomes <= {True}
