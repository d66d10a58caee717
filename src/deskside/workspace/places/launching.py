"""Folders of settings that launchers and their options name. Pure.

The program keeps its settings where the Java property `jtsConfigDir` says: `-DjtsConfigDir=DIR`
in a command or a `.vmoptions` file, `-J-DjtsConfigDir=DIR` for the launcher, which hands it on,
`-VjtsConfigDir=DIR` for the launcher's own variable. Where several are given, the last one wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_OPTION = re.compile(r"(?:-J)?-[DV]jtsConfigDir=(.*)", re.DOTALL)
_IN_COMMAND = re.compile(
    r"""(?:-J)?-[DV]jtsConfigDir=  # then one word of a shell, with or without quotation marks
        ((?:"[^"\n]*"|'[^'\n]*'|\\.|[^\s"'\\])+)""",
    re.VERBOSE,
)
_LOGGED = re.compile(
    r"(?<!\w)(?:jts|settings|config)[ _-]*(?:config[ _-]*)?(?:dir|directory|folder|path)\s*[:=]"
    r"\s*(?P<folder>(?:[A-Za-z]:[\\/]|/|~).*?)[\s\]\"']*$",
    re.IGNORECASE | re.MULTILINE,
)


def named_by_arguments(arguments: Iterable[str]) -> str | None:
    """The folder that the arguments of a process name, as written there."""
    found = [match for word in arguments if (match := _OPTION.fullmatch(word))]
    return found[-1][1] if found else None


def named_by_options(text: str) -> str | None:
    """The folder that a `.vmoptions` file names: one option in a line, `#` begins a remark."""
    lines = (line.strip().strip('"') for line in text.splitlines())
    return named_by_arguments(line for line in lines if not line.startswith("#"))


def named_by_command(text: str) -> str | None:
    """The folder that a command line names: of a shortcut, or inside a script."""
    found = _IN_COMMAND.findall(text)
    if not found:
        return None
    return re.sub(r"""["']|\\(?=[\s"'])""", "", found[-1])


def named_by_log(text: str) -> str | None:
    """The folder that `launcher.log` names last."""
    named = [found["folder"] for found in _LOGGED.finditer(text)]
    return named[-1] if named else named_by_command(text)
