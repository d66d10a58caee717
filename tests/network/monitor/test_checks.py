"""A monitor that runs in the background and has fallen silent is noticed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deskside.foundation.background.launchd import agent
from deskside.foundation.background.model import SERVICES, Job
from deskside.foundation.background.service import present_person
from deskside.foundation.background.systemd import unit
from deskside.foundation.background.tasks import task
from deskside.foundation.registry import Situation, check
from deskside.foundation.registry import run as run_check
from deskside.network.monitor.checks import _as_installed
from deskside.network.monitor.history import History
from deskside.network.monitor.model import Run, Standing
from deskside.network.monitor.rules import is_overdue

from .conftest import START, SUCCESS

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Have the system say that the monitor runs, installed with these words a day ago."""

    def installed(*words: str, runs: bool = True) -> Path:
        tools = tmp_path / "tools"
        tools.mkdir()
        (tools / "systemctl").write_text(f"#!/bin/sh\nexit {0 if runs else 3}\n")
        (tools / "systemctl").chmod(0o755)
        monkeypatch.setenv("PATH", str(tools))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
        definition = unit(Job(SERVICES["monitor"], ("/bin/deskside",), words), present_person())
        file = Path(definition.file)
        file.parent.mkdir(parents=True)
        file.write_bytes(definition.content)
        long_ago = (datetime.now(UTC) - timedelta(days=1)).timestamp()
        os.utime(file, (long_ago, long_ago))
        return file

    return installed


def ran(file: Path, ago: timedelta) -> None:
    with History.open(file) as history:
        started = datetime.now(UTC) - ago
        made = Run(started=started, seconds=1.0, outcome=SUCCESS, measures=())
        history.record(made, Standing(), None, [])


def found() -> list[tuple[str, str]]:
    told = run_check(check("network.monitor"), Situation())
    return [(one.code, one.status.value) for one in told]


def test_a_history_that_grows_and_one_that_does_not(install: Install, tmp_path: Path) -> None:
    file = tmp_path / "h %1.sqlite3"
    install("--history", str(file), "--interval", "600")
    assert found() == [("monitor-silent", "warning")], "a day without any history"
    ran(file, timedelta(hours=2))
    assert found() == [("monitor-silent", "warning")]
    ran(file, timedelta(minutes=20))
    assert found() == [("monitor-records", "ok")]


def test_a_damaged_history_is_silent_and_says_so(install: Install, tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite3"
    install("--history", str(file))
    file.write_bytes(b"something else, and not short" * 100)
    (told,) = run_check(check("network.monitor"), Situation())
    assert told.code == "monitor-silent"
    assert str(file) in json.dumps(told.evidence["problem"])


def test_one_just_installed_has_time(install: Install, tmp_path: Path) -> None:
    file = install("--history", str(tmp_path / "none.sqlite3"))
    os.utime(file)
    assert found() == [("monitor-records", "ok")]


def test_what_is_stopped_or_not_installed_is_no_concern(install: Install) -> None:
    assert not check("network.monitor").applies(Situation())
    install(runs=False)
    assert not check("network.monitor").applies(Situation())


@pytest.mark.parametrize("system", [unit, agent, task])
def test_what_the_installed_command_names(system: Callable[..., object]) -> None:
    path = "/data/a & b/100%.sqlite3"
    job = Job(SERVICES["monitor"], ("/bin/deskside",), ("--history", path, "--interval", "900"))
    content = system(job, present_person()).content  # type: ignore[attr-defined]
    assert _as_installed(content) == {"monitor.history": path, "monitor.interval": "900 s"}
    bare = system(Job(SERVICES["monitor"], ("/bin/deskside",)), present_person())
    assert _as_installed(bare.content) == {  # type: ignore[attr-defined]
        "monitor.history": None,
        "monitor.interval": None,
    }


def test_when_a_monitor_is_overdue() -> None:
    interval = timedelta(minutes=5)
    assert not is_overdue(START, START + timedelta(minutes=18), interval)
    assert is_overdue(START, START + timedelta(minutes=19), interval)
