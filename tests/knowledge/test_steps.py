"""The marks of steps, and the real articles' steps on prepared computers."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deskside.cli import deskside
from deskside.foundation import registry
from deskside.foundation.changes.shown import apply_shown, plan_digest
from deskside.foundation.registry import Situation
from deskside.knowledge import markdown, running, steps
from deskside.knowledge.front_matter import BadArticle
from deskside.knowledge.library import read_article
from deskside.knowledge.model import Article, Step
from deskside.knowledge.service import Library
from deskside.knowledge.steps import StepState
from tests.workstation.api_packages import package
from tests.workstation.pe_writer import X64, windows_disk
from tests.workstation.pe_writer import library as windows_library

from .conftest import Write

SAMPLE = Path(__file__).parent.parent / "samples" / "ibg_2021_mit.xml"
BOTH = {"checks": '["sample.greeting"]', "fixes": '["sample.polite"]'}

BROKEN = [
    "1. x {check=unlisted.check}",
    "1. x {check=sample.greeting fix=unlisted.fix}",
    "1. x {fix=sample.polite}",
    "1. x {check=sample.greeting fix=sample.polite unless=a}",
    "1. x {check=sample.greeting} more words",
    "- x {check=sample.greeting}",
    "{check=sample.greeting}",
    "1. x {check=sample.greeting} {check=sample.greeting}",
    "1. x {check=Sample.Greeting}",
    "1. x {check=sample.greeting",
]


@pytest.mark.parametrize("body", BROKEN)
def test_a_mark_that_is_half_understood_is_refused(write: Write, body: str) -> None:
    path = write(body=f"Words.\n\n{body}\n", **BOTH)
    with pytest.raises(BadArticle, match=r"en\.md:18: the mark of a step"):
        read_article(path)


def test_a_mark_in_code_is_code(write: Write) -> None:
    body = "```\n1. x {check=whatever}\n```\n\n1. y {check=sample.greeting fix=sample.polite}"
    article = read_article(write(body=body, **BOTH))
    assert [step.fix for step in markdown.steps(article.body)] == ["sample.polite"]


# Every step of the real articles, run; every fix, applied and undone.

Machine = dict[str, str]


def settings_damaged(folder: Path) -> Machine:
    """Settings that were saved once and are cut short now."""
    file = _settings(folder)
    _deskside("settings", "save", "--root", str(folder / "Jts"))
    file.write_bytes(SAMPLE.read_bytes()[:100_000])
    return {"root": str(folder / "Jts")}


def kept_on_the_server(folder: Path) -> Machine:
    """The next log-in would fetch the settings of the vendor's server."""
    _settings(folder)
    (folder / "Jts" / "jts.ini").write_text("[Logon]\nuseRemoteSettings=true\ns3store=true\n")
    return {"root": str(folder / "Jts")}


def library_old(folder: Path) -> Machine:
    """A disk of Windows with the library of an older eSignal."""
    old = windows_library(version=(10, 6, 0, 1))
    donor = windows_library(exports=("DbcOpen", "DbcClose", "DbcNew"))
    return {"root": str(windows_disk(folder, target=old, donor=donor))}


def pointer_broken(folder: Path) -> Machine:
    """Two versions of the API were installed, and the one in use is gone."""
    home = folder / "home"
    home.mkdir()
    for version in ("10.50.02", "10.51.01"):
        install = ("api", "install", str(package(folder, version)), "--to", str(home), "--json")
        licence = json.loads(_deskside(*install, "--dry-run"))["licence"]["sha256"]
        _deskside(*install, "--accept-licence", licence, "--yes")
    (home / "IBJts-versions/10.51.01").rename(folder / "elsewhere")
    return {"home": str(home)}


def lock_stale(folder: Path) -> Machine:
    """A program that crashed left its lock."""
    user = folder / "Jts" / "darykq"
    user.mkdir(parents=True)
    (user / "tws.xml").write_text("<Settings/>")
    (user / "tws.lck").touch()
    return {}


def version_gone(folder: Path) -> Machine:
    """A script starts a version that has been replaced."""
    (folder / "Jts" / "1030" / "jars").mkdir(parents=True)
    (folder / "ibc").mkdir()
    (folder / "ibc" / "twsstart.sh").write_bytes(b"#!/bin/bash\nTWS_MAJOR_VRSN=1019\n")
    return {}


def nothing_32_bit(folder: Path) -> Machine:
    """A disk of Windows whose TWS has a 64-bit Java, and that has no eSignal."""
    disk = windows_disk(folder, java=X64, target=None, donor=None)
    shutil.rmtree(disk / "Program Files (x86)")
    return {"root": str(disk)}


def port_closed(folder: Path) -> Machine:
    """No program listens on the port that is asked for."""
    return {"port": str(_free_port())}


def host_closed(folder: Path) -> Machine:
    """A list of one host, which refuses."""
    catalogue = folder / "hosts.toml"
    row = f'[[host]]\nid = "a"\nhost = "127.0.0.1"\nports = [{_free_port()}]\n'
    catalogue.write_text(f'version = "1"\n{row}')
    return {"catalogue": str(catalogue)}


def client_twice(folder: Path) -> Machine:
    """An environment in which two distributions own ibapi."""
    site = folder / "venv" / "lib" / "python3.11" / "site-packages"
    for version in ("9.81.1", "10.30.1"):
        owner = site / f"ibapi-{version}.dist-info"
        owner.mkdir(parents=True)
        (owner / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ibapi\nVersion: {version}\n")
        (owner / "RECORD").write_text("ibapi/__init__.py,,\n")
    (site / "ibapi").mkdir()
    (site / "ibapi" / "__init__.py").touch()
    (folder / "venv" / "pyvenv.cfg").write_text("version = 3.11.2\n")
    return {"venv": str(folder / "venv")}


UNDONE: dict[str, Callable[[Path], Machine]] = {
    "workspace.settings-file": settings_damaged,
    "esignal.dbcapi": nothing_32_bit,
    "network.hosts": host_closed,
    "api.python": client_twice,
    "doctor.api": port_closed,
}
"""For the check of each step without a fix, a computer on which the step is not done."""

PREPARED: dict[str, Callable[[Path], Machine]] = {
    "workspace.restore": settings_damaged,
    "workspace.server-store-off": kept_on_the_server,
    "esignal.dbcapi": library_old,
    "api.pointer": pointer_broken,
    "doctor.stale-locks": lock_stale,
    "doctor.controller-version": version_gone,
}
"""For each fix a computer that needs it; the choices that lead the checks there."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _settings(folder: Path) -> Path:
    file = folder / "Jts" / "darykqabcdefghijklmnopabcdefghijklmnopab" / "ibg.xml"
    file.parent.mkdir(parents=True)
    shutil.copy(SAMPLE, file)
    return file


def _deskside(*words: str) -> str:
    command = [str(Path(sys.executable).with_name("deskside")), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def real(*, fixable: bool) -> list[tuple[Article, Step]]:
    library = Library.open(own=Path("/nowhere"))
    listed = [(a, step) for a in library.articles("en") for step in markdown.steps(a.body)]
    return [(a, step) for a, step in listed if bool(step.fix) is fixable]


def _name(value: object) -> str:
    return value.name if isinstance(value, Article) else getattr(value, "address", "")


def test_every_translation_says_which_text_it_translates() -> None:
    library = Library.open(own=Path("/nowhere"))
    for article in library.articles("it"):
        assert article.translates == library.article(article.number, "en").digest


def test_for_every_fix_a_computer_is_prepared() -> None:
    assert {step.fix for _article, step in real(fixable=True)} == PREPARED.keys()
    assert PREPARED.keys() == set(registry.ids(registry.FIXES))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of the prepared computer."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("article", "step"), real(fixable=True), ids=_name)
def test_a_fix_does_its_step_and_is_undone(article: Article, step: Step, folder: Path) -> None:
    options = PREPARED[step.fix or ""](folder)
    before = content(folder)

    def now() -> StepState:
        return _state(step, options)

    assert now() is StepState.TO_DO
    report = running.examine_step(article, step.address, options)
    offer = report.offer(step.fix)
    assert offer
    plan = running.make_plan(report, offer)
    assert content(folder) == before
    change = apply_shown(running.engine(), plan, plan_digest(plan))
    assert now() is StepState.DONE
    running.engine().undo(change.id)
    assert now() is StepState.TO_DO
    assert content(folder) == before

    told = _run(article, options, "--step", step.address, "--fix", step.fix or "", "--yes")
    assert now() is StepState.DONE
    undone = CliRunner().invoke(deskside, ["changes", "undo", told["change"], "--yes"])
    assert undone.exit_code == 0, undone.output
    assert now() is StepState.TO_DO
    assert content(folder) == before


@pytest.mark.parametrize(("article", "step"), real(fixable=False), ids=_name)
def test_a_step_without_a_fix_is_seen_for_what_it_is(
    article: Article, step: Step, folder: Path
) -> None:
    """On a computer where it is not done; nothing is offered that the step does not name."""
    options = UNDONE[step.check](folder)
    assert _state(step, options) is StepState.TO_DO
    assert running.examine_step(article, step.address, options).offers == []
    told = _run(article, options, "--step", step.address, "--yes", code=1)
    assert told["verdict"] != "success"
    assert told["change"] is None
    assert {one["step"]: one["state"] for one in told["steps"]}[step.address] == "to-do"


def _run(article: Article, options: Machine, *more: str, code: int = 0) -> dict[str, Any]:
    """`deskside run KBnnnn`; what it prints."""
    given = [word for name, value in options.items() for word in ("--option", f"{name}={value}")]
    ran = CliRunner().invoke(deskside, ["run", article.name, *given, *more, "--json"])
    assert ran.exit_code == code, (ran.output, ran.exception)
    return json.loads(ran.stdout)


def _state(step: Step, options: Machine) -> StepState:
    return steps.state(step, registry.run(registry.check(step.check), Situation(options)))


def test_no_step_is_done_on_an_empty_computer(folder: Path) -> None:
    for _article, step in real(fixable=True) + real(fixable=False):
        if step.check in ("network.hosts", "doctor.locks"):
            continue  # The one needs a network; no lock is what the other wants.
        assert _state(step, {}) is not StepState.DONE, step


def content(folder: Path) -> dict[str, bytes]:
    """Every file and link that a person has; not what Deskside writes down for itself."""
    return {
        str(path.relative_to(folder)): (
            os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        )
        for path in folder.rglob("*")
        if (path.is_file() or path.is_symlink())
        and "data" not in path.relative_to(folder).parts[:1]
    }
