"""`deskside devices`: the security devices of one's own user name, by the portal's REST."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from deskside.foundation.console import (
    change_options,
    command_options,
    confirm,
    emit,
    note,
    table,
    wants_json,
)
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.foundation.portal_client import PortalClient

STATES = {
    "active": lambda: _("Active"),
    "waiting": lambda: _("To be activated"),
    "lost": lambda: _("Lost"),
    "parked": lambda: _("Out of order"),
    "retired": lambda: _("Ended"),
    "locked": lambda: _("Locked"),
    "resting": lambda: _("At rest"),
}


@click.group()
def devices() -> None:
    """Your security devices: list, add, activate, report lost, change the PIN.

    Ordering one, or sending one back: deskside orders. Using that of another user name of yours:
    deskside sharing.
    """


@devices.command("list")
@command_options
def list_devices() -> None:
    """List your devices.

    With --json: {"devices": [{"device","kind","label","serial","status"}]}.
    """
    from deskside.foundation.portal_client import PortalClient

    with PortalClient.open() as client:
        found = _own(client)
    headings = [_("Serial number"), _("Device"), _("Kind"), _("State")]
    rows = [[one["serial"], one["label"], one["kind"], _state(one["status"])] for one in found]
    nothing = _("You have no device yet: deskside devices add KIND")
    emit({"devices": found}, lambda: table(headings, rows) if rows else nothing)


@devices.command("add")
@click.argument("kind")
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path),
    help="Keep it as a virtual device there, for deskside card; else it is shown.",
)
@command_options
def add(kind: str, path: Path | None) -> None:
    """Make a device: totp (an app), code-card, online-code-card or recovery-code.

    It is told once. Recovery codes work at once and end the ones before; anything else is then
    activated by an answer of its own. Adding a device disables no other.

    \b
    Example:
      deskside devices add totp

    Exit codes: 0 fine, 2 wrong usage, 3 refused or not logged in.
    """
    from deskside.foundation.portal_client import PortalClient
    from deskside.secure_login.card import file as device_file
    from deskside.secure_login.step_up.commands import with_proof

    if path is not None and path.exists():
        raise Refused(
            "virtual-device-exists",
            _("The file {path} exists already; nothing was changed.").format(path=path),
            hint=_("Choose another name."),
        )
    with PortalClient.open() as client:
        wish = {"kind": kind}
        made = with_proof(client, "device", lambda: client.data("POST", "/me/devices", json=wish))
    shown = made.pop("shown")
    if path is not None:
        device_file.write(path, shown)
        emit(made | {"file": str(path)}, _("It is in {path}.").format(path=path) + _further(made))
    else:
        emit(made | {"shown": shown}, lambda: f"{_readable(shown)}{_further(made)}")


@devices.command("activate")
@click.argument("device", metavar="SERIAL")
@command_options
def activate(device: str) -> None:
    """Put a device in force by an answer of its own: a new one, or one that was found again."""
    from deskside.foundation.portal_client import PortalClient

    with PortalClient.open() as client:
        path = f"/me/devices/{_named(client, device)}"
        asked = client.data("POST", f"{path}/challenge")
        given = {"challenge": asked["challenge"], "answer": _answer(asked["question"])}
        done = client.data("POST", f"{path}/activate", json=given)
    emit(done, _("The device is active: from your next log-in on it is asked for."))


@devices.command("lost")
@click.argument("device", metavar="SERIAL")
@change_options
@command_options
def lost(device: str, dry_run: bool, yes: bool) -> None:
    """Report a device lost: it opens nothing from then on, for nobody who shares it.

    Wants your password. Found again: deskside devices activate SERIAL.
    """
    from deskside.foundation.portal_client import PortalClient
    from deskside.secure_login.step_up.commands import with_proof

    with PortalClient.open() as client:
        identifier = _named(client, device)
        if dry_run:
            told = {"device": identifier, "changed": False}
            emit(told, _("{serial} would be reported lost.").format(serial=device))
            return
        confirm(_("Report {serial} lost?").format(serial=device), yes=yes)
        path = f"/me/devices/{identifier}/lost"
        done = with_proof(client, "lost", lambda: client.data("POST", path))
    text = _(
        "It is reported lost. Go on with another device, or call your desk for a temporary code."
        " A replacement: deskside orders place KIND --reason lost --replaces {device}"
    )
    emit(done, text.format(device=identifier))


@devices.command("pin")
@click.argument("device", metavar="SERIAL")
@click.option("--pin", default=None, help="- reads the PIN from standard input; else it is asked.")
@command_options
def change_pin(device: str, pin: str | None) -> None:
    """Change the PIN of a card, also one that was forgotten; the card itself is not changed.

    Choose the new PIN here, then use it on the card for the challenge that is shown.
    """
    from deskside.foundation.portal_client import PortalClient
    from deskside.secure_login.step_up.commands import with_proof

    with PortalClient.open() as client:
        path, wish = f"/me/devices/{_named(client, device)}/pin", {"pin": _new_pin(pin)}
        asked = with_proof(client, "pin", lambda: client.data("POST", path, json=wish))
        note(_("Operate the card with the new PIN."))
        given = {
            "challenge": asked["challenge"],
            "answer": _answer(asked["question"]),
            "pin_change": asked["pin_change"],
        }
        done = client.data("POST", f"{path}/confirm", json=given)
    emit(done, _("The PIN is changed. Use the new one from now on."))


def _own(client: PortalClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.data("GET", "/me")["devices"]
    return [one for one in found if one["status"] != "retired"]


def _named(client: PortalClient, which: str) -> str:
    """The id of one of the user's devices by its serial number or id, fit for an address."""
    for one in _own(client):
        if which in (one["serial"], one["device"]):
            return quote(one["device"], safe="")
    raise NotFound(
        "unknown-device",
        _("You have no device with the serial number {serial}.").format(serial=which[:40]),
        hint=_("See: deskside devices list"),
    )


def _answer(question: str) -> str:
    if question:
        note(_("Challenge: {question}").format(question=question))
    return str(click.prompt(_("Response of the device"), err=True))


def _new_pin(given: str | None) -> str:
    if given == "-":
        return sys.stdin.readline().strip()
    if given is not None:
        raise click.UsageError(_("A PIN does not belong on the command line: use --pin -"))
    if wants_json():
        raise click.UsageError(_("There is nobody to ask for the PIN: use --pin -"))
    return str(click.prompt(_("New PIN"), hide_input=True, confirmation_prompt=True, err=True))


def _state(status: str) -> str:
    return STATES.get(status, lambda: status)()


def _readable(shown: dict[str, str]) -> str:
    """A new device as its holder keeps it: codes to write down, or the key for an app."""
    if "codes" in shown:
        codes = shown["codes"].split()
        numbered = [f"{number:03d} {code}" for number, code in enumerate(codes, 1)]
        lines = codes if shown["kind"] == "recovery-code" else numbered
        across = 1 if lines is codes else 8
        return "\n".join("   ".join(lines[at : at + across]) for at in range(0, len(lines), across))
    from deskside.secure_login.authenticators.totp import key_text

    return _("Key for the app: {key}").format(key=key_text(shown))


def _further(made: dict[str, Any]) -> str:
    if made["status"] == "active":
        return "\n" + _("It works from now on; it is shown only here.")
    told = _("It is shown only here. Next: deskside devices activate {serial}")
    return "\n" + told.format(serial=made["serial"])
