"""Handing devices out at the console: one from stock, or one made now; and what is in stock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deskside.foundation.errors import NotFound
from deskside.foundation.text import _
from deskside.secure_login.activation import TEMPORARY
from deskside.secure_login.authenticators import WithPin, authenticator, kinds
from deskside.secure_login.helpdesk.reasons import Why
from deskside.secure_login.helpdesk.rights import Right
from deskside.secure_login.helpdesk.service import LISTED, Helpdesk
from deskside.secure_login.model import Issued
from deskside.secure_login.pin import PIN_LENGTH, PinRefused, choose_pin
from deskside.secure_login.values import DeviceInfo, DeviceStatus
from deskside.web.model import Visitor

WAITING = DeviceStatus.WAITING


def issuable() -> list[str]:
    """The kinds that the desk makes: things that are handed over, and last."""
    return [
        kind
        for kind in kinds()
        if authenticator(kind).physical and not authenticator(kind).temporary and kind != TEMPORARY
    ]


@dataclass(frozen=True, slots=True)
class Issuing:
    """Devices for people; each question and action checked against the rights of who asks."""

    helpdesk: Helpdesk

    def in_stock(self, visitor: Visitor) -> dict[str, int]:
        """How many of each kind can be handed out: they wait, and are nobody's."""
        return {row.kind: row.in_stock for row in self.helpdesk.stock(visitor) if row.in_stock}

    def listed(
        self, visitor: Visitor, *, kind: str, state: str, serial: str, after: str
    ) -> tuple[list[DeviceInfo], str]:
        """Devices by kind, state and the beginning of the serial number; where to go on.

        Args:
            visitor: who asks.
            kind: or empty for all.
            state: a device's state, `stock` for what can be handed out, or empty for all.
            serial: how it begins.
            after: as returned with the page before.
        """
        self.helpdesk.stock(visitor)
        known = state in set(DeviceStatus)
        found = self.helpdesk.secure_login.devices.filtered(
            kind=kind,
            status=WAITING if state == "stock" else DeviceStatus(state) if known else None,
            unassigned=state == "stock",
            serial=serial.strip(),
            after=after,
            limit=LISTED + 1,
        )
        further = (
            f"{found[LISTED - 1].serial} {found[LISTED - 1].id}" if len(found) > LISTED else ""
        )
        return found[:LISTED], further

    def from_stock(self, visitor: Visitor, name: str, serial: str, why: Why) -> DeviceInfo:
        """Give a person a device that came by an import.

        Raises:
            NotFound: none of that serial number is in stock.
            Refused: somebody else was given it meanwhile.
        """
        person = self.helpdesk.allowed(visitor, name, Right.ISSUE).person
        devices = self.helpdesk.secure_login.devices
        info = next(
            (
                each
                for each in (devices.listed(serial=serial.strip()) if serial.strip() else [])
                if each.status is WAITING and not each.user_names
            ),
            None,
        )
        if info is None:
            raise NotFound(
                "device-not-in-stock",
                _("There is no device with the serial number {serial} in stock.").format(
                    serial=serial[:80]
                ),
            )
        with self.helpdesk.database.write() as connection:
            until = self.helpdesk.clock.now() + self.helpdesk.policy.activation
            actor = visitor.user_name_id
            devices.hand_out(connection, info, person, activate_by=until, actor=actor)
            self._record(connection, visitor, person.id, info, why)
        return info

    def fresh(self, visitor: Visitor, name: str, kind: str, why: Why) -> tuple[DeviceInfo, Issued]:
        """Make a device for a person, to be handed over and activated by them.

        Nobody knows the PIN of one that has one, before its holder chooses one in the portal.

        Raises:
            NotFound: the desk makes no devices of that kind.
        """
        person = self.helpdesk.allowed(visitor, name, Right.ISSUE).person
        if kind not in issuable():
            raise NotFound("unknown-kind", _("The desk makes no devices of that kind."))
        devices = self.helpdesk.secure_login.devices
        with self.helpdesk.database.write() as connection:
            made = devices.issue_within(
                connection,
                [person],
                kind,
                actor=visitor.user_name_id,
                status=WAITING,
                activate_by=self.helpdesk.clock.now() + self.helpdesk.policy.activation,
                **self._choices(kind),
            )
            self._record(connection, visitor, person.id, made[0], why)
        return made

    def _choices(self, kind: str) -> dict[str, Any]:
        plugin: object = authenticator(kind)
        if not isinstance(plugin, WithPin):
            return {}
        random = self.helpdesk.secure_login.devices.random
        while True:
            pin = f"{random.below(10**PIN_LENGTH):0{PIN_LENGTH}d}"
            try:
                return {"pin": choose_pin(pin)}
            except PinRefused:
                continue

    def _record(
        self, connection: Any, visitor: Visitor, subject: str, info: DeviceInfo, why: Why
    ) -> None:
        self.helpdesk.audit.record(
            connection,
            "desk.device-issued",
            actor=visitor.user_name_id,
            subject=subject,
            detail={"device": info.id, "kind": info.kind} | why.detail(),
        )
