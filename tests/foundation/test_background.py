"""What runs in the background: what each system is told, and what it does with that here."""

from __future__ import annotations

import json
import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from deskside.cli import deskside
from deskside.foundation.background.launchd import agent
from deskside.foundation.background.model import SERVICES, Job, Person
from deskside.foundation.background.service import definition_of
from deskside.foundation.background.systemd import unit
from deskside.foundation.background.tasks import task
from deskside.foundation.errors import DesksideError

WATCH = SERVICES["watch"]
LINUX = Person(
    "",
    1000,
    PurePosixPath("/home/anna"),
    PurePosixPath("/home/anna/.config"),
    PurePosixPath("/home/anna/.local/share/deskside"),
)
MAC = Person(
    "",
    501,
    PurePosixPath("/Users/anna"),
    PurePosixPath("/Users/anna/.config"),
    PurePosixPath("/Users/anna/Library/Application Support/deskside"),
)
WINDOWS = Person(
    "DESK\\anna",
    0,
    PureWindowsPath("C:/Users/anna"),
    PureWindowsPath("C:/Users/anna/.config"),
    PureWindowsPath("C:/Users/anna/AppData/Local/deskside"),
)
TRICKY = ("--root", 'C:\\My "Jts"\\', "100% $HOME", "a & b <c>", "")
PRINTABLE = st.text(st.characters(min_codepoint=32, codec="utf-8"), max_size=30)


def job(program: str, *arguments: str, **environment: str) -> Job:
    return Job(WATCH, (program,), arguments, environment)


# What each system is told.


def test_a_unit_of_systemd(tmp_path: Path) -> None:
    made = unit(job("/usr/bin/deskside", DESKSIDE_DATA="/my data"), LINUX)
    assert str(made.file) == "/home/anna/.config/systemd/user/deskside-watch.service"
    text = made.content.decode()
    assert 'ExecStart="/usr/bin/deskside" "settings" "watch"\n' in text
    assert 'Environment="DESKSIDE_DATA=/my data"\n' in text
    for hardened in ("NoNewPrivileges=yes", "SystemCallFilter=@system-service", "UMask=0077"):
        assert hardened in text
    assert made.activate[-1] == (
        *("systemctl", "--user", "enable", "--now"),
        "deskside-watch.service",
    )


@pytest.mark.parametrize("arguments", [(), TRICKY[1:]])
def test_systemd_itself_finds_no_fault_with_the_unit(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    made = unit(job(sys.executable, *arguments, DESKSIDE_DATA="/my %h data"), LINUX)
    file = tmp_path / made.file.name
    file.write_bytes(made.content)
    if shutil.which("systemd-analyze") is None:
        return  # nobody here knows better than the tests around this one
    told = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--recursive-errors=no", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert (told.returncode, told.stderr) == (0, "")


@given(st.lists(PRINTABLE.filter(lambda text: "\0" not in text), max_size=4))
def test_arguments_reach_systemd_literally(arguments: list[str]) -> None:
    """Read back by systemd's rules for words, specifiers and variables."""
    (line,) = [
        line
        for line in unit(job("/x", *arguments), LINUX).content.decode().split("\n")
        if line.startswith("ExecStart=")
    ]
    words, rest = [], line.removeprefix("ExecStart=")
    while rest:
        assert rest[0] == '"'
        end, word = 1, ""
        while rest[end] != '"':
            end += rest[end] == "\\"
            word += rest[end]
            end += 1
        words.append(word)
        rest = rest[end + 1 :].lstrip(" ")
    literal = [word.replace("%%", "%").replace("$$", "$") for word in words]
    assert literal == ["/x", "settings", "watch", *arguments]


def test_an_agent_of_launchd() -> None:
    made = agent(job("/opt/deskside", *TRICKY, DESKSIDE_DATA="/d"), MAC)
    assert str(made.file) == "/Users/anna/Library/LaunchAgents/org.deskside.watch.plist"
    told = plistlib.loads(made.content)
    assert told["Label"] == "org.deskside.watch"
    assert told["ProgramArguments"] == ["/opt/deskside", "settings", "watch", *TRICKY]
    assert told["EnvironmentVariables"] == {"DESKSIDE_DATA": "/d"}
    assert told["RunAtLoad"] is True
    assert told["KeepAlive"] == {"SuccessfulExit": False}
    assert made.activate == (("launchctl", "bootstrap", "gui/501", str(made.file)),)
    assert made.deactivate == (("launchctl", "bootout", "gui/501/org.deskside.watch"),)


def test_a_task_of_the_task_scheduler() -> None:
    made = task(job("C:\\Program Files\\deskside.exe", *TRICKY), WINDOWS)
    assert made.file.name == "deskside-watch.xml"
    tree = ET.fromstring(made.content)
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    told = {element.tag.removeprefix(space): element.text for element in tree.iter()}
    assert told["Command"] == "C:\\Program Files\\deskside.exe"
    assert told["Arguments"] == subprocess.list2cmdline(["settings", "watch", *TRICKY])
    assert told["UserId"] == "DESK\\anna"
    assert told["RunLevel"] == "LeastPrivilege"
    assert told["ExecutionTimeLimit"] == "PT0S"
    assert made.activate[0][:4] == ("schtasks", "/Create", "/TN", "Deskside\\watch")


# What happens here, with a real tool in the place of the system's own.


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return folder


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that programs are found in; empty."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def tool(tools: Path, code: int = 0, said: str = "") -> Path:
    """A `systemctl` that notes what it is told; `is-active` tells whether that was `enable`."""
    log = tools / "log"
    program = tools / "systemctl"
    program.write_text(
        f'#!/bin/sh\necho "$*" >> {log}\n'
        f'case "$*" in *is-active*) test -e {tools}/on; exit;; *enable*) : > {tools}/on;; esac\n'
        f"echo '{said}' >&2\nexit {code}\n"
    )
    program.chmod(0o755)
    return log


def run(*arguments: str) -> Result:
    return CliRunner().invoke(deskside, ["service", *arguments])


def data(*arguments: str, code: int = 0) -> Any:
    result = run(arguments[0], "--json", *arguments[1:])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def code(*arguments: str) -> str:
    error = run(*arguments).exception
    assert isinstance(error, DesksideError), error
    return error.code


def installed(home: Path) -> Path:
    return home / ".config/systemd/user/deskside-watch.service"


def test_install_list_remove(home: Path, tools: Path) -> None:
    log = tool(tools)
    made = data("install", "watch", "--yes")
    assert made["active"] is True
    assert made["file"] == str(installed(home))
    assert installed(home).read_bytes() == definition_of(WATCH).content
    listed = {one["service"]: (one["installed"], one["active"]) for one in data("list")["services"]}
    assert listed == {"watch": (True, True), "monitor": (False, False)}
    assert "runs" in run("list").stdout
    assert data("remove", "watch", "--yes")["active"] is True
    assert not installed(home).exists()
    unit_name = "deskside-watch.service"
    assert log.read_text().splitlines() == [
        f"--user is-active --quiet {unit_name}",
        "--user daemon-reload",
        f"--user enable --now {unit_name}",
        f"--user is-active --quiet {unit_name}",
        f"--user is-active --quiet {unit_name}",
        f"--user disable --now {unit_name}",
    ]


def test_a_change_of_options_is_a_new_start(home: Path, tools: Path) -> None:
    log = tool(tools)
    data("install", "watch", "--yes")
    log.unlink()
    data("install", "watch", "--yes", "--", "--root", "/data/my jts")
    assert '"watch" "--root" "/data/my jts"' in installed(home).read_text()
    assert [line.split()[1] for line in log.read_text().splitlines()] == [
        *("is-active", "disable", "daemon-reload", "enable")
    ]
    assert data("install", "watch", "--yes", "--", "--root", "/data/my jts")["change"] is None


def test_looking_changes_nothing(home: Path, tools: Path) -> None:
    tool(tools)
    looked = data("install", "watch", "--dry-run")
    assert looked["plan"]["steps"][0]["path"].endswith("systemd/user/deskside-watch.service")
    assert looked["commands"][-1][-1] == "deskside-watch.service"
    assert "systemctl --user enable --now" in run("install", "watch", "--dry-run").stdout
    assert code("install", "watch") == "not-confirmed"
    assert list(home.iterdir()) == []
    data("install", "watch", "--yes")
    assert "disable" in run("remove", "watch", "--dry-run").stdout
    assert installed(home).exists()


def test_the_file_can_be_taken_back(home: Path, tools: Path) -> None:
    tool(tools)
    change = data("install", "watch", "--yes")["change"]
    undone = CliRunner().invoke(deskside, ["changes", "undo", change, "--yes"])
    assert undone.exit_code == 0
    assert not installed(home).exists()


def test_without_the_systems_tool_the_commands_are_named(home: Path, tools: Path) -> None:
    told = run("install", "watch", "--yes")
    assert told.exit_code == 1
    assert "systemctl is not on this computer." in told.stdout
    assert "    systemctl --user enable --now deskside-watch.service" in told.stdout
    assert installed(home).exists()
    assert data("list")["services"][0]["active"] is False
    assert data("remove", "watch", "--yes", code=1)["commands"]
    assert not installed(home).exists()


def test_where_the_tool_refuses_its_words_are_shown(home: Path, tools: Path) -> None:
    tool(tools, code=1, said="Failed to connect to bus")
    made = data("install", "watch", "--yes", code=1)
    assert made["reason"] == "Failed to connect to bus"
    assert made["commands"][0] == ["systemctl", "--user", "daemon-reload"]


def test_what_is_wrong_is_said(home: Path, tools: Path) -> None:
    assert code("install", "nonsense", "--yes") == "no-such-service"
    assert code("remove", "watch", "--yes") == "service-not-installed"
    wrong = run("install", "watch", "--yes", "--", "--nonsense")
    assert wrong.exit_code != 0
    assert list(home.iterdir()) == []


def test_the_monitor_is_installed_like_the_watch(home: Path, tools: Path) -> None:
    tool(tools)
    made = data("install", "monitor", "--yes", "--", "--interval", "120")
    assert made["active"] is True
    file = home / ".config/systemd/user/deskside-monitor.service"
    assert '"network" "monitor" "--interval" "120"\n' in file.read_text()
    undone = CliRunner().invoke(deskside, ["changes", "undo", made["change"], "--yes"])
    assert undone.exit_code == 0
    assert not file.exists()


def test_each_system_is_told_of_the_monitor() -> None:
    monitor = Job(SERVICES["monitor"], ("/usr/bin/deskside",))
    words = ["/usr/bin/deskside", "network", "monitor"]
    assert (
        f"ExecStart={' '.join(map(json.dumps, words))}\n".encode() in unit(monitor, LINUX).content
    )
    assert plistlib.loads(agent(monitor, MAC).content)["ProgramArguments"] == words
    tree = ET.fromstring(task(monitor, WINDOWS).content)
    assert "network monitor" in {element.text for element in tree.iter()}


def test_what_names_folders_is_passed_on_and_secrets_are_not(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWS_SETTINGS_PATH", "/data/jts")
    monkeypatch.setenv("DESKSIDE_KEK", "secret")
    text = definition_of(WATCH).content.decode()
    assert 'Environment="TWS_SETTINGS_PATH=/data/jts"' in text
    assert f'Environment="DESKSIDE_DATA={os.environ["DESKSIDE_DATA"]}"' in text
    assert "secret" not in text
