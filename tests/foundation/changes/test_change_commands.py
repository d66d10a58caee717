"""`deskside changes` as a person and as a script see it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deskside.foundation.changes.commands import changes
from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.planning import plan
from deskside.foundation.errors import DesksideError, Refused

from .change_trees import plant, step


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DESKSIDE_DATA", str(tmp_path / "data"))
    return plant(tmp_path / "root", {"tws.xml": b"one"})


@pytest.fixture
def change_id(tmp_path: Path, root: Path) -> str:
    made = plan("workspace.restore", "Restore", root, [step("replace", "tws.xml", b"two")])
    return Engine(tmp_path / "data" / "changes").apply(made).id


def run(*arguments: str) -> Result:
    return CliRunner().invoke(changes, arguments, catch_exceptions=True)


def test_an_empty_journal(root: Path) -> None:
    assert json.loads(run("list", "--json").stdout) == {"changes": []}
    assert "Nothing has been changed yet" in run("list").stdout
    assert json.loads(run("recover", "--json").stdout) == {"recovered": []}


def test_list_and_show(root: Path, change_id: str) -> None:
    (listed,) = json.loads(run("list", "--json").stdout)["changes"]
    assert listed["id"] == change_id
    assert listed["state"] == "applied"
    assert listed["paths"] == ["tws.xml"]
    shown = json.loads(run("show", change_id, "--json").stdout)
    assert shown["transitions"][0]["path"] == "tws.xml"
    assert change_id in run("list").stdout
    assert "tws.xml" in run("show", change_id).stdout


def test_undo_shows_first_and_asks(root: Path, change_id: str) -> None:
    looked = json.loads(run("undo", change_id, "--dry-run", "--json").stdout)
    assert looked["plan"]["steps"][0]["verb"] == "replace"
    assert (root / "tws.xml").read_bytes() == b"two"
    asked = run("undo", change_id)
    assert isinstance(asked.exception, Refused)
    assert asked.exception.code == "not-confirmed"
    assert "tws.xml" in asked.stderr
    assert (root / "tws.xml").read_bytes() == b"two"
    undone = run("undo", change_id, "--yes", "--json")
    assert json.loads(undone.stdout)["state"] == "undone"
    assert (root / "tws.xml").read_bytes() == b"one"


def test_an_unknown_change(root: Path) -> None:
    error = run("undo", "nosuchid").exception
    assert isinstance(error, DesksideError)
    assert error.code == "no-such-change"
