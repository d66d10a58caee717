"""What goes wrong when a portal is started, and what the person is told."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from deskside.foundation.keyring import Keyring
from tests.system.conftest import DESKSIDE, Portal, run_deskside, start_portal, stop_portal


def refused(result: subprocess.CompletedProcess[str], exit_code: int, *words: str) -> None:
    """A refusal says what happened and what to do, and shows no stack trace."""
    said = result.stdout + result.stderr
    assert result.returncode == exit_code, said
    assert "deskside: error:" in result.stderr
    assert "deskside: hint:" in result.stderr
    assert "Traceback" not in said
    for word in words:
        assert word in result.stderr


def serve(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_deskside("serve", "--data", str(data / "portal"), *arguments, data=data)


def test_port_in_use(portal: Portal, tmp_path: Path) -> None:
    port = portal.address.rsplit(":", 1)[1]
    refused(serve(tmp_path, "--listen", f"localhost:{port}"), 3, port, "--listen")


def test_second_portal_on_the_same_folder(portal: Portal, tmp_path: Path) -> None:
    arguments = ["serve", "--listen", "localhost:0", "--data", str(portal.folder)]
    refused(run_deskside(*arguments, data=tmp_path), 3, str(portal.folder), "--data")


def test_demonstration_never_leaves_the_computer(tmp_path: Path) -> None:
    refused(serve(tmp_path, "--demo", "--listen", "0.0.0.0:0"), 2)


def test_off_loopback_needs_address_and_tls(tmp_path: Path) -> None:
    refused(serve(tmp_path, "--listen", "0.0.0.0:0"), 2, "--url")
    refused(
        serve(tmp_path, "--listen", "0.0.0.0:0", "--url", "https://desk.example"), 2, "--tls-cert"
    )


@pytest.mark.parametrize("listen", ["", "localhost", "localhost:port", "localhost:99999", "a b:1"])
def test_malformed_listen(listen: str, tmp_path: Path) -> None:
    refused(serve(tmp_path, "--listen", listen), 2)


def test_unknown_database(tmp_path: Path) -> None:
    refused(serve(tmp_path, "--listen", "localhost:0", "--database", "mysql://x/y"), 2)


def test_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    arguments = ["serve", "--listen", "localhost:0", "--data", str(blocked / "portal")]
    result = run_deskside(*arguments, data=tmp_path)
    assert result.returncode == 3, result.stderr
    assert "Traceback" not in result.stderr
    assert "deskside: error:" in result.stderr


def test_database_of_another_key(tmp_path: Path) -> None:
    """A database without its key-encryption key says which key is missing."""
    first = start_portal(tmp_path / "portal", "--demo")
    stop_portal(first)
    for key in (tmp_path / "portal" / "keys").glob("*"):
        key.unlink()
    result = serve(tmp_path, "--listen", "localhost:0")
    refused(result, 3)
    assert re.search(r"key", result.stderr)
    assert Keyring.__name__ not in result.stderr


def test_errors_as_json_stand_alone(tmp_path: Path) -> None:
    result = serve(tmp_path, "--listen", "nonsense", "--json")
    assert result.returncode == 2
    document = json.loads(result.stdout)
    assert set(document) == {"error"}
    assert set(document["error"]) == {"code", "message", "hint", "article"}


def test_first_start_asks_nothing_and_says_how_to_go_on(tmp_path: Path) -> None:
    running = start_portal(tmp_path / "portal")
    try:
        assert "deskside admin first" in running.printed
    finally:
        stop_portal(running)
    modes = [path.stat().st_mode & 0o077 for path in (tmp_path / "portal").rglob("*")]
    assert modes
    assert not any(modes)


def test_stops_politely(tmp_path: Path) -> None:
    running = start_portal(tmp_path / "portal")
    stop_portal(running)
    assert running.process.returncode == 0
    assert not list((tmp_path / "portal").glob("*-wal")), "the database was not closed"
    again = start_portal(tmp_path / "portal")
    stop_portal(again)


def test_every_command_has_help() -> None:
    done = subprocess.run(
        [*DESKSIDE, "--help"], capture_output=True, text=True, env=dict(os.environ), check=True
    )
    assert "Exit codes" in done.stdout


def test_verbose_says_more(tmp_path: Path) -> None:
    arguments = ["whoami", "--json", "--verbose"]
    (tmp_path / "portal-session.json").write_text(
        '{"portal": "http://localhost:9", "token": "t", "user_name": "ann", "expires": ""}'
    )
    told = run_deskside(*arguments, data=tmp_path)
    assert told.returncode == 3
    assert json.loads(told.stdout)["error"]["code"] == "portal-unreachable"
    assert "deskside: detail: portal-unreachable:" in told.stderr
    assert run_deskside(*arguments[:2], data=tmp_path).stderr == ""
