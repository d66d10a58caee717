"""Which program holds a workspace: by rules, and with real processes whose commands imitate one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deskside.workspace.model import Workspace
from deskside.workspace.places.running import (
    Held,
    Holds,
    RunningProgram,
    Seen,
    holds,
    program_of,
    running,
    wait_until_closed,
)

from .conftest import USER

GATEWAY, TWS = "install4j.ibgateway.GWClient", "install4j.jclient.LoginFrame"
WAITING = "import sys; print('ready', flush=True); held = open({held!r}); sys.stdin.read()"


@contextmanager
def program(
    *arguments: str, name: str = "java", folder: Path, held: str = "/dev/null"
) -> Iterator[int]:
    """A real process that looks like the program; its number."""
    command = [name, "-c", WAITING.format(held=held), *arguments]
    process = subprocess.Popen(
        command,
        executable=sys.executable,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    try:
        yield process.pid
    finally:
        process.kill()
        process.communicate()


def found(workspace: Workspace) -> dict[int, RunningProgram]:
    return {program.pid: program for program in running(workspace)}


def test_nobody_holds_it(workspace: Workspace) -> None:
    assert running(workspace) == ()


@pytest.mark.parametrize("option", ["-DjtsConfigDir={root}", "-J-DjtsConfigDir={root}"])
def test_a_program_that_names_the_root(
    workspace: Workspace, root: Path, tmp_path: Path, option: str
) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    with program(option.format(root=root), GATEWAY, folder=tmp_path) as pid:
        (holding,) = running(workspace)
        assert (holding.pid, holding.name, holding.certain) == (pid, "IB Gateway", True)
        assert before < holding.since < datetime.now(UTC) + timedelta(seconds=5)
    assert running(workspace) == ()


def test_the_last_option_wins(workspace: Workspace, root: Path, tmp_path: Path) -> None:
    options = [f"-DjtsConfigDir={root}", f"-DjtsConfigDir={tmp_path}"]
    with program(*options, GATEWAY, folder=root) as pid:
        assert pid not in found(workspace)


def test_a_placeholder_names_nothing_and_the_folder_where_it_works_does(
    workspace: Workspace, root: Path
) -> None:
    (root / "jts.ini").touch()
    with program("-DjtsConfigDir=${installer:jtsConfigDir}", GATEWAY, folder=root) as pid:
        assert found(workspace)[pid].certain


def test_a_program_with_a_file_of_the_user_open(
    workspace: Workspace, live: Path, tmp_path: Path
) -> None:
    lock = live.with_name("nia2.lck")
    lock.touch()
    with program(GATEWAY, folder=tmp_path, held=str(lock)) as pid:
        assert found(workspace)[pid].certain


def test_a_folder_behind_the_main_class(workspace: Workspace, root: Path, tmp_path: Path) -> None:
    with program("-cp", "jts.jar", "ibgateway.GWClient", str(root), folder=tmp_path) as pid:
        assert found(workspace)[pid].certain


def test_the_other_program_in_the_same_root_is_only_likely(
    workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    with program(f"-DjtsConfigDir={root}", TWS, folder=tmp_path) as pid:
        assert found(workspace)[pid] == RunningProgram(
            "Trader Workstation", pid, found(workspace)[pid].since, certain=False
        )


def test_another_user_of_the_same_root_is_only_likely(
    workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    other = root / "dgmgqticxk"
    other.mkdir()
    (other / "nia2.lck").touch()
    option = f"-DjtsConfigDir={root}"
    with program(option, GATEWAY, folder=tmp_path, held=str(other / "nia2.lck")) as pid:
        assert not found(workspace)[pid].certain


def test_programs_that_are_none(workspace: Workspace, root: Path) -> None:
    with (
        program(f"-DjtsConfigDir={root}", "org.example.Main", folder=root) as java,
        program(f"-DjtsConfigDir={root}", GATEWAY, name="vim", folder=root) as editor,
    ):
        assert not {java, editor} & found(workspace).keys()


def test_a_program_that_has_ended_but_is_not_yet_reaped_holds_nothing(
    workspace: Workspace, root: Path
) -> None:
    process = subprocess.Popen(
        ["java", "-c", "", f"-DjtsConfigDir={root}", GATEWAY], executable=sys.executable
    )
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert process.pid not in found(workspace)
    process.wait()


def test_waiting_until_it_is_closed(workspace: Workspace, root: Path) -> None:
    told: list[list[int]] = []
    with program(f"-DjtsConfigDir={root}", GATEWAY, folder=root) as pid:

        def close_it(holding: tuple[RunningProgram, ...]) -> None:
            told.append([program.pid for program in holding])
            os.kill(pid, signal.SIGTERM)

        assert wait_until_closed(workspace, 20, close_it)
    assert told == [[pid]]


def test_waiting_in_vain(workspace: Workspace, root: Path) -> None:
    with program(f"-DjtsConfigDir={root}", GATEWAY, folder=root):
        assert not wait_until_closed(workspace, 0.05)


# Other systems, and other people's processes, by what would be seen of them.


def held(*, usual: bool = False, locked: bool = False) -> Held:
    root = Path("/jts")
    return Held(root, root / USER, "IB Gateway", usual=usual, locked=locked)


@pytest.mark.parametrize(
    ("names", "told", "expected"),
    [
        ({"ibgateway"}, held(), Holds.LIKELY),
        ({"tws"}, held(), Holds.LIKELY),
        ({"java"}, held(), Holds.NO),
        ({"java"}, held(locked=True), Holds.LIKELY),
        ({"sshd"}, held(locked=True, usual=True), Holds.NO),
    ],
)
def test_a_process_of_somebody_else(names: set[str], told: Held, expected: Holds) -> None:
    assert holds(Seen(frozenset(names), None), told) is expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [(held(), Holds.NO), (held(usual=True), Holds.LIKELY), (held(locked=True), Holds.LIKELY)],
)
def test_a_program_that_tells_nothing_of_its_root(told: Held, expected: Holds) -> None:
    assert holds(Seen(frozenset({"java"}), (GATEWAY,)), told) is expected


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("tws", (), "Trader Workstation"),
        ("ibgateway", ("-J-DjtsConfigDir=C:\\Jts",), "IB Gateway"),
        ("trader workstation", (), "Trader Workstation"),
        ("javaw", ("-cp", "x", "ibcalpha.ibc.IbcTws", "C:\\IBC\\config.ini"), "Trader Workstation"),
        ("java", ("ibcalpha.ibc.IbcGateway",), "IB Gateway"),
        ("java", ("-jar", "other.jar"), None),
    ],
)
def test_which_program_it_is(name: str, arguments: tuple[str, ...], expected: str | None) -> None:
    assert program_of(Seen(frozenset({name}), arguments)) == expected
