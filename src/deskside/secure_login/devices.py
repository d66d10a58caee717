"""Devices and their bindings to user names: issuing, listing, locking, loading for a log-in."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from deskside.directory.model import UserName
from deskside.directory.service import STANDING
from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock, Randomness
from deskside.foundation.database import Database, new_id
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.keyring import Keyring
from deskside.foundation.text import _
from deskside.secure_login.authenticators import Hashing, LookUp, authenticator
from deskside.secure_login.model import DeviceRecord, Issued, Keyed
from deskside.secure_login.rules import Holding
from deskside.secure_login.store import binding, device, last_login
from deskside.secure_login.values import DeviceInfo, DeviceStatus, Factor

ACTIVE, WAITING = DeviceStatus.ACTIVE.value, DeviceStatus.WAITING.value
PARKED = "parked"
"""A binding that rests while its user name shares another device."""


@dataclass(frozen=True, slots=True)
class Devices:
    """What people hold, and which user names log in with it."""

    database: Database
    keyring: Keyring
    clock: Clock
    audit: Audit
    random: Randomness

    def issue(
        self,
        owners: Sequence[UserName],
        kind: str,
        *,
        label: str = "",
        actor: str | None = None,
        **choices: Any,
    ) -> tuple[DeviceInfo, Issued]:
        """Make a device and bind it to user names, active at once.

        Raises:
            UnknownKind: no plug-in offers that kind.
            UsageProblem: a choice, such as the PIN, is not acceptable.
        """
        with self.database.write() as connection:
            return self.issue_within(connection, owners, kind, label=label, actor=actor, **choices)

    def issue_within(
        self,
        connection: Connection,
        owners: Sequence[UserName],
        kind: str,
        *,
        label: str = "",
        actor: str | None = None,
        status: DeviceStatus = DeviceStatus.ACTIVE,
        activate_by: datetime | None = None,
        **choices: Any,
    ) -> tuple[DeviceInfo, Issued]:
        """As `issue`, in the caller's transaction, and perhaps still to be activated."""
        plugin = authenticator(kind)
        identifier, now = new_id(), self.clock.now()
        if isinstance(plugin, Hashing):
            choices["keyed"] = self._keyed(identifier, kind)
        issued = plugin.issue(self.random, **choices)
        info = DeviceInfo(
            id=identifier,
            kind=kind,
            label=label,
            serial=issued.public.get("serial", identifier),
            status=status,
            since=now,
            user_names=tuple(owner.name for owner in owners),
            expires=now + issued.lifetime if issued.lifetime else None,
            activate_by=activate_by,
        )
        self._insert(connection, info, issued)
        for owner in owners:
            self.bind(connection, info, owner, actor)
        return info, issued

    def listed(self, *, user_name_id: str | None = None, serial: str = "") -> list[DeviceInfo]:
        """Devices with the user names that they are bound to, by serial number."""
        query = _LISTED
        if user_name_id is not None:
            own = select(binding.c.device_id).where(binding.c.user_name_id == user_name_id)
            query = query.where(device.c.id.in_(own))
        if serial:
            query = query.where(or_(device.c.serial == serial, device.c.id == serial))
        with self.database.read() as connection:
            return _infos(connection.execute(query).all())

    def starting(self, serial: str, limit: int) -> list[DeviceInfo]:
        """Devices whose serial numbers begin so, at most so many."""
        begins = device.c.serial.startswith(serial, autoescape=True)
        first = select(device.c.id).where(begins).order_by(device.c.serial).limit(limit)
        with self.database.read() as connection:
            return _infos(connection.execute(_LISTED.where(device.c.id.in_(first))).all())

    def filtered(
        self,
        *,
        kind: str = "",
        status: DeviceStatus | None = None,
        unassigned: bool = False,
        serial: str = "",
        after: str = "",
        limit: int,
    ) -> list[DeviceInfo]:
        """Devices that meet every condition given, at most so many, by serial number.

        Args:
            unassigned: only those that are bound to nobody.
            serial: how the serial number begins.
            after: the serial number and id, with a space between, of the last one seen.
        """
        chosen = select(device.c.id)
        if kind:
            chosen = chosen.where(device.c.kind == kind)
        if status:
            chosen = chosen.where(device.c.status == status.value)
        if unassigned:
            chosen = chosen.where(~exists().where(binding.c.device_id == device.c.id))
        if serial:
            chosen = chosen.where(device.c.serial.startswith(serial, autoescape=True))
        if after:
            last, _space, identifier = after.rpartition(" ")
            chosen = chosen.where(
                or_(
                    device.c.serial > last,
                    and_(device.c.serial == last, device.c.id > identifier),
                )
            )
        chosen = chosen.order_by(device.c.serial, device.c.id).limit(limit)
        with self.database.read() as connection:
            infos = _infos(connection.execute(_LISTED.where(device.c.id.in_(chosen))).all())
        return sorted(infos, key=lambda info: (info.serial, info.id))

    def hand_out(
        self,
        connection: Connection,
        info: DeviceInfo,
        owner: UserName,
        *,
        activate_by: datetime,
        actor: str | None,
    ) -> None:
        """Bind a device from stock, which waits and is nobody's.

        Raises:
            Refused: somebody else was given it meanwhile, or it is in use.
        """
        free = ~exists().where(binding.c.device_id == device.c.id)
        taken = connection.execute(
            update(device)
            .where(device.c.id == info.id, device.c.status == DeviceStatus.WAITING.value)
            .where(free, device.c.activate_by.is_(None))
            .values(activate_by=activate_by, version=device.c.version + 1)
        )
        if taken.rowcount != 1:
            raise Refused(
                "device-not-in-stock",
                _("The device {serial} is not in stock any more.").format(serial=info.serial),
                hint=_("Choose another."),
            )
        self.bind(connection, replace(info, since=self.clock.now()), owner, actor)

    def set_status(
        self, serial: str, status: DeviceStatus, *, actor: str | None = None
    ) -> DeviceInfo:
        """Lock a device for everybody who uses it, or unlock it; raises NotFound."""
        found = self.listed(serial=serial)
        if not found:
            raise NotFound(
                "unknown-device",
                _("There is no device with the serial number {serial}.").format(serial=serial[:80]),
                hint=_("See: deskside admin devices list"),
            )
        if len(found) > 1:
            raise Refused(
                "several-devices",
                _("Several devices have the serial number {serial}.").format(serial=serial[:80]),
                hint=_("Name the device by its id: deskside admin devices list --json"),
            )
        if found[0].status is DeviceStatus.RETIRED:
            raise Refused(
                "device-retired",
                _("The device has ended and does not come back."),
                hint=_("Issue a new one: deskside admin devices issue NAME"),
            )
        if found[0].status not in (DeviceStatus.ACTIVE, DeviceStatus.LOCKED):
            raise Refused(
                "device-not-in-use",
                _("The device is not in use, so it is neither locked nor unlocked."),
                hint=_("Its holder activates it on the portal, by an answer of the device."),
            )
        with self.database.write() as connection:
            connection.execute(
                update(device)
                .where(device.c.id == found[0].id, device.c.status == found[0].status.value)
                .values(status=status.value)
            )
            event = "device.unlocked" if status is DeviceStatus.ACTIVE else "device.locked"
            self.audit.record(connection, event, actor=actor, subject=found[0].id)
        return self.listed(serial=found[0].id)[0]

    # For a log-in, inside its transaction

    def bound(self, connection: Connection, user_name_id: str) -> list[Row[Any]]:
        """The devices that are bound to a user name, locked ones as well."""
        return list(connection.execute(_OF_USER_NAME, {"user": user_name_id}).all())

    def holdings(self, rows: Iterable[Row[Any]]) -> list[Holding]:
        """What the log-in's rules need to know of bound devices."""
        now = self.clock.now()
        return [
            Holding(
                row.device_id,
                authenticator(row.kind).protection_level,
                is_usable(row, now),
                due=is_due(row, now),
            )
            for row in rows
        ]

    def last_used(self, rows: Sequence[Row[Any]]) -> str | None:
        """The device that the user name of these bound devices logged in with last."""
        return rows[0].last_used if rows else None

    def factors(self, rows: Iterable[Row[Any]]) -> tuple[Factor, ...]:
        """Bound devices that may answer, as the person sees them, the strongest first."""
        factors = [self._factor(row) for row in rows if is_usable(row, self.clock.now())]
        return tuple(sorted(factors, key=lambda factor: (-factor.protection_level, factor.device)))

    def record(self, row: Row[Any]) -> DeviceRecord:
        """A device with its secret unsealed."""
        secret = self.keyring.open_sealed(row.secret, context=_context(row.device_id, row.kind))
        return DeviceRecord(
            id=row.device_id,
            kind=row.kind,
            label=row.label,
            serial=row.serial,
            secret=secret,
            state=json.loads(row.state),
            created=row.created,
            keyed=self._keyed(row.device_id, row.kind),
        )

    def _keyed(self, device_id: str, kind: str) -> Keyed:
        context = _context(device_id, kind).encode()
        return lambda value: self.keyring.keyed_hash("device codes", context + b"\0" + value)

    def remember(
        self, connection: Connection, row: Row[Any], new_state: Mapping[str, object]
    ) -> bool:
        """Store the new state of a device; False where somebody else has changed it meanwhile.

        Four of five codes used is an event: the holder is told in time to make new ones.
        """
        changed = connection.execute(
            update(device)
            .where(device.c.id == row.device_id, device.c.version == row.version)
            .values(state=json.dumps(dict(new_state)), version=row.version + 1)
        )
        before, after = _left(row.kind, row.state), _left(row.kind, json.dumps(dict(new_state)))
        if after and before and nearly_used(after) and not nearly_used(before):
            detail = {"left": after[0]}
            self.audit.record(
                connection, "device.nearly-used", actor=None, subject=row.device_id, detail=detail
            )
        return changed.rowcount == 1

    def retire(
        self, connection: Connection, user_name_ids: Collection[str], kinds: set[str], but: str = ""
    ) -> None:
        """End the devices of some kinds that user names have, all but one."""
        own = select(binding.c.device_id).where(binding.c.user_name_id.in_(user_name_ids))
        connection.execute(
            update(device)
            .where(device.c.id.in_(own), device.c.kind.in_(kinds), device.c.id != but)
            .values(status=DeviceStatus.RETIRED.value, version=device.c.version + 1)
        )

    def destroy(
        self, connection: Connection, device_id: str, *, actor: str | None, why: str
    ) -> None:
        """End a device for good: its secret and what it remembers are overwritten."""
        connection.execute(
            update(device)
            .where(device.c.id == device_id)
            .values(
                status=DeviceStatus.RETIRED.value,
                secret=b"",
                state="{}",
                version=device.c.version + 1,
            )
        )
        self.audit.record(
            connection, "device.destroyed", actor=actor, subject=device_id, detail={"why": why}
        )

    def keep_secret(self, connection: Connection, row: Row[Any], secret: bytes) -> None:
        """Store another secret of a device, sealed."""
        sealed = self.keyring.seal(secret, context=_context(row.device_id, row.kind))
        connection.execute(
            update(device)
            .where(device.c.id == row.device_id)
            .values(secret=sealed, version=device.c.version + 1)
        )

    def instructions(self, info: DeviceInfo) -> tuple[str, ...]:
        """What to do with a device, step by step."""
        bare = DeviceRecord(info.id, info.kind, info.label, info.serial, secret=b"")
        return authenticator(info.kind).describe(bare).instructions

    def _factor(self, row: Row[Any]) -> Factor:
        plugin = authenticator(row.kind)
        described = plugin.describe(
            DeviceRecord(row.device_id, row.kind, row.label, row.serial, secret=b"")
        )
        return Factor(
            row.device_id,
            row.kind,
            described.label,
            plugin.protection_level,
            described.instructions,
        )

    def store_issued(
        self,
        connection: Connection,
        made: Sequence[tuple[str, Issued, UserName | None]],
        *,
        status: DeviceStatus,
        actor: str | None = None,
    ) -> None:
        """Store many devices at once, some of them for a user name."""
        now, rows = self.clock.now(), []
        for kind, issued, owner in made:
            info = DeviceInfo(new_id(), kind, "", issued.public["serial"], status, now)
            rows.append(self._row(info, issued))
            if owner is not None:
                connection.execute(insert(device), rows)
                rows = []
                self.bind(connection, info, owner, actor)
        if rows:
            connection.execute(insert(device), rows)

    def _row(self, info: DeviceInfo, issued: Issued) -> dict[str, Any]:
        return {
            "id": info.id,
            "kind": info.kind,
            "serial": info.serial,
            "label": info.label,
            "secret": self.keyring.seal(issued.secret, context=_context(info.id, info.kind)),
            "public": json.dumps(dict(issued.public)),
            "state": "{}",
            "version": 1,
            "status": info.status.value,
            "created": info.since,
            "expires": info.expires,
            "activate_by": info.activate_by,
        }

    def _insert(self, connection: Connection, info: DeviceInfo, issued: Issued) -> None:
        try:
            connection.execute(insert(device).values(self._row(info, issued)))
        except IntegrityError as error:
            raise Refused(
                "serial-taken", _("There is a device with that serial number already.")
            ) from error

    def bind(
        self, connection: Connection, info: DeviceInfo, owner: UserName, actor: str | None
    ) -> None:
        """Let a user name log in with a device."""
        connection.execute(
            insert(binding).values(
                user_name_id=owner.id,
                device_id=info.id,
                status=ACTIVE,
                since=info.since,
                approved_by=actor,
            )
        )
        self.audit.record(
            connection,
            "device.bound",
            actor=actor,
            subject=owner.id,
            detail={"device": info.id, "kind": info.kind},
        )


def is_usable(row: Row[Any], now: datetime) -> bool:
    """Whether a bound device may answer: active, not lapsed, its codes not all used.

    One that was posted and is due may as well: its first answer activates it.
    """
    if row.binding_status != ACTIVE or row.device_status not in (ACTIVE, WAITING):
        return False
    if row.device_status == WAITING and not is_due(row, now):
        return False
    left = _left(row.kind, row.state)
    return (row.lapses is None or now < row.lapses) and (left is None or left[0] > 0)


def is_due(row: Row[Any], now: datetime) -> bool:
    """Whether a bound device must be reckoned with, even where it cannot answer.

    One that was posted is, once the time to activate it is over; one that its holder has only
    printed or put into an app is not before it is activated.
    """
    if row.binding_status == PARKED or row.device_status == DeviceStatus.RETIRED:
        return False
    if row.device_status == WAITING:
        return row.activate_by is not None and now >= row.activate_by
    return True


def device_columns() -> tuple[Any, ...]:
    """The columns that `Devices.record` and `is_usable` need, for a join."""
    return (
        device.c.id.label("device_id"),
        device.c.kind,
        device.c.serial,
        device.c.label,
        device.c.secret,
        device.c.state,
        device.c.version,
        device.c.status.label("device_status"),
        device.c.created,
        device.c.expires.label("lapses"),
        device.c.activate_by,
        binding.c.status.label("binding_status"),
    )


def _bound() -> Select[Any]:
    return (
        select(*device_columns(), last_login.c.device_id.label("last_used"))
        .join_from(binding, device, binding.c.device_id == device.c.id)
        .outerjoin(last_login, last_login.c.user_name_id == binding.c.user_name_id)
    )


_LISTED = (
    select(device, STANDING.c.name)
    .outerjoin(binding, binding.c.device_id == device.c.id)
    .outerjoin(STANDING, STANDING.c.user_name_id == binding.c.user_name_id)
    .order_by(device.c.serial, STANDING.c.name)
)
_OF_USER_NAME = (
    _bound().where(binding.c.user_name_id == bindparam("user")).order_by(device.c.serial)
)


def _context(device_id: str, kind: str) -> str:
    return f"authenticator:{device_id}:{kind}"


def nearly_used(left: tuple[int, int]) -> bool:
    """Whether four of five codes are used."""
    return left[0] * 5 <= left[1]


def _left(kind: str, state: str) -> tuple[int, int] | None:
    plugin: Any = authenticator(kind)
    return plugin.left(json.loads(state)) if _is_look_up(plugin.__class__) else None


@cache
def _is_look_up(plugin: type) -> bool:
    # Asked for every device of every log-in; Python takes 20 µs and more to answer.
    return issubclass(plugin, LookUp)


def _plain_label(kind: str) -> str:
    unnamed = DeviceRecord(id="", kind=kind, label="", serial="", secret=b"")
    return authenticator(kind).describe(unnamed).label


def _infos(rows: Sequence[Row[Any]]) -> list[DeviceInfo]:
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(row.id, []).extend([row.name] if row.name else [])
    first = {row.id: row for row in reversed(rows)}
    return [
        DeviceInfo(
            id=identifier,
            kind=first[identifier].kind,
            label=first[identifier].label or _plain_label(first[identifier].kind),
            serial=first[identifier].serial,
            status=DeviceStatus(first[identifier].status),
            since=first[identifier].created,
            user_names=tuple(bound),
            expires=first[identifier].expires,
            activate_by=first[identifier].activate_by,
            left=_left(first[identifier].kind, first[identifier].state),
        )
        for identifier, bound in names.items()
    ]
