"""`deskside admin first` and `users`: who may log in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.commands import place_options
from deskside.foundation.console import change_options, command_options, confirm, emit, table
from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.secure_login.office import office
from deskside.secure_login.people.commands import import_users

if TYPE_CHECKING:
    from deskside.directory.model import LinkPurpose, UserName
    from deskside.secure_login.office import Office

ROLES = ("trader", "operator", "helpdesk", "reviewer", "security-officer")


@click.command()
@click.argument("name", default="admin")
@click.option("--display-name", default="Administrator", help="The person's name.")
@click.option("--email", default="", help="Where to write to the person.")
@place_options
@command_options
def first(name: str, display_name: str, email: str, data: str | None, database: str | None) -> None:
    """Make the first administrator, and print the link to choose a password.

    The link works once, for 24 hours. Run the command again for a new one while no administrator
    has a password.

    \b
    Example:
      deskside admin first olivia --display-name "Olivia Grant"
    """
    from deskside.directory.model import HolderKind, Identity, LinkPurpose, Role

    with office(data, database) as here:
        operators = [user for user in here.directory.users() if Role.OPERATOR in user.roles]
        if any(user.has_password for user in operators):
            raise Refused(
                "administrator-exists",
                _("There is an administrator already: {name}.").format(name=operators[0].name),
                hint=_("Add another with: deskside admin users add NAME --role operator"),
            )
        if not operators:
            holder = here.directory.add_holder(
                HolderKind.PERSON, Identity(display_name), email=email
            )
            operators = [here.directory.add_user_name(name, holder.id, frozenset({Role.OPERATOR}))]
        _hand_over(here, operators[0], LinkPurpose.SET_UP, by_mail=False)


@click.group()
def users() -> None:
    """User names: list, add, import, reset, disable."""


@users.command("list")
@place_options
@command_options
def list_users(data: str | None, database: str | None) -> None:
    """List all user names."""
    with office(data, database) as here:
        found = here.directory.users()
    rows = [
        [user.name, user.display_name, " ".join(sorted(user.roles)), _state_of(user)]
        for user in found
    ]
    headings = [_("User name"), _("Name"), _("Roles"), _("State")]
    emit({"users": [_as_json(user) for user in found]}, lambda: table(headings, rows))


users.add_command(import_users)


@users.command("add")
@click.argument("name")
@click.option("--display-name", required=True, help="The person's or entity's name.")
@click.option("--email", default="", help="Where to write to them.")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="May be repeated.")
@click.option("--entity", is_flag=True, help="The holder is an entity, not a person.")
@click.option("--holder-of", metavar="USER", help="Another user name of the same holder.")
@place_options
@command_options
def add_user(
    name: str,
    display_name: str,
    email: str,
    roles: tuple[str, ...],
    entity: bool,
    holder_of: str | None,
    data: str | None,
    database: str | None,
) -> None:
    """Add a user name, and send or print the link to choose its password."""
    from deskside.directory.model import HolderKind, Identity, LinkPurpose, Role
    from deskside.directory.rules import check_user_name

    check_user_name(name)
    granted = frozenset(map(Role, roles or ("trader",)))
    with office(data, database) as here:
        if holder_of:
            holder_id = here.directory.find(holder_of).holder_id
        else:
            kind = HolderKind.ENTITY if entity else HolderKind.PERSON
            holder_id = here.directory.add_holder(kind, Identity(display_name), email=email).id
        account = here.directory.add_account(holder_id) if Role.TRADER in granted else None
        user = here.directory.add_user_name(name, holder_id, granted, account_id=account)
        _hand_over(here, user, LinkPurpose.SET_UP)


@users.command("reset")
@click.argument("name")
@place_options
@command_options
def reset_user(name: str, data: str | None, database: str | None) -> None:
    """Send or print a link to choose a new password; it works once, for an hour.

    Nobody but the person ever chooses or sees the password.
    """
    from deskside.directory.model import LinkPurpose

    with office(data, database) as here:
        _hand_over(here, here.directory.find(name), LinkPurpose.RESET)


@users.command("disable")
@click.argument("name")
@place_options
@change_options
@command_options
def disable_user(
    name: str, dry_run: bool, yes: bool, data: str | None, database: str | None
) -> None:
    """Stop a user name from logging in, and end its sessions at once."""
    _set_enabled(name, data, database, enabled=False, dry_run=dry_run, yes=yes)


@users.command("enable")
@click.argument("name")
@place_options
@change_options
@command_options
def enable_user(
    name: str, dry_run: bool, yes: bool, data: str | None, database: str | None
) -> None:
    """Let a disabled user name log in again."""
    _set_enabled(name, data, database, enabled=True, dry_run=dry_run, yes=yes)


def _hand_over(here: Office, user: UserName, purpose: LinkPurpose, *, by_mail: bool = True) -> None:
    """Send a one-time link where mail goes out, else print it: this once and never again."""
    from deskside.directory.service import link_address

    mailed = (
        by_mail
        and here.config.optional_text("mail.host") is not None
        and here.directory.send_link(user, purpose, here.address)
    )
    if mailed:
        emit(
            {"username": user.name, "sent": True},
            _("A link to choose a password was sent to {name} by e-mail.").format(name=user.name),
        )
        return
    link = link_address(here.address, purpose, here.directory.issue_link(user, purpose))
    emit(
        {"username": user.name, "sent": False, "link": link},
        _(
            "Give {name} this link, by a way that only they can read. It works once:\n\n  {link}\n"
        ).format(name=user.name, link=link),
    )


def _set_enabled(
    name: str, data: str | None, database: str | None, *, enabled: bool, dry_run: bool, yes: bool
) -> None:
    with office(data, database) as here:
        user = here.directory.find(name)
        changes = user.enabled is not enabled
        question = _("Enable {name}?") if enabled else _("Disable {name} and end its sessions?")
        if changes and not dry_run:
            confirm(question.format(name=name), yes=yes)
            here.secure_login.set_enabled(user, enabled=enabled)
    done = _("{name} may log in.") if enabled else _("{name} may not log in.")
    would = _("{name} would be enabled.") if enabled else _("{name} would be disabled.")
    emit(
        {"username": name, "enabled": enabled, "changed": changes and not dry_run},
        (would if dry_run and changes else done).format(name=name),
    )


def _state_of(user: UserName) -> str:
    if not user.enabled:
        return _("disabled")
    return _("active") if user.has_password else _("no password yet")


def _as_json(user: UserName) -> dict[str, Any]:
    return {
        "username": user.name,
        "display_name": user.display_name,
        "roles": sorted(role.value for role in user.roles),
        "account": user.account.value if user.account else None,
        "enabled": user.enabled,
        "has_password": user.has_password,
    }
