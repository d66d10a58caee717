"""Which settings a command is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from deskside.workspace.workstation import Workstation

Command = Callable[..., Any]


def place_options(command: Command) -> Command:
    """Give a command `--root` and `--user`."""
    user = click.option(
        "--user", metavar="NAME", help="The user's folder, where there are several."
    )
    root = click.option("--root", metavar="DIR", help="The TWS folder, or a user's folder in it.")
    return root(user(command))


def workstation() -> Workstation:
    """This computer's, with nothing left half done."""
    from deskside.workspace.workstation import Workstation

    return Workstation.open()
