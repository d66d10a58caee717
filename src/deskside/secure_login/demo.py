"""A small desk to try things with: people, user names, cards, all made up.

Passwords and PINs are made when an empty database is filled, and stay. `demo.json` (0600) in the
data folder tells them, for the person who tries and for tests.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from deskside.directory.model import AccountStatus, HolderKind, Identity, Role, UserName
from deskside.directory.service import DirectoryService
from deskside.foundation.clock import Randomness, SystemRandomness
from deskside.foundation.database import Database
from deskside.foundation.errors import Refused
from deskside.foundation.paths import private_folder, write_private
from deskside.foundation.text import _
from deskside.secure_login.authenticators import WithPin, authenticator
from deskside.secure_login.authenticators.dsc_plus import DscPlus
from deskside.secure_login.card import file as device_file
from deskside.secure_login.card.device import VirtualCard
from deskside.secure_login.passwords import hash_now
from deskside.secure_login.pin import PIN_LENGTH, PinRefused, choose_pin
from deskside.secure_login.service import LoginService
from deskside.secure_login.values import DeviceStatus

SUMMARY = "demo.json"
CARDS = "cards"
STOCK = 3
"""Cards that are nobody's yet, for orders; their files are named by serial number."""
KIND = "dsc-plus"
"""What everybody has who is not said to have something else."""

_WORD_LIST = (
    "amber anchor autumn basket beacon birch bridge bronze candle canyon cedar chalk cinder"
    " clover cobalt comet copper coral cotton crystal dapple delta ember falcon fern fjord"
    " flint garnet glacier granite harbour hazel heron indigo island ivory jasper juniper"
    " kestrel lagoon lantern lemon linen maple marble meadow mosaic nectar nimbus oasis olive"
    " opal orchid otter pebble pewter pine plume quartz quill raven reef river saffron sable"
    " sierra slate spruce summit tamarind thistle timber topaz tundra umber valley velvet"
    " violet walnut willow wren"
)
_WORDS = _WORD_LIST.split()


@dataclass(frozen=True, slots=True)
class Member:
    """A user name of the desk; members with the same card share it, and whatever else they have.

    `of` names an earlier member whose holder is this one's too.
    """

    name: str
    identity: Identity
    roles: tuple[Role, ...] = (Role.TRADER,)
    card: str = ""
    kinds: tuple[str, ...] = (KIND,)
    equity: int = 0
    kind: HolderKind = HolderKind.PERSON
    of: str = ""


@dataclass(frozen=True, slots=True)
class DemoUser:
    """One user in `demo.json`."""

    username: str
    password: str = field(repr=False)
    roles: list[str]
    devices: list[dict[str, str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class DemoCard:
    """A card of the demonstration, with what only its holder would know."""

    label: str
    pin: str = field(repr=False)
    card: VirtualCard = field(repr=False)

    @property
    def serial(self) -> str:
        return self.card.serial


class Services(Protocol):
    """What filling a desk takes."""

    @property
    def database(self) -> Database: ...
    @property
    def directory(self) -> DirectoryService: ...
    @property
    def secure_login(self) -> LoginService: ...


def _person(name: str, born: date, number: str, country: str = "IT") -> Identity:
    return Identity(
        name=name,
        birth_date=born,
        citizenship=country,
        legal_residence=country,
        document_type="passport",
        document_number=number,
    )


_TESSA = _person("Tessa Marino", date(1984, 3, 14), "YA1204417")
_ALBA = _person("Alba Ferri", date(1979, 11, 2), "YB7730912")
_GRETA = _person("Greta Bauer", date(1987, 2, 8), "C01X00T47", "DE")
_BRUNO = _person("Bruno Conti", date(1990, 7, 21), "YC4418230")
_BRERA = Identity(
    name="Brera Capital Srl",
    birth_date=date(2009, 10, 12),
    citizenship="IT",
    legal_residence="IT",
    document_type="registration",
    document_number="MI-1928374",
)

MEMBERS: tuple[Member, ...] = (
    Member(
        "olivia", _person("Olivia Grant", date(1981, 5, 9), "533871204", "GB"), (Role.OPERATOR,)
    ),
    Member("renata", _person("Renata Sala", date(1975, 1, 30), "YD9921745"), (Role.REVIEWER,)),
    Member(
        "rupert", _person("Rupert Lane", date(1988, 9, 17), "547720931", "GB"), (Role.REVIEWER,)
    ),
    Member("tessa", _TESSA, card="tessa"),
    Member("tessa2", _TESSA, card="tessa"),
    # Whoever holds several devices chooses which one answers.
    Member(
        "dario",
        _person("Dario Villa", date(1969, 12, 8), "YE3310582"),
        kinds=(KIND, "dsc-time", "totp", "code-card", "recovery-code"),
    ),
    # Rich enough to order a Digital Security Card+ in place of the printed card.
    Member(
        "carla",
        _person("Carla Neri", date(1958, 4, 4), "YF8829014"),
        kinds=("code-card",),
        equity=2_400_000,
    ),
    # A lost device: a temporary code, and the online card that was printed with it.
    Member(
        "lorenzo",
        _person("Lorenzo Riva", date(1993, 6, 25), "YG1175530"),
        kinds=("temporary-code", "online-code-card"),
    ),
    # Two user names entered at different times under one identity: they may share a device.
    Member("alba", _ALBA),
    Member("alba.savings", _ALBA),
    # One person who has married since: the data match, the names do not, so somebody reviews it.
    Member("greta", _GRETA),
    Member("greta.lang", replace(_GRETA, name="Greta Lang")),
    Member("greta.savings", replace(_GRETA, name="Greta Lang")),
    # The same person with an old document on file: they may not, until it is put right.
    Member("bruno", _BRUNO),
    Member("bruno.savings", _person("Bruno Conti", date(1990, 7, 21), "AA0091827")),
    # An entity with a trader, and the officer who looks after its user names and no others.
    Member("brera", _BRERA, kind=HolderKind.ENTITY),
    Member("sofia", _BRERA, (Role.SECURITY_OFFICER,), of="brera"),
    Member("hanna", _person("Hanna Weiss", date(1992, 4, 27), "C22Y11T83", "DE"), (Role.HELPDESK,)),
)
"""The desk. Members that name the same card are one holder's."""


def welcome(services: Services, folder: Path, address: str) -> list[str]:
    """Fill an empty database, and say how to log in.

    Raises:
        Refused: the database is not empty and not the demonstration's.
    """
    if services.directory.is_empty():
        fill(services, folder, address)
    users = _users(folder)
    if not users:
        raise Refused(
            "not-the-demo",
            _("This database is in use; the demonstration will not touch it."),
            hint=_("Leave out --demo, or give the demonstration a folder of its own with --data."),
        )
    _write(folder, address, users)
    shown = next(user for user in users if user.devices)
    trader = next((user for user in users if "trader" in user.roles), shown)
    device = trader.devices[0]
    return [
        "",
        _("The demonstration desk. Log in as:"),
        *_aligned(
            (_("User name"), trader.username),
            (_("Password"), trader.password),
            (_("Card PIN"), device["pin"]),
        ),
        "",
        _("Operate the card at {address}/demo/card, or in another terminal:").format(
            address=address
        ),
        f"  deskside card --file {shlex.quote(device['file'])}",
        "",
        _("Then try there:"),
        f"  deskside network test --catalogue {address}/api/v1/network/catalogue",
        f"  deskside login {address}",
        "  deskside settings save",
        "  deskside run KB2323",
        "  deskside open",
        "",
        _("The desk's staff:"),
        *_aligned(*_staff(users)),
        "",
        _("Everybody else's passwords and cards are in {file}").format(file=folder / SUMMARY),
    ]


def _staff(users: list[DemoUser]) -> list[tuple[str, str]]:
    """Each role of staff with the user names that have it."""
    titles = {
        Role.OPERATOR: _("Operator"),
        Role.HELPDESK: _("Helpdesk"),
        Role.REVIEWER: _("Reviewer"),
        Role.SECURITY_OFFICER: _("Security officer"),
    }
    return [
        (title, ", ".join(user.username for user in users if role.value in user.roles))
        for role, title in titles.items()
    ]


def _aligned(*rows: tuple[str, str]) -> list[str]:
    width = max(len(label) for label, _value in rows)
    return [f"  {label:<{width}}  {value}" for label, value in rows]


def fill(
    services: Services, folder: Path, address: str, *, random: Randomness | None = None
) -> None:
    """Put the desk into an empty database; write `demo.json` and the files of its cards."""
    chance = random or SystemRandomness()
    cards = private_folder(folder / CARDS)
    users: list[DemoUser] = []
    holders: dict[str, str] = {}
    for group in _by_card():
        password = {member.name: _password(chance) for member in group}
        owners = _enter(services, group, password, holders.get(group[0].of))
        holders[group[0].name] = owners[0].holder_id
        devices = [_issue(services, owners, kind, cards, chance) for kind in group[0].kinds]
        users += [
            DemoUser(
                member.name, password[member.name], [role.value for role in member.roles], devices
            )
            for member in group
        ]
    _stock(services, cards, chance)
    _write(folder, address, users)


def demo_cards(folder: Path) -> list[DemoCard]:
    """The cards of the demonstration, each once; empty where there is no demonstration.

    Those in stock come last, by serial number: their PINs are chosen by whoever orders them.
    """
    files: dict[str, tuple[str, list[str]]] = {}
    for user in _users(folder):
        for device in user.devices:
            if device["kind"] == KIND:
                files.setdefault(device["file"], (device["pin"], []))[1].append(user.username)
    held = [
        DemoCard(", ".join(names), pin, VirtualCard.from_document(device_file.read(Path(path))))
        for path, (pin, names) in files.items()
    ]
    stock = [
        VirtualCard.from_document(device_file.read(path))
        for path in sorted((folder / CARDS).glob("stock-*.json"))
    ]
    return held + [DemoCard(card.serial, "", card) for card in stock if held]


def _by_card() -> list[list[Member]]:
    groups: dict[str, list[Member]] = {}
    for member in MEMBERS:
        groups.setdefault(member.card or member.name, []).append(member)
    return list(groups.values())


def _enter(
    services: Services, group: list[Member], password: dict[str, str], known: str | None
) -> list[UserName]:
    directory, first = services.directory, group[0]
    holder_id = known or (
        directory.add_holder(first.kind, first.identity, email=f"{first.name}@demo.example").id
    )
    staff = Role.TRADER not in first.roles
    account = None if staff else directory.add_account(holder_id, AccountStatus.OPEN)
    owners = []
    for member in group:
        owner = directory.add_user_name(
            member.name, holder_id, frozenset(member.roles), account_id=account
        )
        with services.database.write() as connection:
            directory.store_password(connection, owner.id, hash_now(password[member.name]))
        owners.append(owner)
    if group[0].equity:
        directory.set_equity(owners[0].name, group[0].equity)
    return owners


def _stock(services: Services, cards: Path, chance: Randomness) -> None:
    """Put cards into stock."""
    devices = services.secure_login.devices
    for _card in range(STOCK):
        issued = DscPlus().issue(chance, pin=_pin(chance))
        assert issued.virtual_device is not None
        with services.database.write() as connection:
            devices.store_issued(connection, [(KIND, issued, None)], status=DeviceStatus.WAITING)
        device_file.write(cards / f"stock-{issued.public['serial']}.json", issued.virtual_device)


def _issue(
    services: Services, owners: list[UserName], kind: str, cards: Path, chance: Randomness
) -> dict[str, str]:
    pin = _pin(chance) if isinstance(authenticator(kind), WithPin) else ""
    choices = {"pin": pin} if pin else {}
    _info, issued = services.secure_login.issue_device(owners, kind, **choices)
    assert issued.virtual_device is not None
    named = owners[0].name if kind == KIND else f"{owners[0].name}-{kind}"
    path = cards / f"{named}.json"
    path.unlink(missing_ok=True)  # of a desk that is gone: the database was empty
    device_file.write(path, issued.virtual_device)
    return {"kind": kind, "file": str(path.absolute()), "pin": pin}


def _password(chance: Randomness) -> str:
    return "-".join(_WORDS[chance.below(len(_WORDS))] for _word in range(4))


def _pin(chance: Randomness) -> str:
    while True:
        try:
            return choose_pin(f"{chance.below(10**PIN_LENGTH):0{PIN_LENGTH}d}")
        except PinRefused:
            continue


def _users(folder: Path) -> list[DemoUser]:
    try:
        read: Any = json.loads((folder / SUMMARY).read_text("utf-8"))
        return [DemoUser(**user) for user in read["users"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _write(folder: Path, address: str, users: list[DemoUser]) -> None:
    summary = {"portal": address, "users": [asdict(user) for user in users]}
    write_private(folder / SUMMARY, json.dumps(summary, indent=2).encode() + b"\n")
