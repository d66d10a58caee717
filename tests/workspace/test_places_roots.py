"""The roots of settings on machines of all three systems, described rather than present."""

from __future__ import annotations

import json
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest
from click.testing import CliRunner

from deskside.workspace.commands import settings as group
from deskside.workspace.places.finding import discover_all
from deskside.workspace.places.launching import (
    named_by_arguments,
    named_by_command,
    named_by_log,
    named_by_options,
)
from deskside.workspace.places.machine import Machine, System
from deskside.workspace.places.roots import launcher_files, settings_roots, usual_places
from deskside.workspace.workstation import Workstation

from .conftest import document

LONG = "abcdefghijklmnop"[:8] * 5
ANNA = PureWindowsPath("C:/Users/Anna")
WINDOWS = Machine(
    System.WINDOWS, ANNA, (PureWindowsPath("C:/"), PureWindowsPath("D:/")), {"APPS": "E:\\Apps"}
)
MAC = Machine(System.MACOS, PurePosixPath("/Users/anna"), (PurePosixPath("/"),))
LINUX = Machine(System.LINUX, PurePosixPath("/home/anna"), (PurePosixPath("/"),))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def on(system: System, home: Path, **environment: str) -> Machine:
    """A machine of any system whose files are real."""
    return Machine(system, home, (home.parent / "c", home.parent / "d"), environment)


def settings(root: Path, user: str = LONG, file: str = "tws.xml") -> Path:
    folder = root / user
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(document())
    return folder / file


def test_usual_places() -> None:
    windows = [str(place) for place in usual_places(WINDOWS)]
    assert windows[:3] == ["C:\\Jts", "D:\\Jts", "C:\\Users\\Anna\\Jts"]
    assert usual_places(MAC)[0] == PurePosixPath("/Users/anna/Jts")
    assert PurePosixPath("/home/anna/Jts") in usual_places(LINUX)
    assert PurePosixPath("/home/anna/ibgateway") in usual_places(LINUX)


def test_launchers_are_looked_for_where_their_system_keeps_them() -> None:
    assert launcher_files(WINDOWS) == []
    assert (PurePosixPath("/Applications"), "*/*.vmoptions") in launcher_files(MAC)
    shortcuts = PurePosixPath("/home/anna/.local/share/applications")
    assert (shortcuts, "*.desktop") in launcher_files(LINUX)


@pytest.mark.parametrize(
    ("machine", "written", "meant"),
    [
        (WINDOWS, "D:\\My Jts", PureWindowsPath("D:/My Jts")),
        (WINDOWS, "%USERPROFILE%\\Jts", ANNA / "Jts"),
        (WINDOWS, "%APPS%\\Jts", PureWindowsPath("E:/Apps/Jts")),
        (WINDOWS, "%NOBODY%\\Jts", None),
        (WINDOWS, "Jts", None),
        (LINUX, "/root/Jts", PurePosixPath("/root/Jts")),
        (LINUX, '"~/Jts"', PurePosixPath("/home/anna/Jts")),
        (LINUX, "$HOME/Jts", PurePosixPath("/home/anna/Jts")),
        (MAC, "${user.home}/Jts", PurePosixPath("/Users/anna/Jts")),
        (LINUX, "${installer:jtsConfigDir}", None),
        (LINUX, "", None),
    ],
)
def test_folders_as_they_are_written(
    machine: Machine, written: str, meant: PurePath | None
) -> None:
    assert machine.folder(written) == meant


def test_arguments_name_a_folder_and_the_last_wins() -> None:
    assert named_by_arguments(["java", "-Xmx1g", "-DjtsConfigDir=/a b", "Main"]) == "/a b"
    assert named_by_arguments(["-J-DjtsConfigDir=/a", "-DjtsConfigDir=/b"]) == "/b"
    assert named_by_arguments(["-VjtsConfigDir=/c"]) == "/c"
    assert named_by_arguments(["--jtsConfigDir=/a"]) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("-Xmx768m\n-DjtsConfigDir=/data/my jts\n-XX:+UseG1GC\n", "/data/my jts"),
        ("-DjtsConfigDir=C:\\a\r\n-DjtsConfigDir=C:\\b\r\n", "C:\\b"),
        ("# -DjtsConfigDir=/no\n-Xmx768m\n", None),
        ("", None),
    ],
)
def test_options_files(text: str, named: str | None) -> None:
    assert named_by_options(text) == named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('Exec="/opt/tws" -J-DjtsConfigDir="/home/anna/my jts" %U', "/home/anna/my jts"),
        ("tws -J-DjtsConfigDir=/a -J-DjtsConfigDir=/b", "/b"),
        ("tws -J-DjtsConfigDir=/my\\ jts -J-Dx=1", "/my jts"),
        ("tws -J-DjtsConfigDir='$HOME/x'", "$HOME/x"),
        ("tws", None),
    ],
)
def test_commands(text: str, named: str | None) -> None:
    assert named_by_command(text) == named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("2026-11-01 Settings dir: /home/anna/Jts\n2026-11-02 Settings dir: /new\n", "/new"),
        ("12:00:01 jtsConfigDir=C:\\My Jts\r\n12:00:02 started\r\n", "C:\\My Jts"),
        ("command: java -DjtsConfigDir=/a install4j.jclient.LoginFrame", "/a"),
        ("Login: completed\n", None),
    ],
)
def test_the_launchers_log(text: str, named: str | None) -> None:
    assert named_by_log(text) == named


def test_windows_drives_and_profiles(home: Path) -> None:
    drive = home.parent / "c"
    trader = settings(drive / "Jts")
    gateway = settings(drive / "Jts" / "ibgateway" / "1045", "dgmgqticxk", "ibg.xml")
    other = settings(home / "Jts", "hhhhhhhhhh")
    found = discover_all(settings_roots(on(System.WINDOWS, home)))
    assert [w.file for w in found] == [trader, gateway, other]
    assert found[1].name == "IB Gateway 1045, user folder dgmgqticxk"


def test_an_application_on_a_mac_names_its_root(home: Path) -> None:
    application = home / "Applications" / "Trader Workstation 10.45"
    application.mkdir(parents=True)
    (application / "tws.vmoptions").write_text(f"-DjtsConfigDir={home}/Shared/Jts\n")
    file = settings(home / "Shared" / "Jts")
    assert [w.file for w in discover_all(settings_roots(on(System.MACOS, home)))] == [file]


def test_shortcuts_variables_and_the_programs_own_file_name_roots(home: Path) -> None:
    shortcuts = home / ".local/share/applications"
    shortcuts.mkdir(parents=True)
    (shortcuts / "tws.desktop").write_text('Exec=tws -J-DjtsConfigDir="$HOME/one"\n')
    (shortcuts / "broken.desktop").write_text("Exec=tws -J-DjtsConfigDir=${installer:x}\n")
    one, two, three = (settings(home / name) for name in ("one", "two", "three"))
    (home / "one" / "jts.ini").write_text(f"[Communication]\nSettingsDir={home}/two\n")
    (home / "two" / "jts.ini").write_text(f"[Communication]\nSettingsDir={home}/one\n")
    machine = on(System.LINUX, home, TWS_SETTINGS_PATH=str(home / "three"))
    assert [w.file for w in discover_all(settings_roots(machine))] == [three, one, two]


def test_a_root_that_is_reached_in_two_ways_counts_once(home: Path) -> None:
    file = settings(home / "Jts")
    (home / ".tws").symlink_to("Jts")
    (home / "Jts" / "launcher.log").write_text(f"Settings dir: {home}/Jts/\n")
    assert [w.file for w in discover_all(settings_roots(on(System.LINUX, home)))] == [file]


def test_what_cannot_be_looked_into_is_left_out(home: Path) -> None:
    (home / "Jts").write_text("a file")
    (home / ".tws").symlink_to(".tws")
    (home / "ibgateway" / "jts.ini").mkdir(parents=True)
    assert settings_roots(on(System.LINUX, home)) == [home / "ibgateway"]


def test_this_machine_with_several_roots(
    home: Path, here: Workstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(home))
    files = [settings(home / "Jts"), settings(home / "ibgateway", file="ibg.xml")]
    assert [w.file for w in here.workspaces()] == files
    here.save(here.workspaces()[0])
    files[0].unlink()
    assert {w.file for w in here.workspaces()} == set(files)
    with pytest.raises(Exception, match="several users") as several:
        here.choose()
    assert str(files[1].parent) in several.value.hint  # type: ignore[attr-defined]
    assert here.choose(user=str(files[1].parent)).file == files[1]


def test_the_list_of_several_roots(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home))
    settings(home / "Jts")
    settings(home / "ibgateway", "darykq", "ibg.xml")
    (home / "Jts" / "jts.ini").write_text(f"[Logon]\ntradingMode=l\n[settings]\n{LONG}=1\n")
    listed = json.loads(CliRunner().invoke(group, ["list", "--json"]).stdout)["workspaces"]
    assert [(w["program"], w["mode"]) for w in listed] == [
        ("Trader Workstation", "live"),
        ("IB Gateway", "demo"),
    ]
    shown = CliRunner().invoke(group, ["list"]).stdout
    assert "live" in shown
    assert str(home / "ibgateway") in shown
    one = json.loads(CliRunner().invoke(group, ["list", "--user", "live", "--json"]).stdout)
    assert len(one["workspaces"]) == 1
