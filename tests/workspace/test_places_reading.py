"""Reading settings while their program may be writing them, and whatever stands in their place."""

from __future__ import annotations

import os
import socket
import threading
import tracemalloc
from pathlib import Path

import pytest

from deskside.foundation.errors import DesksideError, NotFound, Refused
from deskside.workspace.model import Kind
from deskside.workspace.places import reading
from deskside.workspace.rules import Version

from .conftest import SAMPLE, document


def code(file: Path) -> str:
    for look in (reading.read, reading.examine):
        with pytest.raises(DesksideError) as refused:
            look(file)
        assert refused.value.message
        assert refused.value.hint
    return refused.value.code


def large(size: int) -> bytes:
    """Valid settings of about so many bytes."""
    return document("<a b='c'>text</a>" * (size // 17))


def test_reading_gives_the_exact_bytes(live: Path) -> None:
    read = reading.read(live)
    assert read.content == SAMPLE.read_bytes()
    assert read.kind is Kind.XML
    assert read.version == Version(978, 2)


def test_examining_tells_the_same_without_the_bytes(live: Path) -> None:
    read, seen = reading.read(live), reading.examine(live)
    assert (seen.kind, seen.sha256, seen.size) == (read.kind, read.sha256, len(read.content))
    assert (seen.version, seen.modified_ns) == (read.version, read.modified_ns)


@pytest.mark.parametrize("at", range(reading.PIECE - 60, reading.PIECE + 3, 7))
def test_the_version_is_seen_on_the_seam_of_two_pieces(live: Path, at: int) -> None:
    tag = b'<SettingsVersion varName="version" majorVersion="1045" minorVersion="1"/>'
    start = b"<Settings>"
    live.write_bytes(start + b" " * (at - len(start)) + tag + b" " * 100_000 + b"</Settings>")
    assert reading.examine(live).version == Version(1045, 1)


def test_a_file_beyond_all_measure_is_not_even_read(live: Path) -> None:
    os.truncate(live, 500_000_001)
    assert code(live) == "settings-too-large"


def test_a_large_file_of_rubbish_costs_no_memory(live: Path) -> None:
    live.write_bytes(b"<Settings>")
    os.truncate(live, 400_000_000)
    tracemalloc.start()
    assert code(live) == "settings-damaged"
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_a_large_file_is_held_once_and_examined_piece_by_piece(live: Path) -> None:
    content = large(6_000_000)
    live.write_bytes(content)
    tracemalloc.start()
    reading.examine(live)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.reset_peak()
    assert reading.read(live).content == content
    assert tracemalloc.get_traced_memory()[1] < len(content) + 1_000_000
    tracemalloc.stop()


def test_nothing_there(live: Path) -> None:
    assert code(live.with_name("tws.xml")) == "settings-missing"


def test_a_link_is_followed_and_a_broken_one_named(live: Path) -> None:
    link = live.with_name("tws.xml")
    link.symlink_to(live.name)
    assert reading.read(link).content == SAMPLE.read_bytes()
    live.unlink()
    assert code(link) == "settings-missing"
    with pytest.raises(NotFound, match="is a link"):
        reading.read(link)
    live.symlink_to(link.name)
    assert code(link) == "settings-unreadable"


def test_a_folder_a_pipe_or_a_socket_in_its_place(live: Path, tmp_path: Path) -> None:
    assert code(live.parent) == "settings-unreadable"
    live.unlink()
    os.mkfifo(live)
    assert code(live) == "settings-unreadable"
    live.unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(live))
        assert code(live) == "settings-unreadable"
    assert code(Path("/dev/zero")) == "settings-unreadable"


def test_without_permission(live: Path) -> None:
    live.chmod(0)
    if os.geteuid():
        assert code(live) == "settings-unreadable"
    else:  # nothing is closed to root; then by way of a folder that is none
        assert code(live / "tws.xml") == "settings-unreadable"


def test_a_file_that_never_stands_still_is_refused(
    live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fstat, seen = os.fstat, []

    def written_meanwhile(descriptor: int) -> os.stat_result:
        result = fstat(descriptor)
        seen.append(live.write_bytes(document("x" * len(seen))))
        return result

    monkeypatch.setattr(reading.os, "fstat", written_meanwhile)
    assert code(live) == "settings-changing"
    assert len(seen) >= reading.ATTEMPTS


def test_a_file_that_is_half_written_is_not_called_damaged(
    live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fstat, seen = os.fstat, []

    def being_written(descriptor: int) -> os.stat_result:
        result = fstat(descriptor)
        seen.append(live.write_bytes(b"<Settings><half" + b" " * len(seen)))
        return result

    monkeypatch.setattr(reading.os, "fstat", being_written)
    assert code(live) == "settings-changing"


def test_a_file_that_vanishes_while_it_is_read(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fstat = os.fstat

    def vanishing(descriptor: int) -> os.stat_result:
        live.unlink(missing_ok=True)
        return fstat(descriptor)

    monkeypatch.setattr(reading.os, "fstat", vanishing)
    assert code(live) == "settings-missing"


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
                outcomes.add(reading.read(live).content in versions)
            except Refused as refused:
                assert refused.code in ("settings-changing", "settings-damaged")  # noqa: PT017
    finally:
        stop.set()
        writer.join()
    assert outcomes <= {True}
