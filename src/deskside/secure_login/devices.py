"""Devices and their bindings to user names: issuing, listing, locking, loading for a log-in."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from deskside.directory.model import UserName
from deskside.directory.service import STANDING
from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock, Randomness
from deskside.foundation.database import Database, new_id
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.keyring import Keyring
from deskside.foundation.text import _
from deskside.secure_login.authenticators import Hashing, authenticator
from deskside.secure_login.device_rows import (
    ACTIVE,
    LISTED,
    OF_USER_NAME,
    codes_left,
    infos,
    is_due,
    is_usable,
    nearly_used,
)
from deskside.secure_login.model import DeviceRecord, Issued, Keyed
from deskside.secure_login.rules import Holding
from deskside.secure_login.store import binding, device
from deskside.secure_login.values import DeviceInfo, DeviceStatus, Factor


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
        query = LISTED
        if user_name_id is not None:
            own = select(binding.c.device_id).where(binding.c.user_name_id == user_name_id)
            query = query.where(device.c.id.in_(own))
        if serial:
            query = query.where(or_(device.c.serial == serial, device.c.id == serial))
        with self.database.read() as connection:
            return infos(connection.execute(query).all())

    def starting(self, serial: str, limit: int) -> list[DeviceInfo]:
        """Devices whose serial numbers begin so, at most so many."""
        begins = device.c.serial.startswith(serial, autoescape=True)
        first = select(device.c.id).where(begins).order_by(device.c.serial).limit(limit)
        with self.database.read() as connection:
            return infos(connection.execute(LISTED.where(device.c.id.in_(first))).all())

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
        # In the database's own order of letters, which `after` goes by.
        found = LISTED.where(device.c.id.in_(chosen)).order_by(None)
        with self.database.read() as connection:
            rows = connection.execute(found.order_by(device.c.serial, device.c.id, STANDING.c.name))
            return infos(rows.all())

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
        return list(connection.execute(OF_USER_NAME, {"user": user_name_id}).all())

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
        before, after = (
            codes_left(row.kind, row.state),
            codes_left(row.kind, json.dumps(dict(new_state))),
        )
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
        self.end(connection, device.c.id.in_(own), device.c.kind.in_(kinds), device.c.id != but)

    def end(self, connection: Connection, *which: ColumnElement[bool]) -> None:
        """End devices for good: what has ended keeps no secret, and nothing that it remembered."""
        connection.execute(
            update(device)
            .where(*which)
            .values(status=DeviceStatus.RETIRED.value, **_EMPTY, version=device.c.version + 1)
        )

    def destroy(
        self, connection: Connection, device_id: str, *, actor: str | None, why: str
    ) -> None:
        """End a device for good, on the record."""
        self.end(connection, device.c.id == device_id)
        self._record_destroyed(connection, device_id, actor, why)

    def empty(self, connection: Connection, device_id: str, *, actor: str | None, why: str) -> None:
        """Destroy what is kept of a device that will not answer again, and leave it due.

        Nobody's log-in gets easier by it, and nothing that could be stolen is left.
        """
        connection.execute(
            update(device)
            .where(device.c.id == device_id)
            .values(**_EMPTY, version=device.c.version + 1)
        )
        self._record_destroyed(connection, device_id, actor, why)

    def _record_destroyed(
        self, connection: Connection, device_id: str, actor: str | None, why: str
    ) -> None:
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
            "state": json.dumps(dict(issued.state)),
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


_EMPTY = {"secret": b"", "state": "{}"}


def _context(device_id: str, kind: str) -> str:
    return f"authenticator:{device_id}:{kind}"
