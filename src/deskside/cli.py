"""The `deskside` command: the commands of every part, and nothing else.

A command's module is imported only when that command runs, so that `deskside --help` costs
little more than Python itself.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from deskside import __version__
from deskside.foundation.console import command_options, guarded
from deskside.foundation.text import _, mark, use_system_language
from deskside.foundation.units import use_local_zone

Table = dict[str, tuple[str, str]]
"""Name of each command: where it lives (`module:attribute`), and what it does in a few words."""

SECTIONS: dict[str, Table] = {
    mark("On this computer"): {
        "open": ("deskside.local:open_pages", mark("Open this computer's pages in the browser.")),
        "run": ("deskside.knowledge.commands:run", mark("Run an article: check, fix, verify.")),
        "kb": ("deskside.knowledge.commands:kb", mark("Read the knowledge base.")),
        "network": ("deskside.network.commands:network", mark("Test the connection; list hosts.")),
        "settings": (
            "deskside.workspace.commands:settings",
            mark("Save and restore TWS settings."),
        ),
        "changes": (
            "deskside.foundation.changes.commands:changes",
            mark("List and undo changes to files."),
        ),
    },
    mark("With a portal"): {
        "login": ("deskside.web.commands:login", mark("Log in to a portal.")),
        "logout": ("deskside.web.commands:logout", mark("End the session with the portal.")),
        "whoami": ("deskside.web.commands:whoami", mark("Show who is logged in.")),
        "card": ("deskside.secure_login.commands:card", mark("Operate a virtual security device.")),
    },
    mark("For the operator"): {
        "serve": ("deskside.serve:serve", mark("Run the portal.")),
        "admin": ("deskside.cli:admin", mark("Administer the local database.")),
        "config": ("deskside.foundation.commands:config", mark("Show the configuration.")),
        "completion": ("deskside.foundation.commands:completion", mark("Print shell completion.")),
    },
}

ADMIN: Table = {
    "first": (
        "deskside.secure_login.admin_commands:first",
        mark("Create the first administrator."),
    ),
    "users": (
        "deskside.secure_login.admin_commands:users",
        mark("List, add, reset and disable user names."),
    ),
    "devices": (
        "deskside.secure_login.admin_commands:devices",
        mark("Issue and lock security devices."),
    ),
    "audit": ("deskside.foundation.commands:audit", mark("List and verify the audit log.")),
    "keys": ("deskside.foundation.commands:keys", mark("Show and rotate keys.")),
}


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
            with formatter.section(_(title)):
                formatter.write_dl([(name, _(about)) for name, (_where, about) in table.items()])


EXAMPLES = """\b
Examples:
  deskside serve --demo            a portal with a small desk to try
  deskside network test            can this computer reach every host?
  deskside settings save           keep the present TWS settings
  deskside run KB2323              check, fix, verify what an article describes
  deskside open                    the same in the browser, on this computer only

\b
Exit codes: 0 fine, 1 a problem was found, 2 wrong usage,
3 refused or could not run (nothing was changed).
"""


@click.group(
    cls=LazyGroup, sections=SECTIONS, epilog=EXAMPLES, context_settings={"max_content_width": 88}
)
@click.version_option(__version__, prog_name="deskside")
@command_options
def deskside() -> None:
    """Support pages that run, for trading workstations.

    Works alone on this computer; `deskside serve` is the portal for a desk.
    """


@click.group(cls=LazyGroup, sections={mark("Commands"): ADMIN})
@command_options
def admin() -> None:
    """Administer the desk's database on this computer."""


@guarded
def main() -> None:
    """Run the command line."""
    use_system_language()
    use_local_zone()
    sys.exit(deskside.main(prog_name="deskside", standalone_mode=False) or 0)
