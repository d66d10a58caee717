"""PSKC of any length in little memory: what is cut, what is refused, how much is kept."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pskc import PSKC

from deskside.foundation.errors import Refused
from deskside.secure_login.seeds import containers, jobs
from deskside.secure_login.seeds.containers import NoContainer, Opener, keys_in
from deskside.secure_login.seeds.counting import line_breaks, occurrences
from deskside.secure_login.seeds.jobs import Status
from deskside.secure_login.seeds.reading import Line, read_seeds, rows_in
from deskside.secure_login.seeds.waiting import opened
from tests.secure_login.desk import Desk
from tests.secure_login.test_import_jobs import begun
from tests.secure_login.test_seeds import TOTP, container, sealed_by_key, sealed_by_password

KEY = bytes(range(16))


def sealed(rows: int) -> bytes:
    """A container of so many sealed keys, all the same but for the serial number."""
    made = PSKC()
    made.encryption.setup_preshared_key(key=KEY, algorithm="aes128-cbc")
    made.add_key(id="SERIAL", serial="SERIAL", algorithm=TOTP, secret=bytes(20), response_length=6)
    text = written(made)
    end = b"</pskc:KeyPackage>"
    before, found, rest = text.partition(b"<pskc:KeyPackage>")
    package, _end, after = rest.partition(end)
    package = found + package + end + b"\n"
    rows_of = (package.replace(b"SERIAL", b"P-%06d" % number) for number in range(rows))
    return b"".join([before, *rows_of, after])


def written(made: PSKC) -> bytes:
    out = io.BytesIO()
    made.write(out)
    return out.getvalue()


ODD = (
    b'\xef\xbb\xbf<?xml version="1.0"?><!-- <x> --><p:KeyContainer xmlns:p="urn:a" a=">"> t <E/> '
    b'<p:KeyPackage a=">"/><p:KeyPackage ><b>\xc3\xa4</b></p:KeyPackage  >\n<F>x</F>'
    b"</p:KeyContainer>\n"
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 65536])
def test_children_are_cut_whole_whatever_is_read_at_once(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "_PIECE", size)
    (_root, opening), *rest = containers._spans(io.BytesIO(ODD))
    assert opening == ODD[: ODD.index(b" t <E")]
    assert rest == [
        ("E", b"<E/>"),
        ("KeyPackage", b'<p:KeyPackage a=">"/>'),
        ("KeyPackage", b"<p:KeyPackage ><b>\xc3\xa4</b></p:KeyPackage  >"),
        ("F", b"<F>x</F>"),
    ]


@pytest.mark.parametrize("seal", [None, sealed_by_key, sealed_by_password])
@pytest.mark.parametrize("at_once", [1, 4, 100])
def test_cut_or_whole_the_keys_are_the_same(
    seal: Callable[..., dict[str, object]] | None, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "AT_ONCE", at_once)
    made = container()
    given = seal(made.encryption) if seal else {}
    text = written(made)
    whole = PSKC(io.BytesIO(text))
    Opener(**given).apply(whole)  # type: ignore[arg-type]
    cut = list(keys_in(io.BytesIO(text), Opener(**given)))  # type: ignore[arg-type]
    assert [(key.serial, key.secret) for key in cut if key] == [
        (key.serial, key.secret) for key in whole.keys
    ]
    assert len(cut) == 6


def test_how_the_keys_are_sealed_may_stand_at_the_end() -> None:
    text = sealed(3)
    start, end = b"<pskc:MACMethod ", b"</pskc:MACMethod>"
    before, _start, rest = text.partition(start)
    told, _end, after = rest.partition(end)
    container_end = b"</pskc:KeyContainer>"
    moved = before + after.replace(container_end, start + told + end + container_end)
    lines = list(read_seeds(io.BytesIO(moved), key=KEY))
    assert [line.seed.key for line in lines if line.seed] == [bytes(20)] * 3


def test_a_damaged_package_is_one_row() -> None:
    text = written(container()).replace(b'Length="6"', b'Length="six"', 1)
    lines = list(read_seeds(io.BytesIO(text)))
    assert [bool(line.problem) for line in lines] == [True, *[False] * 5]
    assert [line.number for line in lines] == list(range(1, 7))


BOMB = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-3],
        lambda text: text.replace(b"<pskc:KeyContainer", BOMB + b"<pskc:KeyContainer", 1),
        lambda text: text.replace(
            b"<pskc:KeyContainer", b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><pskc:KeyContainer', 1
        ),
        lambda text: text.replace(b"<pskc:KeyPackage>", b"<pskc:KeyPackage>" + b" " * 400_000, 1),
        lambda text: text.replace(b'Version="1.0"', b'Version="7.0"', 1),
        lambda text: text.replace(b"KeyContainer", b"Something"),
        lambda text: text.replace(b"T-4", b"&b;"),
    ],
    ids=["cut", "entities", "foreign", "oversize", "version", "root", "entity"],
)
def test_what_is_refused_before_any_row(small_desk: Desk, spoil: Callable[[bytes], bytes]) -> None:
    text = written(container())
    spoiled = spoil(text)
    assert spoiled != text
    with pytest.raises(Refused) as refused:
        next(iter(read_seeds(io.BytesIO(spoiled))))
    assert refused.value.code == "seeds-unreadable"


def test_nothing_is_remembered_of_what_stands_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "LARGEST_PACKAGE", 2000)
    monkeypatch.setattr(containers, "_PIECE", 500)
    text = written(container()).replace(b"<pskc:KeyPackage>", b"\n" * 5000 + b"<pskc:KeyPackage>")
    assert len(list(keys_in(io.BytesIO(text), Opener()))) == 6
    with pytest.raises(NoContainer):
        list(keys_in(io.BytesIO(b" " * 5000 + text), Opener()))


CHILD = """
import sys
from pathlib import Path
from deskside.foundation.clock import SystemClock
from deskside.foundation.database import Database
from tests.secure_login.desk import Desk

folder, key = Path(sys.argv[1]), sys.argv[2]
imports = Desk.open(Database.open(sys.argv[3]), folder / "keys", SystemClock()).imports

def taken(name):
    with (folder / name).open("rb") as file:
        begun = imports.begin(file, name, "an-operator", key=key)
    imports.turn()
    status = Path("/proc/self/status").read_text()
    return imports.one(begun.id).new, status.partition("VmHWM:")[2].split()[0]

print(*taken("few"), *taken("many"))
"""


def test_a_long_file_takes_no_more_memory_than_a_short_one(
    sqlite_database_url: str, tmp_path: Path
) -> None:
    """The most that was ever in memory: read whole, 10,000 keys would take 140 MiB more."""
    (tmp_path / "few").write_bytes(sealed(300))
    (tmp_path / "many").write_bytes(sealed(10_000))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), KEY.hex(), sqlite_database_url],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    few, used, many, at_most = map(int, done.stdout.split())
    assert (few, many) == (300, 10_000)
    assert (at_most - used) // 1024 < 56, "MiB at the peak"


# Files that wait


def test_a_sealed_file_is_opened_a_piece_at_a_time() -> None:
    content, asked = bytes(range(256)) * 4, []

    def piece(number: int) -> bytes:
        asked.append(number)
        return content[number * 100 : number * 100 + 100]

    file = opened(piece, 100, len(content))
    assert file.read() == content
    assert asked == list(range(11))
    assert file.read() == b""
    file.seek(-4, io.SEEK_END)
    assert file.read(10) == content[-4:]
    file.seek(250)
    assert file.read(10) == content[250:260]
    assert opened(piece, 100, 0).read() == b""


@pytest.mark.parametrize("size", [64, 1000])
def test_a_file_of_many_pieces_is_imported(
    desk: Desk, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PIECE", size)
    content = written(container())
    imports = desk.imports
    found = begun(imports, content)
    imports.turn()
    imports.go(found.id, "an-operator")
    imports.turn()
    assert imports.one(found.id).status is Status.DONE
    assert len(desk.service.list_devices()) == 6


def test_a_file_that_is_dropped_while_it_is_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PIECE", 300)
    imports = desk.imports
    found = begun(imports, written(container()))

    def drop_first(*arguments: Any, **opener: Any) -> Iterator[Line]:
        imports.drop(found.id, "an-operator")
        return read_seeds(*arguments, **opener)

    monkeypatch.setattr(jobs, "read_seeds", drop_first)
    imports.turn()
    assert imports.one(found.id).status is Status.DROPPED
    assert desk.service.list_devices() == []


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_counting_rows(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deskside.secure_login.seeds.counting.PIECE", size)
    for text in (b"", b"a", b"a\n", b"a\nb\n\nc", b"\n\na\n\n\n", b"KeyKey>Key>Key"):
        assert line_breaks(io.BytesIO(text)) == text.rstrip(b"\n").count(b"\n")
        assert occurrences(io.BytesIO(text), b"Key>") == text.count(b"Key>")
    assert rows_in(io.BytesIO(written(container()))) == 6
