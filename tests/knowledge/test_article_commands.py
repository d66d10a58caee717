"""Every command that an article names runs, in both languages.

Those that a person completes (ID, FILE, …) are looked up with their options; the others are run.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from deskside.cli import deskside
from deskside.foundation.errors import DesksideError
from deskside.knowledge import markdown
from deskside.knowledge.service import Library

PLACEHOLDER = re.compile(r"\b[A-Z]{2,}\b")
COMPLETED = {
    "deskside api install twsapi_macunix.1051.01.zip": "a package that the person downloads",
    "deskside api install twsapi_macunix.1051.01.zip --dry-run": "the same",
    "deskside api python --venv ./venv": "an environment that the person makes",
    "deskside api python --venv ./venv --uninstall": "the same",
    "deskside api use 10.50.02": "a version that the person has",
    "deskside api remove 10.50.02": "the same",
    "deskside esignal diagnose --root /mnt/windows": "a disk that the person mounts",
    "deskside api use": "the name of a command, in a sentence",
    "deskside card": "a device that the person has",
    "deskside login": "a portal, and a person at the terminal",
    "deskside open KB2323": "a browser; the local pages have tests of their own",
    "deskside open KB2816": "the same",
    "deskside network test": "the vendor's hosts; the network lab runs it",
    "deskside run KB2816": "the same",
    "deskside settings push": "a portal; the system tests run it",
    "deskside settings pull": "the same",
}
"""Commands that need something of the person's, and what. Their words are looked up only."""


def commands() -> list[str]:
    library = Library.open(own=Path("/nowhere"))
    listed = [library.article(a.number, tag) for a in library.articles() for tag in ("en", "it")]
    return sorted({command for article in listed for command in markdown.commands(article.body)})


def needs_completion(command: str) -> bool:
    return command in COMPLETED or bool(PLACEHOLDER.search(command.replace("KB", "")))


def look_up(command: str) -> None:
    """The command exists and takes these words; nothing is run."""
    words = shlex.split(command)[1:]
    context = click.Context(deskside, info_name="deskside")
    found: click.Command = deskside
    while isinstance(found, click.Group) and words:
        name = words.pop(0)
        inner = found.get_command(context, name)
        assert inner, f"{command}: no command {name}"
        context, found = click.Context(inner, parent=context, info_name=name), inner
    if not words:
        return
    parser = found.make_parser(context)
    options, left, _order = parser.parse_args(args=[PLACEHOLDER.sub("1", word) for word in words])
    assert left == [] or any(p.nargs == -1 for p in found.params), f"{command}: {left} are left"
    assert set(options) <= {p.name for p in found.params}


@pytest.mark.parametrize("command", [c for c in commands() if needs_completion(c)])
def test_a_command_that_a_person_completes_is_there(command: str) -> None:
    look_up(command)


@pytest.mark.parametrize("command", [c for c in commands() if not needs_completion(c)])
def test_a_command_runs(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a computer with nothing on it: fine, a problem found, or a plain refusal; no wrong use."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(deskside, shlex.split(command)[1:], input="")
    if isinstance(result.exception, DesksideError):
        assert result.exception.exit_code == 3, result.exception
    else:
        assert result.exit_code in (0, 1), (result.output, result.exception)


def test_what_is_excused_from_running_is_still_there() -> None:
    assert COMPLETED.keys() <= set(commands())
