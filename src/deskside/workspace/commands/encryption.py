"""`encryption`: settings that the portal keeps and cannot read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.console import (
    EXIT_PROBLEM,
    change_options,
    command_options,
    confirm,
    emit,
    exit_with,
    note,
    wants_json,
)
from deskside.foundation.lazy_commands import LazyGroup, Table
from deskside.foundation.text import _, ngettext
from deskside.workspace.commands.place import workstation

if TYPE_CHECKING:
    from deskside.workspace.sync.encryption import Encryption

_HERE = "deskside.workspace.commands.encryption"

TABLE: Table = {
    "enable": (f"{_HERE}:enable", "Switch it on; shows the recovery key once."),
    "join": (f"{_HERE}:join", "Give this computer the recovery key."),
    "show": (f"{_HERE}:show", "Show whether it is on, and for which recipient."),
}


@click.group(cls=LazyGroup, sections={"Commands": TABLE})
@command_options
def encryption() -> None:
    """Encrypt your settings end to end: the portal keeps them and cannot read them."""


@click.command()
@click.option("--reseal", is_flag=True, help="Encrypt what the portal holds already, too.")
@click.option(
    "--replace-lost-key", is_flag=True, help="Make a new key; what the old one sealed is lost."
)
@change_options
@command_options
def enable(*, reseal: bool, replace_lost_key: bool, dry_run: bool, yes: bool) -> None:
    """Make a key, show it once, and send nothing but encrypted settings from then on.

    The recovery key is the only way to read your settings on another computer, or after this one
    is lost. Nobody can give it to you again. With --json it is part of the document.

    \b
    Exit: 0 on; 2 wrong usage; 3 refused or could not run.
    """
    from deskside.workspace.sync.client import Store
    from deskside.workspace.sync.encryption import enable as switch_on
    from deskside.workspace.sync.encryption import new_key, standing
    from deskside.workspace.sync.encryption import reseal as seal_again

    here = workstation()
    with Store.open(here.folder) as store:
        key = new_key(store, replace_lost=replace_lost_key)
        if dry_run:
            _show(standing(store), {"would_make_key": key is not None})
            return
        if key is not None:
            _confirm_written_down(key, yes=yes)
        state = switch_on(store, key)
        told: dict[str, Any] = {"recovery_key": key} if key else {}
        if reseal:
            told["resealed"] = seal_again(store)
        _show(state, told)


@click.command()
@command_options
def join() -> None:
    """Give this computer the recovery key of your encrypted settings.

    Asks for it without showing it; from a pipe, reads one line.

    \b
    Exit: 0 joined; 2 that is no recovery key; 3 refused: it is another one's, or could not run.
    """
    from deskside.workspace.sync.client import Store
    from deskside.workspace.sync.encryption import join as take_key

    here = workstation()
    with Store.open(here.folder) as store:
        _show(take_key(store, _recovery_key()), {})


@click.command()
@command_options
def show() -> None:
    """Show whether end-to-end encryption is on, for which recipient, and who has the key.

    \b
    Exit: 0 fine; 1 it is on and this computer has no key; 3 could not run.
    """
    from deskside.workspace.sync.client import Store
    from deskside.workspace.sync.encryption import standing

    here = workstation()
    with Store.open(here.folder) as store:
        state = standing(store)
    _show(state, {})
    if state.on and not state.key_here:
        exit_with(EXIT_PROBLEM)


def _recovery_key() -> str:
    if sys.stdin.isatty():
        return str(click.prompt(_("Recovery key"), hide_input=True, err=True))
    return sys.stdin.readline(200)


def _confirm_written_down(key: str, *, yes: bool) -> None:
    if not wants_json():
        note(_("This is your recovery key. It is shown this once:"))
        click.echo(key)
        note(
            _(
                "Write it down and keep it apart from this computer. Without it nobody can read "
                "your settings on another computer, or after this one is lost."
            )
        )
    confirm(_("Have you written it down?"), yes=yes)


def _show(state: Encryption, more: dict[str, Any]) -> None:
    emit(state.as_json() | more, lambda: _words(state, more))


def _words(state: Encryption, more: dict[str, Any]) -> str:
    if not state.on:
        return _("End-to-end encryption is off: the portal can read your settings.")
    lines = [
        _("End-to-end encryption is on. Recipient: {recipient}").format(recipient=state.recipient)
    ]
    if state.key_here:
        lines.append(_("This computer has the key."))
    else:
        lines.append(_("This computer has no key: deskside settings encryption join"))
    if "resealed" in more:
        lines.append(
            ngettext(
                "{count} version on the portal was encrypted.",
                "{count} versions on the portal were encrypted.",
                more["resealed"],
            ).format(count=more["resealed"])
        )
    return "\n".join(lines)
