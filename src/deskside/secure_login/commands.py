"""`deskside card`: the virtual security devices at the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from deskside.foundation.clock import SystemClock
from deskside.foundation.console import command_options, emit, wants_json
from deskside.foundation.errors import Refused, UsageProblem
from deskside.foundation.paths import demo_folder, portal_folder
from deskside.foundation.text import _
from deskside.secure_login.authenticators import Keypad, Simulated, authenticator, kinds
from deskside.secure_login.card import file as device_file
from deskside.secure_login.card.device import VirtualCard
from deskside.secure_login.card.machine import OFF, advance
from deskside.secure_login.card.operate import QUIT, keystroke, operate, picture
from deskside.secure_login.card.terminal import pressed_keys

_file_option = click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path),
    help="Virtual device file; by default a card of the demonstration desk.",
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

    Without --file, it is a card of the demonstration desk on this computer; where there are
    several, it asks whose.

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
    with pressed_keys() as pressed:
        click.echo(picture(state.display))
        for key in map(keystroke, pressed):
            if key == QUIT:
                return
            if key is not None:
                state = advance(virtual, state, key, clock.now())
                click.echo(f"\x1b[{height}A{picture(state.display)}")


def _default_file() -> Path:
    """The demonstration's only card, or the one that the person at the terminal chooses."""
    cards = _demo_cards(demo_folder()) or _demo_cards(portal_folder())
    if len(cards) == 1:
        return next(iter(cards))
    if cards and sys.stdin.isatty():
        return _asked(cards)
    raise UsageProblem(
        "device-file-needed",
        _("Which virtual device? There is not exactly one card here."),
        hint=_("Name its file with --file."),
    )


def _asked(cards: dict[Path, list[str]]) -> Path:
    """The card that a person names by its number in a list, or by one of its user names."""
    by_answer: dict[str, Path] = {}
    for number, (path, names) in enumerate(cards.items(), 1):
        click.echo(f"  {number}  {', '.join(names)}", err=True)
        by_answer |= {str(number): path} | dict.fromkeys(names, path)

    def chosen(answer: str) -> Path:
        if (named := by_answer.get(answer.strip().lower())) is None:
            raise click.BadParameter(_("Type a number or a user name of the list."))
        return named

    return Path(click.prompt(_("Whose card?"), value_proc=chosen, err=True))


def _demo_cards(folder: Path) -> dict[Path, list[str]]:
    """The demonstration's devices that have a keypad, each with its user names."""
    try:
        users = json.loads((folder / "demo.json").read_text(encoding="utf-8"))["users"]
        listed = [
            (folder / device["file"], str(device["kind"]), str(user["username"]))
            for user in users
            for device in user["devices"]
            if device.get("file")
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    known = kinds()
    cards: dict[Path, list[str]] = {}
    for path, kind, name in listed:
        if kind in known and isinstance(authenticator(kind), Keypad):
            cards.setdefault(path, []).append(name)  # a shared card stands under each of its names
    return cards
