"""`deskside config`, `completion`, `admin audit` and `admin keys` as a person runs them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from deskside.cli import deskside
from deskside.foundation.audit.service import Audit, Sealer
from deskside.foundation.audit.store import audit_event
from deskside.foundation.clock import SystemClock
from deskside.foundation.database import Database
from deskside.foundation.errors import DesksideError, NotFound, Refused
from deskside.foundation.keyring import Keyring

LEAST = """
import sys
from deskside.foundation import commands
heavy = {"sqlalchemy", "cryptography", "litestar", "ssl", "alembic", "tomllib"} & set(sys.modules)
sys.exit(", ".join(heavy) or 0)
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(deskside, arguments, catch_exceptions=False)


def refusal(*arguments: str) -> DesksideError:
    with pytest.raises(DesksideError) as caught:
        run(*arguments)
    return caught.value


@pytest.fixture
def portal(tmp_path: Path, sqlite_database: Database) -> Path:
    """The data folder of a portal that has been running, with three sealed rows."""
    folder = tmp_path / "portal"
    folder.mkdir()
    assert sqlite_database.file
    shutil.copy(sqlite_database.file, folder / "deskside.sqlite3")
    database = Database.open(folder / "deskside.sqlite3")
    clock = SystemClock()
    for number in range(3):
        with database.write() as connection:
            detail = {"number": number}
            Audit(clock).record(
                connection, "login.succeeded", actor="a2", subject=None, detail=detail
            )
    Sealer(database, Keyring.open(database, folder / "keys"), folder, clock).seal_now()
    database.close()
    return folder


def test_audit_list(portal: Path) -> None:
    result = run("admin", "audit", "list", "--data", str(portal), "--json")
    events = json.loads(result.stdout)["events"]
    assert [event["position"] for event in events] == [3, 2, 1]
    assert events[0]["event"] == "login.succeeded"
    assert events[0]["detail"] == {"number": 2}
    text = run("admin", "audit", "list", "--data", str(portal), "--limit", "1").stdout
    assert text.count("login.succeeded") == 1
    nothing = run("admin", "audit", "list", "--data", str(portal), "--event", "settings.")
    assert nothing.exit_code == 0
    assert "login" not in nothing.stdout


def test_audit_verify(portal: Path) -> None:
    result = run("admin", "audit", "verify", "--data", str(portal))
    assert result.exit_code == 0
    assert "whole" in result.stdout
    database = Database.open(portal / "deskside.sqlite3")
    with database.write() as connection:
        connection.execute(
            update(audit_event).values(actor="b3").where(audit_event.c.position == 2)
        )
    database.close()
    result = run("admin", "audit", "verify", "--data", str(portal), "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["verdict"] == "failure"
    assert document["findings"][0]["code"] == "audit-row-edited"
    assert "Row 2 was edited" in run("admin", "audit", "verify", "--data", str(portal)).stdout


def test_heads_kept_by_another_node(portal: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "other-node.jsonl"
    (portal / "audit-heads.jsonl").rename(elsewhere)
    database = Database.open(portal / "deskside.sqlite3")
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM audit_event")
        connection.exec_driver_sql("DELETE FROM audit_head")
    database.close()
    arguments = ["admin", "audit", "verify", "--data", str(portal)]
    assert run(*arguments).exit_code == 0
    assert "cut off" in run(*arguments, "--heads", str(elsewhere)).stdout


def test_keys_show_and_rotate(portal: Path) -> None:
    data = ["--data", str(portal)]
    shown = json.loads(run("admin", "keys", "show", *data, "--json").stdout)
    secret = (portal / "keys" / "kek.key").read_text().strip()
    told = run("admin", "keys", "show", *data).stdout
    assert secret not in told
    assert "Key-encryption key" in told
    assert not any(name in told for name in shown)
    looked = json.loads(run("admin", "keys", "rotate", *data, "--dry-run", "--json").stdout)
    assert looked == {"changed": False, "old": shown["key_encryption_key"], "new": None}
    assert isinstance(refusal("admin", "keys", "rotate", *data, "--json"), Refused)
    assert (portal / "keys" / "kek.key").read_text().strip() == secret
    done = json.loads(run("admin", "keys", "rotate", *data, "--yes", "--json").stdout)
    assert done["changed"]
    again = json.loads(run("admin", "keys", "show", *data, "--json").stdout)
    assert again["key_encryption_key"] == done["new"] != shown["key_encryption_key"]
    listed = json.loads(run("admin", "audit", "list", *data, "--json").stdout)["events"]
    assert listed[0]["event"] == "keys.rotated"
    assert listed[0]["detail"] == {"old": done["old"], "new": done["new"]}
    assert listed[0]["actor"] == "cli"


@pytest.mark.parametrize(
    "arguments", [("audit", "list"), ("audit", "verify"), ("keys", "show"), ("keys", "rotate")]
)
def test_where_no_portal_has_run_nothing_is_made(tmp_path: Path, arguments: tuple[str]) -> None:
    error = refusal("admin", *arguments, "--data", str(tmp_path / "nowhere"))
    assert isinstance(error, NotFound)
    assert error.code == "no-database"
    assert not (tmp_path / "nowhere").exists()


def test_over_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    place = ["--data", str(tmp_path), "--database", postgresql_url]
    assert json.loads(run("admin", "audit", "list", *place, "--json").stdout) == {"events": []}
    assert run("admin", "keys", "rotate", *place, "--yes").exit_code == 0
    assert run("admin", "audit", "verify", *place).exit_code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_command(shell: str) -> None:
    text = run("completion", shell).stdout
    assert "deskside" in text
    assert "_DESKSIDE_COMPLETE" in text
    assert json.loads(run("completion", shell, "--json").stdout)["script"].strip() == text.strip()


def test_completion_in_a_real_bash(tmp_path: Path) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(run("completion", "bash").stdout)
    folder = Path(sys.executable).parent
    program = f"""
        source {script}
        COMP_WORDS=(deskside con) COMP_CWORD=1
        _deskside_completion deskside con deskside
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
    )
    assert done.stdout.split() == ["config"]


def test_the_module_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAST], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0
