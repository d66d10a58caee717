"""The command line, as a person, a script or a service manager meets it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deskside.cli import deskside
from deskside.foundation.errors import DesksideError
from deskside.network.monitor.history import History
from tests.network.conftest import closed_port

from .conftest import FAILURE, SUCCESS, keep, measure, run


@pytest.fixture
def blocked(tmp_path: Path) -> str:
    file = tmp_path / "blocked.toml"
    file.write_text(
        f'[[host]]\nid = "a"\nhost = "127.0.0.1"\nports = [{closed_port()}]\nresponder = true\n'
    )
    return str(file)


def call(*arguments: str, **env: str) -> Result:
    return CliRunner(env=env).invoke(deskside, ["network", *arguments])


def document(*arguments: str, **env: str) -> Any:
    result = call(*arguments, "--json", **env)
    return json.loads(result.stdout)


def code(*arguments: str, **env: str) -> str:
    error = call(*arguments, **env).exception
    assert isinstance(error, DesksideError), error
    return error.code


def test_once_against_a_far_end_that_answers(lab: str) -> None:
    done = call("monitor", "--once", "--catalogue", lab)
    assert done.exit_code == 0, done.output
    assert "Success: 2 of 2 hosts reached" in done.stdout
    seen = document("history")
    assert seen["runs"] == {"success": 1}
    assert seen["last_run"]["state"] == "success"
    assert [one["reached"] for one in seen["hosts"]] == [1, 1]
    assert all(one["latency"]["median"] < 1000 for one in seen["hosts"])
    assert len(seen["periods"]) == 48
    assert sum(bool(period["runs"]) for period in seen["periods"]) == 1


def test_what_is_confirmed_is_shown(blocked: str) -> None:
    first = document("monitor", "--once", "--catalogue", blocked)
    assert (first["event"], first["state"], first["change"]) == ("run", "failure", None)
    assert call("monitor", "--once", "--catalogue", blocked).exit_code == 1
    shown = call("history").stdout
    assert shown.startswith("Failure (port-reset) since ")
    assert "127.0.0.1 (a)" in shown
    assert document("history")["changes"][0]["root_cause"] == "port-reset"


def test_periods_of_one_row(tmp_path: Path, lab: str) -> None:
    file = str(tmp_path / "own.sqlite3")
    assert call("monitor", "--once", "--catalogue", lab, "--history", file).exit_code == 0
    one = document("history", "--history", file)["hosts"][0]["id"]
    seen = document("history", "--history", file, "--host", one, "--span", "month")
    assert len(seen["periods"]) == 60
    assert code("history", "--history", file, "--host", "nonsense") == "unknown-host"


def test_without_a_history_it_is_said_how_to_begin() -> None:
    error = call("history").exception
    assert isinstance(error, DesksideError)
    assert (error.code, error.exit_code) == ("monitor-history-missing", 3)
    assert "deskside network monitor" in error.hint


def test_what_it_cannot_test_is_refused(lab: str, tmp_path: Path) -> None:
    assert code("monitor", "--catalogue", lab, "--only", "nonsense") == "unknown-host"
    assert code("monitor", "--catalogue", str(tmp_path / "none.toml")) == "catalogue-not-found"
    gone = f"http://127.0.0.1:{closed_port()}/catalogue"
    assert code("monitor", "--once", "--catalogue", gone) == "catalogue-unreachable"


@pytest.mark.parametrize("seconds", ["59", "0", "-5"])
def test_an_interval_that_is_too_short_is_refused(seconds: str) -> None:
    error = call("monitor", "--interval", seconds).exception
    assert isinstance(error, DesksideError)
    assert (error.code, error.exit_code) == ("monitor-interval", 2)
    assert "60 seconds or more" in error.message


def test_neither_may_a_setting_shorten_it() -> None:
    assert code("monitor", "--once", DESKSIDE_MONITOR_INTERVAL="30 s") == "config-wrong-value"


def test_a_service_with_a_wrong_interval_is_not_installed(tmp_path: Path) -> None:
    command = ["service", "install", "monitor", "--dry-run", "--", "--interval", "30"]
    error = CliRunner(env={"HOME": str(tmp_path)}).invoke(deskside, command).exception
    assert isinstance(error, DesksideError)
    assert error.code == "monitor-interval"


def test_a_history_that_is_no_good_is_refused(tmp_path: Path, lab: str) -> None:
    file = tmp_path / "diary.txt"
    file.write_text("Dear diary, " * 100)
    arguments = ["monitor", "--once", "--catalogue", lab, "--history", str(file)]
    assert code(*arguments) == "monitor-history-damaged"
    assert file.read_text() == "Dear diary, " * 100


def test_it_runs_alone_until_it_is_told_to_stop(lab: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deskside", "network", "monitor", "--catalogue", lab]
    command += ["--history", str(tmp_path / "h.sqlite3"), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as running:
        assert running.stdout
        assert json.loads(running.stdout.readline())["state"] == "success"
        history = ["--history", str(tmp_path / "h.sqlite3")]
        assert code("monitor", "--once", "--catalogue", lab, *history) == "monitor-running"
        assert document("history", *history)["runs"] == {"success": 1}
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    assert code("history", "--history", str(tmp_path / "none")) == "monitor-history-missing"


def test_changes_are_listed_with_what_was_before(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from deskside.network.monitor.model import Change, Standing

    file = tmp_path / "monitor.sqlite3"
    now = datetime.now(UTC)
    with History.open(file) as history:
        keep(history, run(0, SUCCESS))
        failed = run(0, FAILURE, measure(reached=False, code="port-dropped", lost=2))
        at = type(failed)(started=now, seconds=1.0, outcome=FAILURE, measures=failed.measures)
        change = Change(at=now, now=FAILURE, previous=SUCCESS)
        history.record(at, Standing(FAILURE, now), change, [])
    shown = call("history", "--history", str(file)).stdout
    assert "Failure (port-dropped)  Success" in shown
    assert "100.0 %" in shown
