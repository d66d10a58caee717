"""Every command that an article names runs, in both languages, and none is left out.

It is run as it stands, on a computer that holds nothing, and must come to its end: fine, or a
problem found. What a person completes (ID, FILE, …), answers, or has made before, is in a table.
"""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deskside.cli import main
from deskside.foundation.database import Database, sqlite_url
from deskside.foundation.paths import data_folder, demo_folder, portal_folder
from deskside.knowledge import markdown, own
from deskside.knowledge.service import Library
from deskside.secure_login.card import file as device_file
from tests.secure_login.helpers import PIN, plain_card
from tests.workstation.api_packages import package

from .conftest import text
from .test_steps import SAMPLE, host_closed, library_old, lock_stale

PLACEHOLDER = re.compile(r"\b[A-Z]{2,}\b")
ON_A_PORTAL = ("deskside login", "deskside settings push", "deskside settings pull")
"""Run in `tests/system/test_article_commands.py`, where a portal is."""


class Terminal(io.StringIO):
    """Standard input of somebody who sits at a terminal and types these answers."""

    def isatty(self) -> bool:
        return True


class Computer:
    """A home of its own, and the command line in it."""

    def __init__(
        self, home: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.home, self._patch, self._capsys = home, patch, capsys
        patch.setenv("HOME", str(home))
        patch.chdir(home)

    def run(self, command: str, typed: io.StringIO | None = None) -> str:
        """Run `deskside …`; what it prints. Fine, or a problem found, and nothing else."""
        self._patch.setattr(sys, "argv", shlex.split(command))
        self._patch.setattr(sys, "stdin", typed or io.StringIO())
        with pytest.raises(SystemExit) as ended:
            main()
        told = self._capsys.readouterr()
        assert ended.value.code in (0, 1), (command, told)
        return told.out


Values = dict[str, str]


@dataclass(frozen=True)
class Completion:
    """What stands between the words of an article and a command that runs here.

    Attributes:
        prepare: makes what the command is about; the values of its placeholders.
        more: words that lead it there.
        typed: what the person types.
    """

    prepare: Callable[[Computer], Values] = field(default=lambda _computer: {})
    more: str = ""
    typed: io.StringIO | None = None


def saved(computer: Computer) -> Values:
    """Settings that were saved and have changed since, and a copy in a file."""
    live = computer.home / "Jts" / "darykq" / "ibg.xml"
    live.parent.mkdir(parents=True)
    live.write_bytes(SAMPLE.read_bytes())
    (computer.home / "copy.xml").write_bytes(SAMPLE.read_bytes())
    snapshot = json.loads(computer.run("deskside settings save --json"))["snapshot"]
    live.write_bytes(SAMPLE.read_bytes().replace(b'tipIndex="-1"', b'tipIndex="4"'))
    return {"ID": snapshot, "SNAPSHOT": snapshot, "NAME": "darykq"}


def export(computer: Computer) -> Values:
    return saved(computer) | {"FILE": "new.xml"}


def restore(computer: Computer) -> Values:
    return saved(computer) | {"FILE": "copy.xml"}


def changed(computer: Computer) -> Values:
    """A change that can be undone."""
    computer.run(f"deskside settings restore {saved(computer)['ID']} --yes")
    [change] = json.loads(computer.run("deskside changes list --json"))["changes"]
    return {"ID": change["id"]}


def downloaded(computer: Computer) -> Values:
    """The package lies where the person is."""
    file = package(computer.home)
    plan = json.loads(computer.run(f"deskside api install {file.name} --dry-run --json"))
    return {"HASH": plan["licence"]["sha256"]}


def installed(computer: Computer) -> Values:
    """Two versions, the newer one in use."""
    for version in ("10.50.02", "10.51.01"):
        install = f"deskside api install {package(computer.home, version).name}"
        licence = json.loads(computer.run(f"{install} --dry-run --json"))["licence"]["sha256"]
        computer.run(f"{install} --accept-licence {licence} --yes")
    return {"DIR": "wheels"}


def environment(computer: Computer) -> Values:
    """The first step of that section, without the pip that nothing here needs."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "venv"], check=True)
    return installed(computer)


def client(computer: Computer) -> Values:
    """The client is in the environment."""
    environment(computer)
    computer.run("deskside api python --venv ./venv --yes")
    return {}


def windows(computer: Computer) -> Values:
    """A disk of Windows with the library of an older eSignal."""
    return {"/mnt/windows": library_old(computer.home)["root"]}


def hosts(computer: Computer) -> Values:
    """A list of one host, which refuses."""
    host_closed(computer.home)
    return {}


def monitored(computer: Computer) -> Values:
    """One run of the monitor."""
    hosts(computer)
    computer.run("deskside network monitor --catalogue hosts.toml --once")
    return {}


def lock(computer: Computer) -> Values:
    lock_stale(computer.home)
    return {}


def card(_computer: Computer) -> Values:
    """The card of a demonstration desk."""
    demo_folder().mkdir(parents=True)
    path = demo_folder() / "card.json"
    device_file.write(path, plain_card().as_document())
    return {"CARD": str(path)}


def versions(computer: Computer) -> Values:
    """An article of the desk's own in two versions, both of which were shown."""
    path = data_folder() / "articles" / "9101" / "en.md"
    path.parent.mkdir(parents=True)
    for title in ("First", "The second"):
        path.write_text(text("9101", title=title))
        computer.run("deskside kb show 9101")
    return {}


def desk(_computer: Computer) -> Values:
    """A portal was set up here."""
    portal_folder().mkdir(parents=True)
    database = Database.open(sqlite_url(portal_folder() / "deskside.sqlite3"))
    database.migrate()
    database.close()
    return {}


INSTALL = "deskside api install twsapi_macunix.1051.01.zip"
COMPLETED = {
    INSTALL: Completion(downloaded, typed=Terminal("y\ny\n")),
    f"{INSTALL} --dry-run": Completion(downloaded),
    f"{INSTALL} --accept-licence HASH": Completion(downloaded),
    "deskside api python --venv ./venv": Completion(environment, typed=Terminal("y\n")),
    "deskside api python --venv ./venv --uninstall": Completion(client, typed=Terminal("y\n")),
    "deskside api python --wheel DIR": Completion(installed),
    "deskside api advice": Completion(installed),
    "deskside api verify": Completion(installed),
    "deskside api remove 10.50.02": Completion(installed, typed=Terminal("y\n")),
    "deskside api use": Completion(installed, "10.50.02", Terminal("y\n")),
    "deskside api use 10.50.02": Completion(installed, typed=Terminal("y\n")),
    "deskside card": Completion(card, "--file CARD", io.StringIO(f"press\n{PIN}\n123456\n")),
    "deskside changes undo ID": Completion(changed, typed=Terminal("y\n")),
    "deskside doctor --fix doctor.stale-locks --dry-run": Completion(lock),
    "deskside esignal diagnose": Completion(windows, "--root /mnt/windows"),
    "deskside esignal diagnose --root /mnt/windows": Completion(windows),
    "deskside esignal repair": Completion(windows, "--root /mnt/windows", Terminal("y\n")),
    "deskside admin audit verify": Completion(desk),
    "deskside kb history 9101": Completion(versions),
    "deskside kb diff 9101 1 2": Completion(versions),
    "deskside kb restore 9101 1": Completion(versions, typed=Terminal("y\n")),
    "deskside network hosts --format FORMAT": Completion(lambda _: {"FORMAT": "nftables"}),
    "deskside network hosts --format FORMATO": Completion(lambda _: {"FORMATO": "windows"}),
    "deskside network monitor": Completion(hosts, "--catalogue hosts.toml --once"),
    "deskside network history": Completion(monitored),
    "deskside service install monitor": Completion(more="--dry-run"),
    "deskside network test": Completion(hosts, "--catalogue hosts.toml"),
    "deskside open KB2323": Completion(more="--no-browser --idle 0.01"),
    "deskside open KB2816": Completion(more="--no-browser --idle 0.01"),
    "deskside run KB2323": Completion(saved, typed=Terminal("y\n")),
    "deskside run KB2816": Completion(hosts, "--option catalogue=hosts.toml"),
    "deskside settings diff": Completion(saved),
    "deskside settings export ID FILE": Completion(export),
    "deskside settings export SNAPSHOT FILE": Completion(export),
    "deskside settings history": Completion(saved),
    "deskside settings restore FILE": Completion(restore, typed=Terminal("y\n")),
    "deskside settings restore ID": Completion(restore, typed=Terminal("y\n")),
    "deskside settings restore SNAPSHOT --wait": Completion(restore, typed=Terminal("y\n")),
    "deskside settings save": Completion(saved),
    "deskside settings show ID": Completion(saved),
    "deskside settings transfer FILE --user NAME --dry-run": Completion(restore),
    "deskside settings verify": Completion(saved),
    "deskside settings verify --repair": Completion(saved),
}
"""What a person brings to a command."""


def commands() -> list[str]:
    library = Library.open(own=Path("/nowhere"))
    listed = [library.article(a.number, tag) for a in library.articles() for tag in ("en", "it")]
    return sorted({command for article in listed for command in markdown.commands(article.body)})


@pytest.fixture
def computer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Computer:
    monkeypatch.setattr(own, "LOOK_EVERY", 0.0)
    return Computer(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("command", [c for c in commands() if c not in ON_A_PORTAL])
def test_a_command_runs(command: str, computer: Computer) -> None:
    completion = COMPLETED.get(command, Completion())
    values = completion.prepare(computer)
    whole = f"{command} {completion.more}"
    for placeholder, value in values.items():
        whole = re.sub(rf"(?<!\w){re.escape(placeholder)}\b", value, whole)
    assert not PLACEHOLDER.search(re.sub(r"\bKB\d+|/\S+", "", whole)), "nobody completes it"
    if completion.typed:
        completion.typed.seek(0)
    computer.run(whole, completion.typed)


def test_whatever_is_completed_is_in_an_article() -> None:
    assert {*COMPLETED, *ON_A_PORTAL} <= set(commands())
