"""What C++ and Java programs are told that they still need."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from deskside.foundation.findings import Finding, Status
from deskside.workstation.api_components import advice

HEADER = b"""
#include "google/protobuf/runtime_version.h"
#if PROTOBUF_VERSION != 5029003
#error "Protobuf C++ gencode is built with an incompatible version of"
#endif
"""


@pytest.fixture
def components(tmp_path: Path) -> Path:
    """A folder of components in the vendor's layout, names in the case of some releases."""
    client = tmp_path / "IBJts" / "source" / "CppClient" / "client" / "protobufUnix"
    client.mkdir(parents=True)
    (client / "Contract.pb.h").write_bytes(HEADER)
    (tmp_path / "IBJts" / "source" / "JavaClient").mkdir()
    (tmp_path / "IBJts" / "source" / "proto").mkdir()
    return tmp_path / "IBJts"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def protoc(folder: Path, says: str) -> None:
    script = folder / "protoc"
    script.write_text(f"#!/bin/sh\necho '{says}'\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


def found(components: Path, *variants: str) -> dict[str, Finding]:
    libraries = {name: Path(f"/usr/lib/libbidgcc{name}.a") for name in variants}
    return {one.code: one for one in advice.look(components, libraries)}


@pytest.mark.parametrize("variant", ["000", "000b", "001", "001b", ""])
def test_a_variant_that_fits(components: Path, variant: str) -> None:
    told = found(components, "010", "100", variant)
    assert told["decimal-library-ok"].subject == f"/usr/lib/libbidgcc{variant}.a"
    assert "decimal-library-missing" not in told


@pytest.mark.parametrize("variants", [(), ("010",), ("100", "101", "110", "111", "011")])
def test_the_missing_variant_is_named_and_how_to_get_it(
    components: Path, variants: tuple[str, ...]
) -> None:
    missing = found(components, *variants)["decimal-library-missing"]
    assert "000" in missing.title
    assert "libintelrdfpmath-dev" in missing.remedy
    assert missing.evidence["here"] == sorted(variants)
    assert missing.status is Status.NOTICE


def test_a_protoc_that_fits(components: Path, program: Path) -> None:
    protoc(program, "libprotoc 5.29.3")
    assert found(components)["protoc-ok"].evidence == {"version": "5.29.3"}


@pytest.mark.parametrize("says", ["libprotoc 3.21.12", "", "no version"])
def test_another_protoc_is_told_apart(components: Path, program: Path, says: str) -> None:
    protoc(program, says)
    differs = found(components)["protoc-differs"]
    assert differs.evidence["needs"] == "5.29.3"
    assert "protobuf-compiler" in differs.remedy
    assert str(components / "source" / "proto") in differs.remedy


def test_no_protoc_at_all(components: Path, program: Path) -> None:
    assert found(components)["protoc-differs"].evidence["here"] is None


def test_where_the_java_sources_are(components: Path) -> None:
    assert found(components)["java-sources"].subject == str(components / "source" / "JavaClient")


def test_components_without_these_clients_need_nothing(tmp_path: Path) -> None:
    (tmp_path / "source" / "pythonclient").mkdir(parents=True)
    assert found(tmp_path) == {}
