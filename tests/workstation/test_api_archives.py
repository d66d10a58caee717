"""Hostile archives are refused with nothing written; good ones of the same shape are unpacked."""

from __future__ import annotations

import random
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.workstation.api_components.hostile import WORDS, HostileArchive, Rule
from deskside.workstation.api_components.unpacking import unpack, write

from . import archives
from .archives import Member, archive, good, rezipped, with_


def unpacked(content: bytes, folder: Path) -> dict[str, bytes]:
    file = folder / "package.zip"
    file.write_bytes(content)
    return dict(unpack(file).files)


@pytest.mark.parametrize("kind", archives.KINDS)
def test_hostile_archive_is_refused(kind: str, tmp_path: Path) -> None:
    rule, make = archives.KINDS[kind]
    with pytest.raises(HostileArchive) as refused:
        unpacked(make(), tmp_path)
    assert refused.value.rule == rule
    assert refused.value.code == "archive-refused"
    assert rule in refused.value.message
    assert refused.value.message.isprintable()
    assert [path.name for path in tmp_path.iterdir()] == ["package.zip"]


def test_every_rule_is_tried_and_has_its_words() -> None:
    tried = {rule for rule, _make in archives.KINDS.values()} | {"too-large"}
    assert tried == {rule.value for rule in Rule} == {rule.value for rule in WORDS}


def test_too_large_in_all_is_refused(tmp_path: Path) -> None:
    block = random.Random(1).randbytes(1000) * 64
    squeezed = archives.deflated(block)
    members = [Member(f"IBJts/{n}", block, raw=squeezed) for n in range(4300)]
    with pytest.raises(HostileArchive) as refused:
        unpacked(archive(members), tmp_path)
    assert refused.value.rule is Rule.TOO_LARGE


def test_the_error_names_the_entry(tmp_path: Path) -> None:
    with pytest.raises(HostileArchive) as refused:
        unpacked(with_(Member("IBJts/../../evil.txt")), tmp_path)
    assert refused.value.entry == "IBJts/../../evil.txt"
    assert "IBJts/../../evil.txt" in refused.value.message


# Good archives of the same shape.


GOOD: dict[str, bytes] = {
    "plain": with_(),
    "folders named": with_(Member("IBJts/source/empty/", b"", mode=0o40755, method=0)),
    "stored": with_(Member("IBJts/source/x", b"as it is", method=0)),
    "empty file": with_(Member("IBJts/source/x", b"", method=0)),
    "written as a stream": with_(
        Member("IBJts/x", b"abc", flags=8, descriptor=archives.stream_of(b"abc"))
    ),
    "stream without signature": with_(
        Member("IBJts/x", b"abc", flags=8, descriptor=archives.stream_of(b"abc", signature=False))
    ),
    "no modes": archive([Member(m.name, m.content, mode=0) for m in good()]),
    "executable": with_(Member("IBJts/run.sh", b"#!/bin/sh\n", mode=0o100755)),
    "Unicode": with_(Member("IBJts/d\u00e9j\u00e0 vu.txt")),
    "dots in names": with_(Member("IBJts/..x/.hidden"), Member("IBJts/a..b")),
    "looks like a device": with_(Member("IBJts/console.txt"), Member("IBJts/nullable.py")),
    "jar within": with_(Member("IBJts/samples/ApiDemo.jar", archive(good()))),
    "jar in a jar": with_(
        Member("IBJts/a.jar", archive([Member("b.jar", archive(good()), method=0)]), method=0)
    ),
    "looks like an archive": with_(Member("IBJts/x.zip", b"PK\3\4 not really")),
    "blanks": with_(Member("IBJts/blanks.txt", b" " * 60_000)),
    "compresses well": with_(Member("IBJts/x", random.Random(2).randbytes(3000) * 33)),
    "as deep as it may be": with_(Member("IBJts/" + "d/" * 22 + "x")),
    "five thousand": with_(*(Member(f"IBJts/source/{n}", b"") for n in range(5000))),
}  # fmt: skip


@pytest.mark.parametrize("shape", GOOD)
def test_good_archive_is_unpacked(shape: str, tmp_path: Path) -> None:
    files = unpacked(GOOD[shape], tmp_path)
    target = tmp_path / "out"
    write(unpack(tmp_path / "package.zip"), target)
    with zipfile.ZipFile(tmp_path / "package.zip") as reference:
        names = [i.filename for i in reference.infolist() if not i.is_dir()]
        assert files == {name: reference.read(name) for name in names}
    assert {
        str(p.relative_to(target)): p.read_bytes() for p in target.rglob("*") if p.is_file()
    } == files


def test_archive_of_a_real_tool_is_unpacked(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for member in good():
        path = tree / str(member.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(member.content)
    subprocess.run(["zip", "-qr", "../p.zip", "."], cwd=tree, check=True)
    files = unpack(tmp_path / "p.zip").files
    assert set(files.values()) == {member.content for member in good()}


# By property.


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
PLAIN = st.from_regex(r"[a-z][a-z0-9]{0,6}(/[a-z][a-z0-9]{0,6}){0,3}", fullmatch=True)


def inside(folder: Path, name: str) -> bool:
    return folder in (folder / name).resolve().parents


@given(name=NAMES)
def test_whatever_the_name_nothing_leaves_the_folder(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("names")
    try:
        files = unpacked(archive([Member(name, b"x")]), folder)
    except HostileArchive:
        return
    target = folder / "out"
    write(unpack(folder / "package.zip"), target)
    assert all(inside(target, found) for found in files)
    assert {p.name for p in folder.iterdir()} == {"package.zip", "out"}


@given(files=st.dictionaries(PLAIN, st.binary(max_size=300), max_size=12))
def test_what_is_unpacked_is_what_was_packed(
    files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    parents = {"/".join(n.split("/")[:i]) for n in files for i in range(1, n.count("/") + 1)}
    content = rezipped(files)
    folder = tmp_path_factory.mktemp("files")
    if parents & set(files):
        with pytest.raises(HostileArchive):
            unpacked(content, folder)
    else:
        assert unpacked(content, folder) == files


@given(data=st.data())
def test_an_archive_damaged_anywhere_is_refused_or_means_the_same(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No reader may see anything else in it than the standard library's does."""
    whole = bytearray(with_(Member("IBJts/s", b"abc", flags=8,
                                   descriptor=archives.stream_of(b"abc"))))  # fmt: skip
    for _turn in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("damaged")
    try:
        files = unpacked(bytes(whole), folder)
    except HostileArchive:
        return
    with zipfile.ZipFile(folder / "package.zip") as reference:
        assert {i.filename: reference.read(i) for i in reference.infolist()} == files


@pytest.mark.parametrize(("needs", "refused"), [(20, False), (63, False), (64, True), (255, True)])
def test_an_entry_of_a_later_format_is_refused(needs: int, refused: bool, tmp_path: Path) -> None:
    whole = bytearray(with_(Member("IBJts/s", b"abc")))
    at = 0
    while (at := whole.find(b"PK\1\2", at + 1)) >= 0:
        whole[at + 6] = needs
    if refused:
        with pytest.raises(HostileArchive, match="unknown-method"):
            unpacked(bytes(whole), tmp_path)
    else:
        assert unpacked(bytes(whole), tmp_path)


@given(content=st.binary(max_size=400), beginning=st.sampled_from([b"", b"PK\3\4", b"PK\5\6"]))
def test_noise_is_refused(
    content: bytes, beginning: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(HostileArchive):
        unpacked(beginning + content, tmp_path_factory.mktemp("noise"))
