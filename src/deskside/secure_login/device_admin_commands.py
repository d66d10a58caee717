"""`deskside admin devices`: what people log in with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.commands import place_options
from deskside.foundation.console import command_options, emit, table
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _
from deskside.secure_login.new_pin import read_new_pin
from deskside.secure_login.office import office

if TYPE_CHECKING:
    from deskside.directory.model import UserName
    from deskside.secure_login.model import Issued
    from deskside.secure_login.office import Office
    from deskside.secure_login.values import DeviceInfo


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
        choices = {"pin": read_new_pin(pin)}
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
    from deskside.secure_login.seeds.service import SeedImport
    from deskside.secure_login.seeds.terminal import taken, tell

    if password not in ("", "-"):
        raise click.UsageError(_("A password does not belong on the command line: --password -"))
    word = sys.stdin.readline().rstrip("\r\n") if password else ""
    lines = read_seeds(file, key=_hex_key(key_file) if key_file else None, password=word)
    with file.open("rb") as again:
        total = rows_in(again)
    with office(data, database) as here:
        taking = SeedImport(here.secure_login.devices, here.directory)
        rows = taken(taking, lines, total, dry_run=dry_run)
    tell(rows, dry_run=dry_run)


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
