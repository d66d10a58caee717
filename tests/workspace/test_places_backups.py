"""Backups found by what they hold, and brought into the history."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from deskside.workspace.commands import settings
from deskside.workspace.importing import bring_in
from deskside.workspace.model import Kind, Workspace
from deskside.workspace.places.backups import Backup, found_backups
from deskside.workspace.rules import Version
from deskside.workspace.workstation import Workstation

from .conftest import SAMPLE, USER, document

LONG = "abcdefghijklmnop"[:8] * 5
SEALED = b"IBGZENC\0 sealed"


def put(file: Path, content: bytes, day: int = 1) -> Path:
    """A file of a certain day of November 2026."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    at = 1_793_500_000 + day * 86_400
    os.utime(file, (at, at))
    return file


def files(found: list[Backup]) -> list[Path]:
    return [backup.file for backup in found]


def test_backups_are_found_by_content_whatever_their_names(
    workspace: Workspace, live: Path
) -> None:
    own = live.parent
    expected = [
        put(own / "ibg.20261105.xml", document("5"), 5),
        put(own / "old" / "deeper" / "copy of settings", document("4"), 4),
        put(own / "backup.bin", SEALED, 3),
        put(own / "windows.xml", "\ufeff<Settings a='é'/>".encode("utf-16-le"), 2),
        put(own / "remark.xml", b"<?xml version='1.0'?>\n<!-- a --><!-- b -->\n<Settings/>", 1),
    ]
    put(own / "tws.xml", document("another program, live"))
    put(own / "tws.old.xml", document("another program"))
    put(own / "HotKeysSettings.json.ibgzenc", SEALED)
    put(own / "audit" / "ibgateway.20261101.ibgzenc", SEALED)
    put(own / "log.xml", b"<Log><Settings/></Log>")
    put(own / "cheat.xml", b"<SettingsOfSomethingElse/>")
    put(own / "evil.xml", b"<!---->" * 580)
    put(own / "empty.xml", b"")
    (own / "loop").symlink_to(own)
    (own / "link.xml").symlink_to("ibg.xml")
    os.mkfifo(own / "pipe.xml")
    found = found_backups(workspace)
    assert files(found) == expected
    assert [b.kind for b in found] == [Kind.XML, Kind.XML, Kind.OPAQUE, Kind.XML, Kind.XML]
    assert {b.same_user for b in found} == {True}
    assert found[0].modified == "2026-11-06T02:26:40.000+00:00"


def test_what_is_told_of_a_backup(workspace: Workspace, live: Path) -> None:
    put(live.with_name("ibg.old.xml"), SAMPLE.read_bytes())
    (backup,) = found_backups(workspace)
    assert backup.version == Version(978, 2)
    assert backup.size == SAMPLE.stat().st_size
    assert backup.as_json()["version"] == "978.2"
    assert not backup.problem


def test_a_damaged_backup_is_listed_with_its_damage(workspace: Workspace, live: Path) -> None:
    put(live.with_name("ibg.error.xml"), b"<Settings><half")
    (backup,) = found_backups(workspace)
    assert "damaged" in backup.problem
    assert backup.sha256 == ""


def test_an_external_drive(workspace: Workspace, tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    mine = put(drive / "Jts" / USER / "ibg.xml", document("mine"), 3)
    theirs = put(drive / "Jts" / LONG / "ibg.xml", document("theirs"), 2)
    nobody = put(drive / "exports" / "layout.xml", document("?"), 1)
    found = found_backups(workspace, [drive, nobody, tmp_path / "gone"])
    assert files(found) == [mine, theirs, nobody]
    assert [b.same_user for b in found] == [True, False, None]


def test_an_account_tells_whose_it_is(workspace: Workspace, live: Path, tmp_path: Path) -> None:
    content = document('<SystemSettings lastAccount="DU1234567"/>')
    live.write_bytes(content)
    put(tmp_path / "drive" / "x.xml", content + b"\n")
    (backup,) = found_backups(workspace, [tmp_path / "drive"])
    assert backup.same_user is True


def test_importing_once_and_what_is_live_stays_the_latest(
    here: Workstation, workspace: Workspace, live: Path, tmp_path: Path
) -> None:
    first = here.save(workspace, "mine").snapshot
    put(live.with_name("ibg.2.xml"), document("two"), 2)
    put(live.with_name("ibg.1.xml"), document("one"), 1)
    put(live.with_name("ibg.same.xml"), document("one"), 3)
    put(live.with_name("ibg.error.xml"), b"<Settings>")
    put(tmp_path / "drive" / LONG / "ibg.xml", document("theirs"))
    done = bring_in(here, workspace, found_backups(workspace, [tmp_path / "drive"]))
    assert [b.file.name for b, _snapshot in done.saved] == ["ibg.1.xml", "ibg.2.xml"]
    assert [b.file.name for b in done.known] == ["ibg.same.xml"]
    assert len(done.left_out) == 2
    snapshots = here.history.snapshots(workspace)
    assert len(snapshots) == 4
    assert snapshots[0].sha256 == first.sha256
    assert snapshots[2].origin == "ibg.1.xml"
    assert "ibg.1.xml" in snapshots[2].note
    assert "2026-11-02" in snapshots[2].note
    again = bring_in(here, workspace, found_backups(workspace))
    assert not again.saved
    assert here.history.snapshots(workspace) == snapshots


@pytest.mark.parametrize("saved", [True, False])
def test_importing_where_the_live_file_is_damaged(
    here: Workstation, workspace: Workspace, live: Path, saved: bool
) -> None:
    if saved:
        here.save(workspace)
    live.write_bytes(b"<Settings>")
    put(live.with_name("ibg.1.xml"), document("one"), 1)
    bring_in(here, workspace, found_backups(workspace))
    latest = here.history.content(here.history.snapshots(workspace)[0])
    assert latest == (SAMPLE.read_bytes() if saved else document("one"))


def test_at_the_command_line(root: Path, live: Path) -> None:
    put(live.with_name("ibg.1.xml"), document("one"), 1)
    listed = CliRunner().invoke(settings, ["backups", "--root", str(root), "--json"])
    assert [Path(b["file"]).name for b in json.loads(listed.stdout)["backups"]] == ["ibg.1.xml"]
    assert "same user" in CliRunner().invoke(settings, ["backups", "--root", str(root)]).stdout
    arguments = ["import", str(live.parent), "--root", str(root)]
    assert "1 copy imported." in CliRunner().invoke(settings, arguments).stdout
    again = json.loads(CliRunner().invoke(settings, [*arguments, "--json"]).stdout)
    assert [len(again[kind]) for kind in ("imported", "known", "left_out")] == [0, 1, 0]
    history = CliRunner().invoke(settings, ["history", "--root", str(root), "--json"]).stdout
    assert len(json.loads(history)["snapshots"]) == 2
