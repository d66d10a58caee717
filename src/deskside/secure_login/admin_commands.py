"""`deskside admin first`, `users` and `devices`: who may log in, and with what."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.commands import desk, keys_of, place_options
from deskside.foundation.console import (
    change_options,
    command_options,
    confirm,
    emit,
    table,
    wants_json,
)
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.directory.model import LinkPurpose, UserName
    from deskside.directory.service import DirectoryService
    from deskside.foundation.config import Config
    from deskside.secure_login.model import Issued
    from deskside.secure_login.service import LoginService
    from deskside.secure_login.values import DeviceInfo

ROLES = ("trader", "operator", "helpdesk", "reviewer", "security-officer")


@dataclass(frozen=True, slots=True)
class Office:
    """The services that an administrator's command works with."""

    config: Config
    directory: DirectoryService
    secure_login: LoginService

    @property
    def address(self) -> str:
        """The portal's address, for links: the one that is set, or was last, or would be."""
        return _address(self.config)


def _address(config: Config) -> str:
    from deskside.foundation.public_address import remembered

    host, port = config.address("portal.listen")
    known = config.optional_text("portal.url") or remembered(config.data_folder())
    return (known or f"http://{host}:{port}").rstrip("/")


@contextmanager
def office(data: str | None, database: str | None) -> Iterator[Office]:
    """Open the portal's database and its services."""
    from deskside.directory.service import DirectoryService
    from deskside.foundation.audit.service import COMMAND_LINE, Audit
    from deskside.foundation.clock import SystemClock
    from deskside.foundation.mail import Mail
    from deskside.secure_login.policies import rights_policy
    from deskside.secure_login.service import LoginService

    with desk(data, database) as (config, opened):
        keyring, clock = keys_of(config, opened), SystemClock()
        audit, mail = Audit(clock, actor=COMMAND_LINE), Mail(keyring, clock)
        language = config.text("mail.language")
        directory = DirectoryService(opened, keyring, clock, audit, mail, language)
        service = LoginService.open(
            opened,
            keyring,
            clock,
            audit,
            mail,
            directory,
            portal=lambda: _address(config),
            rights=rights_policy(config),
        )
        try:
            yield Office(config, directory, service)
        finally:
            service.close()


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
    """User names: list, add, reset, disable."""


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


@click.group()
def devices() -> None:
    """Security devices: list, issue, lock, unlock."""


@devices.command("list")
@click.argument("user", required=False)
@place_options
@command_options
def list_devices(user: str | None, data: str | None, database: str | None) -> None:
    """List all devices, or those of one user name."""
    from deskside.secure_login.words import state

    with office(data, database) as here:
        owner = here.directory.find(user).id if user else None
        found = here.secure_login.list_devices(user_name_id=owner)
    rows = [[info.serial, info.label, state(info)[0], " ".join(info.user_names)] for info in found]
    headings = [_("Serial number"), _("Device"), _("State"), _("User names")]
    emit({"devices": [_device_json(info) for info in found]}, lambda: table(headings, rows))


@devices.command("issue")
@click.argument("owners", metavar="USER...", nargs=-1, required=True)
@click.option("--kind", default="dsc-plus", help="Kind of device [dsc-plus].")
@click.option("--label", default="", help="What its holder calls it.")
@click.option("--pin", default=None, help="- reads the PIN from standard input; else it is asked.")
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path),
    required=True,
    help="Where to write the virtual device.",
)
@place_options
@command_options
def issue_device(
    owners: tuple[str, ...],
    kind: str,
    label: str,
    pin: str | None,
    path: Path,
    data: str | None,
    database: str | None,
) -> None:
    """Issue a virtual device to one or more user names; it is active at once.

    A temporary code is for one user name, after a check of who asks, and never the second in a
    row: it is whole for 2 days, and for 10 more only to print an online card.
    """
    from deskside.secure_login.card import file as device_file

    if path.exists():
        raise Refused(
            "virtual-device-exists",
            _("The file {path} exists already; nothing was changed.").format(path=path),
            hint=_("Choose another name."),
        )
    with office(data, database) as here:
        holders = [here.directory.find(owner) for owner in owners]
        info, issued = _issue(here, holders, kind, label, pin)
        assert issued.virtual_device is not None
        device_file.write(path, issued.virtual_device)
    emit(
        _device_json(info) | {"file": str(path)},
        _("Issued {serial}. The device is in {path}: hand it over safely.").format(
            serial=info.serial, path=path
        ),
    )


def _issue(
    here: Office, holders: list[UserName], kind: str, label: str, pin: str | None
) -> tuple[DeviceInfo, Issued]:
    from deskside.secure_login.activation import TEMPORARY
    from deskside.secure_login.authenticators import WithPin, authenticator

    if kind == TEMPORARY:
        if len(holders) != 1:
            raise click.UsageError(_("A temporary code is for one user name."))
        return here.secure_login.lives.temporary_code(holders[0])
    choices: dict[str, Any] = {}
    if isinstance(authenticator(kind), WithPin):
        choices = {"pin": _read_pin(pin)}
    return here.secure_login.issue_device(holders, kind, label=label, **choices)


@devices.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    help="Holds the key that opens an encrypted PSKC file, in hexadecimal.",
)
@click.option(
    "--password", default="", help="- reads the password of the file from standard input."
)
@click.option("--dry-run", is_flag=True, help="Judge every row and store nothing.")
@place_options
@command_options
def import_devices(
    file: Path,
    key_file: Path | None,
    password: str,
    dry_run: bool,
    data: str | None,
    database: str | None,
) -> None:
    """Take the seeds of devices from a file: PSKC (RFC 6030) or CSV.

    CSV begins with a line of names: serial, key (hexadecimal), and where wanted kind, suite,
    digits, step, algorithm, username. Devices that are there already are passed over, so an
    import that was cut off is simply run again. With --json every row is told of; else the ones
    that were refused.

    Exit codes: 0 all rows are in, 1 some were refused, 3 the file cannot be read.
    """
    from deskside.secure_login.seeds.reading import read_seeds, rows_in
    from deskside.secure_login.seeds.service import REFUSED, SeedImport

    if password not in ("", "-"):
        raise click.UsageError(_("A password does not belong on the command line: --password -"))
    word = sys.stdin.readline().rstrip("\r\n") if password else ""
    lines = read_seeds(file, key=_hex_key(key_file) if key_file else None, password=word)
    bar = click.progressbar(
        length=rows_in(file.read_bytes()),
        label=_("Checking") if dry_run else _("Importing"),
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    )
    with office(data, database) as here, bar:
        taking = SeedImport(here.secure_login.devices, here.directory)
        done = taking.run(
            lines, dry_run=dry_run, progress=lambda through: bar.update(through - bar.pos)
        )
        rows = list(done)
    counts = {name: sum(row.outcome == name for row in rows) for name in ("new", "present")}
    refused = [row for row in rows if row.outcome == REFUSED]
    told = [f"{row.line}: {row.serial}: {row.problem}" for row in refused]
    told.append(
        _("New: {new}. There already: {present}. Refused: {refused}.").format(
            refused=len(refused), **counts
        )
    )
    emit(
        counts
        | {"refused": len(refused), "dry_run": dry_run, "rows": [asdict(row) for row in rows]},
        "\n".join(told),
    )
    if refused:
        sys.exit(1)


def _hex_key(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise Refused(
            "key-unreadable", _("The file {path} holds no key in hexadecimal.").format(path=path)
        ) from error


@devices.command("lock")
@click.argument("serial", metavar="USER/SERIAL")
@place_options
@command_options
def lock_device(serial: str, data: str | None, database: str | None) -> None:
    """Lock a device, by serial number or by the user name that has only one."""
    _set_status(serial, data, database, lock=True)


@devices.command("unlock")
@click.argument("serial", metavar="USER/SERIAL")
@place_options
@command_options
def unlock_device(serial: str, data: str | None, database: str | None) -> None:
    """Unlock a device."""
    _set_status(serial, data, database, lock=False)


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


def _set_status(which: str, data: str | None, database: str | None, *, lock: bool) -> None:
    from deskside.secure_login.values import DeviceStatus
    from deskside.secure_login.words import state

    status = DeviceStatus.LOCKED if lock else DeviceStatus.ACTIVE
    with office(data, database) as here:
        info = here.secure_login.set_device_status(_serial_of(here, which), status)
    emit(_device_json(info), f"{info.serial}  {state(info)[0]}")


def _serial_of(here: Office, which: str) -> str:
    """A serial number, or the only device of a user name."""
    if here.secure_login.list_devices(serial=which):
        return which
    try:
        owner = here.directory.find(which)
    except NotFound:
        return which
    own = here.secure_login.list_devices(user_name_id=owner.id)
    if len(own) != 1:
        raise Refused(
            "which-device",
            _("{name} has {count} devices.").format(name=which, count=len(own)),
            hint=_("Name one by its serial number: deskside admin devices list {name}").format(
                name=which
            ),
        )
    return own[0].id


def _read_pin(given: str | None) -> str:
    if given == "-":
        return sys.stdin.readline().strip()
    if given is not None:
        raise click.UsageError(_("A PIN does not belong on the command line: use --pin -"))
    if wants_json() or not sys.stdin.isatty():
        raise click.UsageError(_("There is nobody to ask for the PIN: use --pin -"))
    return str(click.prompt(_("PIN"), hide_input=True, confirmation_prompt=True, err=True))


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


def _device_json(info: DeviceInfo) -> dict[str, Any]:
    return {
        "id": info.id,
        "kind": info.kind,
        "label": info.label,
        "serial": info.serial,
        "status": info.status.value,
        "since": info.since.isoformat(),
        "users": list(info.user_names),
    }
