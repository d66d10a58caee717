"""Groups of commands that import a command only to run it: start-up time is measured."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

Table = dict[str, tuple[str, str]]
"""Name of each command: where it lives (`module:attribute`), and what it does in a few words."""


class LazyGroup(click.Group):
    """A group that lists its commands from a table and imports one only to run it."""

    def __init__(self, *args: Any, sections: dict[str, Table], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections
        self.table = {name: row for table in sections.values() for name, row in table.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table:
            return None
        module, _separator, attribute = self.table[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, table in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, about) for name, (_where, about) in table.items()])
