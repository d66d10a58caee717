"""The `deskside` command: the commands of every part, and nothing else.

A command's module is imported only when that command runs, so that `deskside --help` costs
little more than Python itself.
"""

from __future__ import annotations

from importlib import import_module

import click

from deskside import __version__
from deskside.foundation.console import guarded
from deskside.foundation.text import _, mark, use_system_language

COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("deskside.serve:serve", mark("Run the portal.")),
    "open": ("deskside.local:open_pages", mark("Open this computer's pages in the browser.")),
    "login": ("deskside.web.commands:login", mark("Log in to a portal.")),
    "logout": ("deskside.web.commands:logout", mark("End the session with the portal.")),
    "whoami": ("deskside.web.commands:whoami", mark("Show who is logged in.")),
    "card": ("deskside.secure_login.commands:card", mark("Operate a virtual security device.")),
    "network": ("deskside.network.commands:network", mark("Test the connection; list hosts.")),
    "settings": ("deskside.workspace.commands:settings", mark("Save and restore TWS settings.")),
    "changes": ("deskside.foundation.commands:changes", mark("List and undo changes to files.")),
    "kb": ("deskside.knowledge.commands:kb", mark("Read the knowledge base.")),
    "run": ("deskside.knowledge.commands:run", mark("Run an article: check, fix, undo.")),
    "config": ("deskside.foundation.commands:config", mark("Show the configuration.")),
    "admin": ("deskside.admin:admin", mark("Administer the local database.")),
    "completion": ("deskside.foundation.commands:completion", mark("Print shell completion.")),
}
"""Name of each command: where it lives, and what it does in a few words."""


class LazyGroup(click.Group):
    """A group that lists its commands from a table and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _separator, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _(about)) for name, (_where, about) in COMMANDS.items()])
