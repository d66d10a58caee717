"""How a command learns a new PIN without anybody else seeing it."""

from __future__ import annotations

import sys

import click

from deskside.foundation.console import wants_json
from deskside.foundation.text import _


def read_new_pin(given: str | None) -> str:
    """The PIN that somebody chose: asked twice without echo, or read from standard input for `-`.

    Raises:
        click.UsageError: it stands on the command line, or nobody is there to ask.
    """
    if given == "-":
        return sys.stdin.readline().strip()
    if given is not None:
        raise click.UsageError(_("A PIN does not belong on the command line: use --pin -"))
    if wants_json() or not sys.stdin.isatty():
        raise click.UsageError(_("There is nobody to ask for the PIN: use --pin -"))
    return str(click.prompt(_("PIN"), hide_input=True, confirmation_prompt=True, err=True))
