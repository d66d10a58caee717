"""`deskside sharing`: one security device for several of one's user names, by the portal's REST."""

from __future__ import annotations

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
)
from deskside.foundation.errors import NotFound, NotLoggedIn
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.foundation.portal_client import PortalClient

STATES = {
    "active": lambda: _("Shared"),
    "pending": lambda: _("In review"),
    "rejected": lambda: _("Not approved"),
    "cancelled": lambda: _("Cancelled"),
}


@click.group()
def sharing() -> None:
    """Use a security device of one of your user names with another one.

    Log in with the user name that should get the device: deskside login PORTAL
    """


@sharing.command("list")
@command_options
def list_shares() -> None:
    """List what you have shared or asked for, the latest first.

    With --json: {"shares": [{"share","status","reference","owner","device","kind","serial",
    "created"}]}.
    """
    from deskside.foundation.portal_client import PortalClient

    with PortalClient.open() as client:
        told = client.data("GET", "/me/shares")
    headings = [_("Reference"), _("Owner"), _("Serial number"), _("State"), _("Asked")]
    rows = [
        [one["reference"], one["owner"], one["serial"], _state(one["status"]), one["created"]]
        for one in told["shares"]
    ]
    emit(told, lambda: table(headings, rows) if rows else _("You have shared nothing."))


@sharing.command("show")
@click.argument("reference")
@command_options
def show_share(reference: str) -> None:
    """Show where a request stands, by its reference or id."""
    from deskside.foundation.portal_client import PortalClient

    with PortalClient.open() as client:
        told = _named(client, reference)
    emit(told, lambda: _told(told))


@sharing.command("request")
@click.argument("owner")
@change_options
@command_options
def request_share(owner: str, dry_run: bool, yes: bool) -> None:
    """Ask to use the device of another of your user names, its OWNER.

    Asks for the owner's password, then for the response of the owner's device. Whether you may
    is judged after that, and nothing changes before you confirm. --dry-run stops there.

    Exit codes: 0 shared, 1 it waits for compliance review, 2 wrong usage, 3 refused.
    """
    from deskside.foundation.console import exit_with
    from deskside.foundation.portal_client import PortalClient
    from deskside.secure_login.step_up.commands import with_proof

    with PortalClient.open() as client:
        password = click.prompt(
            _("Password of {name}").format(name=owner), hide_input=True, err=True
        )
        given = {"owner": {"username": owner, "password": password}}
        begun = with_proof(client, "sharing", lambda: client.data("POST", "/me/shares", json=given))
        proven = _prove_device(client, begun)
        if dry_run:
            emit(proven, _("The device may be shared. Nothing was changed."))
            return
        text = _("Share the device {serial} of {owner} with {name}?")
        confirm(text.format(serial=proven["serial"], owner=owner, name=client.user_name), yes=yes)
        done = client.data("POST", f"/me/shares/{begun['share']}/confirm")
    emit(done, lambda: _told(done))
    if done["status"] != "active":
        exit_with(1)


@sharing.command("cancel")
@click.argument("reference")
@click.option("--send-back", is_flag=True, help="Send your own resting card back (DSC+ only).")
@change_options
@command_options
def cancel_share(reference: str, send_back: bool, dry_run: bool, yes: bool) -> None:
    """Withdraw a request or end a sharing, by its reference or id.

    Your own devices that rested work again; with --send-back, a Digital Security Card+ among them
    ends instead, and you send it back to your desk.
    """
    from deskside.foundation.portal_client import PortalClient

    with PortalClient.open() as client:
        found = _named(client, reference)
        if dry_run:
            emit(found, _("{reference} would be cancelled. Nothing was changed.").format(**found))
            return
        confirm(_("Cancel {reference}?").format(reference=found["reference"]), yes=yes)
        query = "?send_back=true" if send_back else ""
        done = client.data("DELETE", f"/me/shares/{quote(found['share'], safe='')}{query}")
    emit(done, lambda: _told(done))


def _prove_device(client: PortalClient, begun: dict[str, Any]) -> dict[str, Any]:
    path, asked = f"/me/shares/{begun['share']}", begun["challenge"]
    while True:
        if asked["question"]:
            note(_("Challenge: {question}").format(question=asked["question"]))
        answer = click.prompt(_("Response of the owner's device"), err=True)
        try:
            proven: dict[str, Any] = client.data("POST", f"{path}/answer", json={"answer": answer})
        except NotLoggedIn as error:
            note(_("That was not accepted. Here is a new challenge."))
            try:
                asked = client.data("POST", f"{path}/challenge")
            except (NotFound, NotLoggedIn):
                raise error from None
        else:
            return proven


def _named(client: PortalClient, reference: str) -> dict[str, Any]:
    shares: list[dict[str, Any]] = client.data("GET", "/me/shares")["shares"]
    for one in shares:
        if reference in (one["reference"], one["share"]):
            return one
    raise NotFound(
        "unknown-share",
        _("You have no request named {reference}.").format(reference=reference[:40]),
        hint=_("See: deskside sharing list"),
    )


def _state(status: str) -> str:
    return STATES.get(status, lambda: status)()


def _told(one: dict[str, Any]) -> str:
    return "  ".join([one["reference"], _state(one["status"]), one["owner"], one["serial"]])
