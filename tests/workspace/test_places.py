"""Finding settings on a computer."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskside.foundation.errors import NotFound
from deskside.workspace.model import Workspace
from deskside.workspace.places import finding

from .conftest import USER, document


def test_a_root_and_a_user_folder_lead_to_the_same(root: Path, live: Path) -> None:
    for place in (root, root / USER):
        (found,) = finding.discover(place)
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
    found = finding.discover(root)
    assert [w.file.name for w in found] == ["TWS.XML", "ibg.xml", "ibg.xml"]
    assert found[2].user == "abcd"


def test_links_to_folders_are_not_followed(root: Path, tmp_path: Path) -> None:
    (root / "loop").symlink_to(root)
    assert len(finding.discover(root)) == 1


def test_no_root(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as missing:
        finding.discover(tmp_path / "nowhere")
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
    meant = finding.to_be(folder)
    assert meant == (Workspace(folder / file) if file else None)
    assert finding.to_be(folder / "gone") is None
