"""Files are private, whole or not there at all."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deskside.foundation import paths


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_data_folder_is_named_by_the_environment_and_private(tmp_path: Path) -> None:
    assert paths.data_folder() == tmp_path / "data"
    assert mode(tmp_path / "data") == 0o700
    assert paths.portal_folder() == tmp_path / "data" / "portal"


def test_the_data_folder_is_the_platform_s_own_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DESKSIDE_DATA")
    monkeypatch.delenv("DESKSIDE_CONFIG")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setattr("sys.platform", "linux")
    assert paths.data_folder().name == "deskside"
    assert paths.config_file().name == "deskside.toml"


def test_a_file_is_replaced_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    path.chmod(0o666)
    paths.write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600
    assert [item.name for item in tmp_path.iterdir()] == ["x"]


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            paths.write_private(path, b"new")
        with pytest.raises(OSError, match="No space"):
            paths.create_private(tmp_path / "y", b"new")
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["x"]


def test_of_many_who_create_one_succeeds(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: paths.create_private(path, b"%d" % n), range(16)))
    assert made.count(True) == 1
    assert path.read_bytes() == b"%d" % made.index(True)
    assert mode(path) == 0o600


def test_appending_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "x"
    paths.append_private(path, b"one\n")
    paths.append_private(path, b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    assert mode(path) == 0o600
