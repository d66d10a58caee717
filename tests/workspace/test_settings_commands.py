"""`deskside settings` as a person and as a script see it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deskside.foundation.errors import DesksideError, Refused
from deskside.workspace.commands import settings

from .conftest import SAMPLE, USER, document


def run(*arguments: str) -> Result:
    return CliRunner().invoke(settings, arguments)


def data(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.exception
    return json.loads(result.stdout)


def code(*arguments: str) -> str:
    error = run(*arguments).exception
    assert isinstance(error, DesksideError), error
    return error.code


def test_save_change_save_history_restore(root: Path, live: Path) -> None:
    place = ["--root", str(root)]
    first = data("save", "--note", "calm", *place)
    assert first == {"snapshot": first["snapshot"], "changed": True}
    live.write_bytes(document())
    second = data("save", *place)
    assert data("save", *place) == second | {"changed": False}
    history = data("history", *place)["snapshots"]
    assert [s["id"] for s in history] == [second["snapshot"], first["snapshot"]]
    assert set(history[0]) == {"id", "created", "sha256", "size", "note", "pinned", "origin"}
    assert history[1]["note"] == "calm"
    restored = data("restore", first["snapshot"], "--yes", *place)
    assert live.read_bytes() == SAMPLE.read_bytes()
    assert restored["changed"] is True
    assert restored["saved"] == second["snapshot"]
    assert data("restore", first["snapshot"], "--yes", *place)["changed"] is False


def test_moments_and_sizes_are_written_for_people(root: Path) -> None:
    saved = data("save", "--root", str(root), "--note", "calm")["snapshot"]
    for shown in (run("history", "--root", str(root)).stdout, run("show", saved).stdout):
        assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", shown)
        assert f"{SAMPLE.stat().st_size:,} bytes" in shown


def test_what_the_history_holds_is_counted_in_words(root: Path, live: Path) -> None:
    place = ["--root", str(root)]
    hints = []
    for content in (document("1"), document("2")):
        live.write_bytes(content)
        run("save", *place)
        live.write_bytes(b"<Settings>")
        error = run("save", *place).exception
        assert isinstance(error, Refused)
        hints.append(error.hint)
    assert "The history holds a snapshot of it, of 20" in hints[0]
    assert "The history holds 2 snapshots of it, the latest of 20" in hints[1]


def test_a_file_of_one_s_own_goes_into_an_empty_user_folder(tmp_path: Path) -> None:
    folder = tmp_path / "Jts" / "dgmgqticxk"
    folder.mkdir(parents=True)
    place = ["--root", str(folder)]
    assert code("save", *place) == "settings-missing"
    assert data("restore", str(SAMPLE), "--yes", *place)["changed"] is True
    assert (folder / "tws.xml").read_bytes() == SAMPLE.read_bytes()
    (folder / "tws.xml").unlink()
    assert [w["exists"] for w in data("list", *place)["workspaces"]] == [False]


def test_what_the_history_remembers_is_meant_rather_than_a_guess(root: Path, live: Path) -> None:
    folder = live.parent.rename(root / "dgmgqticxk")
    saved = data("save", "--root", str(folder))["snapshot"]
    (folder / "ibg.xml").unlink()
    data("restore", saved, "--yes", "--root", str(folder))
    assert (folder / "ibg.xml").read_bytes() == SAMPLE.read_bytes()
    assert not (folder / "tws.xml").exists()


def test_a_snapshot_knows_its_own_place(root: Path, live: Path) -> None:
    first = data("save", "--root", str(root))["snapshot"]
    live.write_bytes(document())
    data("restore", first, "--yes")
    assert live.read_bytes() == SAMPLE.read_bytes()


def test_looking_first_changes_nothing(root: Path, live: Path) -> None:
    first = data("save", "--root", str(root))["snapshot"]
    live.write_bytes(document())
    looked = data("restore", first, "--dry-run")
    assert looked["changed"] is False
    assert looked["plan"]["steps"][0]["verb"] == "replace"
    shown = run("restore", first, "--dry-run").stdout
    assert "replace" in shown
    assert shown.endswith("\nNothing was changed.\n")
    assert code("restore", first) == "not-confirmed"
    assert live.read_bytes() == document()
    assert len(data("history", "--root", str(root))["snapshots"]) == 1


def test_restoring_a_file_of_the_person(root: Path, live: Path, tmp_path: Path) -> None:
    stick = tmp_path / "tws.xml"
    stick.write_bytes(document("stick"))
    data("restore", str(stick), "--yes", "--root", str(root))
    assert live.read_bytes() == document("stick")


def test_list_and_show(root: Path) -> None:
    (listed,) = data("list", "--root", str(root))["workspaces"]
    assert listed["user"] == USER
    assert listed["program"] == "IB Gateway"
    assert listed["latest"] is None
    saved = data("save", "--root", str(root))["snapshot"]
    shown = data("show", saved)
    assert shown["kind"] == "xml"
    assert shown["size"] == 225_057
    assert USER in run("list", "--root", str(root)).stdout
    assert saved in run("show", saved).stdout
    assert saved in run("history", "--root", str(root)).stdout


def test_export_writes_exact_bytes_and_overwrites_nothing(root: Path, tmp_path: Path) -> None:
    saved = data("save", "--root", str(root))["snapshot"]
    target = tmp_path / "copy.xml"
    data("export", saved, str(target))
    assert target.read_bytes() == SAMPLE.read_bytes()
    target.write_bytes(b"mine")
    assert code("export", saved, str(target)) == "file-exists"
    assert target.read_bytes() == b"mine"


def test_verify(root: Path, live: Path) -> None:
    data("save", "--root", str(root))
    good = data("verify", "--root", str(root))
    assert good["verdict"] == "success"
    codes = [f["code"] for f in good["findings"]]
    assert codes == ["settings-ok", "api-can-trade", "history-ok"]
    live.write_bytes(b"")
    result = run("verify", "--root", str(root), "--json")
    assert result.exit_code == 1
    (damaged, _history) = json.loads(result.stdout)["findings"]
    assert damaged["code"] == "settings-damaged"
    assert damaged["fixes"] == ["workspace.restore"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "settings-damaged"),
        (SAMPLE.read_bytes()[:1000], "settings-damaged"),
        (b"\x00\x01 nonsense", "settings-not-xml"),
        (b"<!DOCTYPE x><Settings/>", "settings-not-xml"),
    ],
)
def test_bad_files_are_refused_and_the_history_is_named(
    root: Path, live: Path, content: bytes, expected: str
) -> None:
    saved = data("save", "--root", str(root))["snapshot"]
    live.write_bytes(content)
    error = run("save", "--root", str(root)).exception
    assert isinstance(error, Refused)
    assert error.code == expected
    assert saved in error.hint
    assert live.read_bytes() == content
    assert len(data("history", "--root", str(root))["snapshots"]) == 1


def test_places_that_are_not_there(tmp_path: Path) -> None:
    assert code("save", "--root", str(tmp_path / "nowhere")) == "settings-no-root"
    assert code("restore", "nosuchid", "--yes") == "no-such-snapshot"
    assert code("show", "nosuchid") == "no-such-snapshot"


def test_push_without_a_session(root: Path) -> None:
    assert code("push", "--root", str(root)) == "not-logged-in"
    assert code("pull", "--root", str(root)) == "not-logged-in"


def test_save_loads_nothing_heavy(root: Path) -> None:
    """A save is a whole process in at most 150 ms: what would cost more must stay out."""
    script = f"""
import sys
from deskside.cli import main
sys.argv = ["deskside", "settings", "save", "--root", {str(root)!r}, "--json"]
try:
    main()
except SystemExit:
    pass
heavy = {{"sqlalchemy", "litestar", "httpx2", "cryptography.x509", "ssl", "jinja2", "filelock",
         "sqlite3", "asyncio", "xml.etree", "subprocess", "deskside.foundation.changes.engine"}}
print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=os.environ, check=True
    )
    assert json.loads(done.stdout)["changed"] is True
    assert done.stderr.strip() == "[]"
