"""`deskside esignal`: what it refuses, what it finds, and a repair that can always be undone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from deskside.cli import deskside
from deskside.foundation.changes.engine import Engine
from deskside.foundation.errors import DesksideError
from deskside.workstation.esignal import pe, pe_resources, pe_tables
from deskside.workstation.esignal.disk import Disk
from deskside.workstation.esignal.fixes import plan_repair
from deskside.workstation.esignal.looking import read_library
from deskside.workstation.esignal.recipes import DBCAPI

from .pe_agreement import disagreements
from .pe_writer import ARM64, BROKEN, X64, X86, library, windows_disk

OLD = library(version=(10, 6, 0, 1))
DONOR = library(exports=("DbcOpen", "DbcClose", "DbcNew"))
FOREIGN = library(exports=("sqlany_init", "sqlany_connect"), company="SAP")
CRT = '<assemblyIdentity name="Microsoft.VC80.CRT" version="8.0.50727.762" />'


def diagnose(disk: Path) -> dict[str, object]:
    result = CliRunner().invoke(
        deskside, ["esignal", "diagnose", "--root", str(disk), "--json"], catch_exceptions=False
    )
    told: dict[str, object] = json.loads(result.stdout)
    assert result.exit_code == (told["verdict"] != "success")
    return told


def codes(told: dict[str, object]) -> set[str]:
    return {finding["code"] for finding in told["findings"]}  # type: ignore[attr-defined]


# The reader refuses what Windows refuses, and never fails in another way.


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_files_are_no_libraries(kind: str) -> None:
    assert read_library("C:\\x.dll", BROKEN[kind], DBCAPI).refused


@given(st.integers(0, len(DONOR) - 1), st.binary(min_size=1, max_size=8))
def test_no_mutated_file_breaks_the_reader(at: int, put: bytes) -> None:
    content = DONOR[:at] + put + DONOR[at + len(put) :]
    read = read_library("C:\\x.dll", content, DBCAPI)
    assert read.refused or read.bits in (32, 64)


@given(st.binary(max_size=600))
def test_no_bytes_break_the_reader(tail: bytes) -> None:
    read_library("C:\\x.dll", DONOR[:0x80] + tail, DBCAPI)


@pytest.mark.parametrize("machine", [X86, X64, ARM64])
def test_what_was_written_is_read(machine: int) -> None:
    image = pe.parse(library(machine, manifest=CRT))
    assert pe_tables.exports(image) == ("DbcOpen", "DbcClose")
    assert pe_tables.imports(image) == ("KERNEL32.dll",)
    assert pe_resources.version(image).number == "12.0.3601.1"
    assert pe_resources.version(image).texts["CompanyName"] == "Interactive Data"
    assert pe_resources.manifest(image) == CRT
    assert (image.bits, image.is_library) == (32 if machine == X86 else 64, True)


@pytest.mark.parametrize("machine", [X86, X64])
def test_other_readers_agree_on_what_we_write(machine: int) -> None:
    assert disagreements(library(machine, manifest=CRT)) == []


def test_other_readers_agree_on_the_programs_that_pip_brings() -> None:
    import pip

    files = sorted(Path(pip.__file__).parent.rglob("*.exe"))
    assert len(files) >= 4
    assert {str(file): disagreements(file.read_bytes()) for file in files} == {
        str(file): [] for file in files
    }


# The diagnosis.


def test_a_disk_that_is_not_there(tmp_path: Path) -> None:
    result = CliRunner().invoke(deskside, ["esignal", "diagnose", "--root", str(tmp_path / "no")])
    assert isinstance(result.exception, DesksideError)
    assert result.exception.code == "no-windows-disk"


def test_healthy(tmp_path: Path) -> None:
    told = diagnose(windows_disk(tmp_path, target=DONOR, donor=DONOR))
    assert (told["verdict"], told["issues"]) == ("success", [])


@pytest.mark.parametrize(
    ("java", "target", "issues"),
    [(X64, DONOR, ["A"]), (X86, OLD, ["B"]), (X64, OLD, ["A", "B"])],
)
def test_issues_of_the_article(tmp_path: Path, java: int, target: bytes, issues: list[str]) -> None:
    told = diagnose(windows_disk(tmp_path, java=java, target=target, donor=DONOR))
    assert (told["verdict"], told["issues"]) == ("failure", issues)


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (None, "library-missing"),
        (b"no library", "library-damaged"),
        (library(X64), "library-wrong-word-size"),
        (FOREIGN, "library-foreign"),
        (OLD, "library-incompatible"),
    ],
)
def test_each_reason_is_told_apart(tmp_path: Path, target: bytes | None, code: str) -> None:
    told = diagnose(windows_disk(tmp_path, target=target, donor=DONOR))
    assert code in codes(told)


def test_64_bit_esignal_is_issue_a(tmp_path: Path) -> None:
    disk = windows_disk(tmp_path, target=OLD, donor=library(X64))
    next(disk.rglob("WinRos.exe")).write_bytes(library(X64, exports=(), is_library=False))
    assert {"partner-not-32-bit", "library-ok"} <= codes(diagnose(disk))


def test_the_java_that_is_preferred_decides(tmp_path: Path) -> None:
    disk = windows_disk(tmp_path, target=DONOR, donor=DONOR)
    (disk / "Java64" / "bin").mkdir(parents=True)
    (disk / "Java64" / "bin" / "JAVA.EXE").write_bytes(library(X64, is_library=False))
    (disk / "Jts/1019/.install4j/pref_jre.cfg").write_text("c:\\java64")
    assert diagnose(disk)["issues"] == ["A"]


def test_a_missing_runtime_is_named(tmp_path: Path) -> None:
    donor = library(manifest=CRT)
    disk = windows_disk(tmp_path, target=donor, donor=donor)
    (disk / "Windows" / "WinSxS").mkdir(parents=True)
    assert "runtime-missing" in codes(diagnose(disk))
    (disk / "Windows" / "WinSxS" / "x86_microsoft.vc80.crt_1fc8").mkdir()
    assert "runtime-missing" not in codes(diagnose(disk))


def test_links_lead_nowhere_out_of_the_disk(tmp_path: Path) -> None:
    outside = tmp_path / "secret.dll"
    outside.write_bytes(OLD)
    disk = windows_disk(tmp_path / "disk", target=None, donor=DONOR)
    (disk / "Jts" / "dbcapi.dll").symlink_to(outside)
    assert "library-missing" in codes(diagnose(disk))
    assert Disk(disk).find("C:\\Jts\\..\\..\\secret.dll") is None


def test_the_folder_of_tws_or_of_the_drive_will_do(tmp_path: Path) -> None:
    windows_disk(tmp_path / "drive_c", target=OLD, donor=DONOR)
    for root in (tmp_path, tmp_path / "drive_c", tmp_path / "drive_c" / "Jts"):
        assert diagnose(root)["issues"] == ["B"]


def test_the_library_of_excel(tmp_path: Path) -> None:
    disk = windows_disk(tmp_path, java=X64, target=DONOR, donor=DONOR)
    (disk / "Jts" / "ddedll.dll").write_bytes(b"cut")
    assert "library-damaged" in codes(diagnose(disk))


# The repair.


def repair(disk: Path, *more: str) -> dict[str, object]:
    result = CliRunner().invoke(
        deskside,
        ["esignal", "repair", "--root", str(disk), "--json", *more],
        catch_exceptions=False,
    )
    told: dict[str, object] = json.loads(result.stdout)
    return told


def files(disk: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (disk / "Jts").iterdir() if file.is_file()}


def test_nothing_is_repaired_that_is_healthy_or_cannot_be(tmp_path: Path) -> None:
    for name, target, donor in (("a", DONOR, DONOR), ("b", b"", None), ("c", OLD, None)):
        disk = windows_disk(tmp_path / name, target=target, donor=donor)
        with pytest.raises(DesksideError) as refused:
            repair(disk, "--yes")
        assert refused.value.code in ("nothing-to-repair", "cannot-repair")


def test_repair_as_the_article_and_back(tmp_path: Path) -> None:
    disk = windows_disk(tmp_path, target=OLD, donor=DONOR)
    assert repair(disk, "--dry-run")["changed"] is False
    assert files(disk) == {"dbcapi.dll": OLD}
    told = repair(disk, "--yes")
    assert told["verdict"] == "success"
    assert files(disk) == {"dbcapi.dll": DONOR, "dbcapi_old.dll": OLD}
    Engine(Path(os.environ["DESKSIDE_DATA"]) / "changes").undo(str(told["change"]))
    assert files(disk) == {"dbcapi.dll": OLD}


def test_an_older_copy_is_never_lost(tmp_path: Path) -> None:
    disk = windows_disk(tmp_path, target=OLD, donor=DONOR)
    earlier = library(version=(9, 0, 0, 0))
    (disk / "Jts" / "DBCAPI_OLD.DLL").write_bytes(earlier)
    repair(disk, "--yes")
    assert sorted(files(disk).values()) == sorted([DONOR, OLD, earlier])


def test_a_disk_that_moves_on_is_not_touched(tmp_path: Path) -> None:
    disk = windows_disk(tmp_path, target=OLD, donor=DONOR)
    plan = plan_repair(Disk(disk), DBCAPI)
    (disk / "Jts" / "dbcapi.dll").write_bytes(FOREIGN)
    with pytest.raises(DesksideError) as refused:
        Engine(tmp_path / "data").apply(plan)
    assert refused.value.code == "plan-outdated"
