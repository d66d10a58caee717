"""`deskside login`, `logout`, `whoami`, `sessions` and `events`: as in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.console import command_options, emit, note, wants_json
from deskside.foundation.errors import NotLoggedIn, Refused
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.foundation.portal_client import PortalClient

DEFAULT_PORTAL = "http://localhost:8737"


@click.command()
@click.argument("portal", required=False)
@click.option("--user", "user_name", help="User name; asked for when left out.")
@command_options
def login(portal: str | None, user_name: str | None) -> None:
    """Log in to a portal: user name, password, security device.

    The session is kept on this computer and used by `settings push` and `pull`.

    \b
    Example:
      deskside login http://localhost:8737
    """
    from deskside.foundation.portal_client import (
        PortalClient,
        StoredSession,
        load_session,
        store_session,
    )

    known = load_session()
    with PortalClient(portal or (known.portal if known else DEFAULT_PORTAL)) as client:
        name = user_name or click.prompt(_("User name"), err=True)
        password = click.prompt(_("Password"), hide_input=True, err=True)
        given = {"username": name, "password": password}
        step = client.request("POST", "/login", json=given).json()
        granted = step if step.get("session") else _second_factor(client, step)
    store_session(
        StoredSession(client.portal, granted["session"], name, str(granted.get("expires", "")))
    )
    emit(
        {"portal": client.portal, "user_name": name, "expires": granted.get("expires")},
        _("Logged in to {portal} as {name}.").format(portal=client.portal, name=name),
    )


def _second_factor(client: PortalClient, step: dict[str, Any]) -> dict[str, Any]:
    """Ask for the answers of a security device until one is accepted or refused for good."""
    factors = step["factors"]
    device = factors[0]["device"]
    if len(factors) > 1 and not wants_json():
        for number, factor in enumerate(factors, 1):
            click.echo(f"  {number}  {factor['label']}", err=True)
        choice = click.prompt(
            _("Second factor"), type=click.IntRange(1, len(factors)), default=1, err=True
        )
        device = factors[choice - 1]["device"]
    challenge = step.get("challenge")
    if not challenge or challenge["device"] != device:
        challenge = _new_challenge(client, step["login"], device)
    while True:
        if challenge.get("question"):
            note(_("Challenge: {question}").format(question=challenge["question"]))
        answer = click.prompt(_("Response"), err=True)
        try:
            granted: dict[str, Any] = client.request(
                "POST",
                f"/login/{step['login']}/answer",
                json={"device": device, "answer": answer},
            ).json()
        except NotLoggedIn as error:
            note(_("That was not accepted. Here is a new challenge."))
            try:
                challenge = _new_challenge(client, step["login"], device)
            except NotLoggedIn:
                raise error from None
        else:
            return granted


def _new_challenge(client: PortalClient, login_id: str, device: str) -> dict[str, Any]:
    answer = client.request("POST", f"/login/{login_id}/challenge", json={"device": device})
    challenge: dict[str, Any] = answer.json()["challenge"]
    return challenge


@click.command()
@command_options
def logout() -> None:
    """End the session with the portal and forget it on this computer."""
    from deskside.foundation.portal_client import PortalClient, forget_session, load_session

    session = load_session()
    if session is None:
        emit({"logged_out": False}, _("Nobody was logged in."))
        return
    try:
        with PortalClient.open() as client:
            client.request("POST", "/logout")
    except NotLoggedIn:
        pass
    except Refused as error:
        note(_("The portal could not be told: {reason}").format(reason=error.message))
    finally:
        forget_session()
    emit({"logged_out": True}, _("Logged out of {portal}.").format(portal=session.portal))


@click.command()
@command_options
def whoami() -> None:
    """Show who is logged in to which portal."""
    from deskside.foundation.portal_client import PortalClient

    with PortalClient.open() as client:
        me = client.request("GET", "/me").json()
    name = me.get("username") or me.get("user_name", "")
    emit({"portal": client.portal} | me, f"{name}  {client.portal}")


@click.group()
def sessions() -> None:
    """Sessions of your user name at the portal: list them, end them."""


@sessions.command("list")
@command_options
def list_sessions() -> None:
    """List where your user name is logged in, the last used first.

    With --json: {"sessions": [{"id","started","last_seen","expires","address",
    "other_addresses","agent","current"}]}.
    """
    from deskside.foundation.console import table
    from deskside.foundation.portal_client import PortalClient

    with PortalClient.open() as client:
        told = client.data("GET", "/me/sessions")
    rows = [
        [
            one["id"] + (" *" if one["current"] else ""),
            ", ".join([one["address"], *one["other_addresses"]]),
            one["last_seen"],
            one["agent"],
        ]
        for one in told["sessions"]
    ]
    headings = [_("Session (* this one)"), _("Addresses"), _("Last used"), _("Program")]
    emit(told, lambda: table(headings, rows))


@sessions.command("end")
@click.argument("identifier", metavar="[ID]", required=False)
@click.option("--others", is_flag=True, help="End all sessions but this one.")
@command_options
def end_sessions(identifier: str | None, others: bool) -> None:
    """End one session, or all but this one.

    Exit codes: 0 fine, 2 wrong usage, 3 no such session or not logged in.
    """
    from urllib.parse import quote

    from deskside.foundation.portal_client import PortalClient

    if bool(identifier) is others:
        raise click.UsageError(_("Name one session, or use --others."))
    with PortalClient.open() as client:
        if others:
            count = client.data("DELETE", "/me/sessions")["ended"]
        else:
            client.request("DELETE", f"/me/sessions/{quote(identifier or '', safe='')}")
            count = 1
    emit({"ended": count}, _("Sessions ended: {count}").format(count=count))


@click.command()
@click.option("--limit", default=20, type=click.IntRange(1, 200), help="How many at most [20].")
@command_options
def events(limit: int) -> None:
    """List what happened to your user name and your devices, newest first.

    With --json: {"events": [{"id","at","event","text","detail"}], "next": id or null}.
    """
    from deskside.foundation.console import table
    from deskside.foundation.portal_client import PortalClient

    with PortalClient.open() as client:
        told = client.data("GET", f"/me/events?limit={limit}")
    rows = [[one["at"], one["text"]] for one in told["events"]]
    emit(told, lambda: table([_("When"), _("What")], rows))
