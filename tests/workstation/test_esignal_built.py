"""Windows files that another toolchain made: read as two other readers do, and judged rightly."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.workstation.esignal import pe, pe_resources, pe_tables
from deskside.workstation.esignal.looking import read_library
from deskside.workstation.esignal.recipes import DBCAPI

from .pe_agreement import disagreements
from .pe_fuzz import mutated
from .pe_writer import library, windows_disk
from .test_esignal import codes, diagnose, files, repair
from .windows_compiler import COMPILERS, build

OLD, NEW = (10, 6, 0, 1), (12, 0, 3601, 1)

INSTALLED = sorted(
    file
    for place in ("/usr/lib/gcc", "/usr")
    for name in COMPILERS.values()
    for file in Path(place, name).rglob("*")
    if file.suffix.lower() in (".dll", ".exe")
)
"""What Debian's packages of mingw bring along, wherever they are installed."""


@pytest.fixture(scope="module", params=sorted(COMPILERS))
def bits(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_a_built_library_is_read(bits: int, tmp_path: Path) -> None:
    content = build(tmp_path, bits, version=(11, 2, 3, 4))
    image = pe.parse(content)
    assert disagreements(content) == []
    assert image.is_library
    assert set(pe_tables.exports(image)) == {"DbcOpen", "DbcClose"}
    assert "kernel32.dll" in {name.lower() for name in pe_tables.imports(image)}
    assert pe_resources.version(image).number == "11.2.3.4"
    assert read_library("C:\\Jts\\dbcapi.dll", content, DBCAPI).bits == bits


def test_a_built_program_is_no_library(bits: int, tmp_path: Path) -> None:
    content = build(tmp_path, bits, program=True)
    assert disagreements(content) == []
    assert not pe.parse(content).is_library


def test_there_are_files_to_agree_on() -> None:
    assert len(INSTALLED) > 10


@pytest.mark.parametrize("file", INSTALLED, ids=lambda file: file.name)
def test_we_read_what_debian_ships_as_others_do(file: Path) -> None:
    assert disagreements(file.read_bytes()) == []


@pytest.mark.parametrize(
    ("java", "partner", "target", "issues"),
    [
        (32, 32, NEW, []),
        (32, 32, OLD, ["B"]),
        (64, 32, NEW, ["A"]),
        (64, 32, OLD, ["A", "B"]),
        (32, 64, NEW, ["A"]),
    ],
)
def test_the_issues_with_built_files(
    tmp_path: Path,
    java: int,
    partner: int,
    target: tuple[int, int, int, int],
    issues: list[str],
) -> None:
    donor = build(tmp_path / "donor", partner)
    # Two builds of one source differ in their stamps, as two releases do.
    same = target is NEW and partner == 32
    there = donor if same else build(tmp_path / "there", 32, version=target)
    disk = windows_disk(tmp_path / "disk", target=there, donor=donor)
    build_java = build(tmp_path / "java", java, program=True)
    next(disk.rglob("javaw.exe")).write_bytes(build_java)
    manager = build(tmp_path / "manager", partner, program=True)
    next(disk.rglob("WinRos.exe")).write_bytes(manager)
    assert diagnose(disk)["issues"] == issues


def test_the_repair_with_built_files(tmp_path: Path) -> None:
    old, donor = build(tmp_path / "old", 32, version=(10, 6, 0, 1)), build(tmp_path / "new", 32)
    disk = windows_disk(tmp_path / "disk", target=old, donor=donor)
    next(disk.rglob("javaw.exe")).write_bytes(build(tmp_path / "java", 32, program=True))
    assert repair(disk, "--yes")["verdict"] == "success"
    assert files(disk) == {"dbcapi.dll": donor, "dbcapi_old.dll": old}
    assert "library-ok" in codes(diagnose(disk))


@given(st.integers())
def test_mutated_headers_break_nothing(seed: int) -> None:
    content = mutated(library(), random.Random(seed))
    read = read_library("C:\\x.dll", content, DBCAPI)
    assert read.refused or read.bits in (32, 64)
