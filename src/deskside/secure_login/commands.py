"""`deskside card`: the virtual security devices at the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from deskside.foundation.clock import SystemClock
from deskside.foundation.console import command_options, emit, wants_json
from deskside.foundation.errors import Refused, UsageProblem
from deskside.foundation.paths import portal_folder
from deskside.foundation.text import _
from deskside.secure_login.authenticators import Keypad, Simulated, authenticator, kinds
from deskside.secure_login.card import file as device_file
from deskside.secure_login.card.device import VirtualCard
from deskside.secure_login.card.machine import OFF, advance, at
from deskside.secure_login.card.operate import QUIT, keystroke, operate, picture

_file_option = click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path),
    help="Virtual device file; by default the only card of the demo.",
)


@click.group(invoke_without_command=True)
@_file_option
@command_options
@click.pass_context
def card(context: click.Context, path: Path | None) -> None:
    """Operate a virtual security device.

    Without a command, the card lies before you as the real one does: press (p), type your PIN at
    PIN> and the challenge at CHALLNG>, each followed by OK (Enter), and read the response. When
    the input is no terminal, write one step a line: press, the PIN, the challenge; with --json the
    displays that follow are printed as {"displays": ["PIN>", …]}.

    Exit codes: 0 fine, 2 wrong usage (malformed PIN or challenge), 3 no usable file.
    """
    context.obj = path
    if context.invoked_subcommand is not None:
        return
    virtual = _keypad_card(path or _default_file())
    displays = operate(virtual, sys.stdin, SystemClock())
    if wants_json():
        emit({"displays": list(displays)}, "")
    elif sys.stdin.isatty():
        _operate_at_terminal(virtual)
    else:
        for display in displays:
            click.echo(display)


@card.command()
@_file_option
@click.option("--pin", default="", help="The PIN; - reads it from standard input.")
@click.option("--challenge", default="", help="The challenge, where the kind has one.")
@command_options
@click.pass_obj
def respond(group_path: Path | None, path: Path | None, pin: str, challenge: str) -> None:
    """Print the response of a device, and nothing else.

    A wrong PIN gives a wrong response, as on the real card. With --json: {"response": "…"}.

    Exit codes: 0 fine, 2 wrong usage (malformed PIN or challenge), 3 no usable file.
    """
    document = device_file.read(path or group_path or _default_file())
    kind = str(document["kind"])
    plugin = authenticator(kind)
    if not isinstance(plugin, Simulated):
        raise Refused(
            "device-not-simulated",
            _("Devices of the kind “{kind}” cannot be simulated.").format(kind=kind),
        )
    if pin == "-":
        pin = sys.stdin.readline()
    response = plugin.simulate(document, challenge, pin, SystemClock().now())
    emit({"response": response}, response)


def _keypad_card(path: Path) -> VirtualCard:
    document = device_file.read(path)
    kind = str(document["kind"])
    plugin = authenticator(kind)
    if not isinstance(plugin, Keypad):
        raise Refused(
            "device-without-keypad",
            _("Devices of the kind “{kind}” have no keys to press.").format(kind=kind),
            hint=_("Use: deskside card respond --file {path}").format(path=path),
        )
    return plugin.virtual_card(document)


def _operate_at_terminal(virtual: VirtualCard) -> None:
    clock = SystemClock()
    state = OFF
    height = len(picture("").splitlines())
    click.echo(picture(at(state, clock.now()).display))
    while (key := _read_key()) != QUIT:
        if key is None:
            continue
        state = advance(virtual, state, key, clock.now())
        click.echo(f"\x1b[{height}A{picture(state.display)}")


def _read_key() -> str | None:
    try:
        return keystroke(click.getchar())
    except (EOFError, KeyboardInterrupt):
        return QUIT


def _default_file() -> Path:
    """The demo's only card, or what the person at the terminal names."""
    cards = _demo_cards()
    if len(cards) == 1:
        return cards[0]
    if sys.stdin.isatty():
        for path in cards:
            click.echo(str(path), err=True)
        return Path(click.prompt(_("Virtual device file"), err=True))
    raise UsageProblem(
        "device-file-needed",
        _("Which virtual device? There is not exactly one card here."),
        hint=_("Name its file with --file."),
    )


def _demo_cards() -> list[Path]:
    """Files of the demo's devices that have a keypad, as its `demo.json` lists them."""
    folder = portal_folder()
    try:
        users = json.loads((folder / "demo.json").read_text(encoding="utf-8"))["users"]
        devices = [device for user in users for device in user["devices"] if device.get("file")]
        # A shared card stands under each of its user names.
        kinds_by_path = {folder / device["file"]: str(device["kind"]) for device in devices}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    known = kinds()
    return [
        path
        for path, kind in kinds_by_path.items()
        if kind in known and isinstance(authenticator(kind), Keypad)
    ]
