"""The life of a device: made, activated by its own answer, lost, found, its PIN changed.

    waiting ──right answer──▶ active ──reported──▶ lost, parked ──right answer──▶ active
                                │                    ╰──replaced──▶ retired
                                ╰──locked by the desk, or replaced by its own kind

A device that is lost or parked still counts: until it is replaced, nobody logs in without one.
What has ended keeps no secret; nor does what was sent back, although it counts until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from deskside.directory.model import UserName
from deskside.foundation.errors import NotAllowed, Refused
from deskside.foundation.keyring import Keyring
from deskside.foundation.text import _
from deskside.secure_login.activation import ONLINE, PRINTED, TEMPORARY, activate
from deskside.secure_login.authenticators import WithPin, authenticator
from deskside.secure_login.devices import Devices
from deskside.secure_login.model import Challenge, Issued
from deskside.secure_login.proof import NotProved, Proof
from deskside.secure_login.store import binding, device
from deskside.secure_login.values import Bridge, DeviceInfo, DeviceStatus
from deskside.web.model import Visitor

APP, RECOVERY = "totp", "recovery-code"
SELF_MADE = (APP, PRINTED, ONLINE, RECOVERY)
"""What people make for themselves in the portal; cards with a keypad come from the desk."""

ACTIVATION, NEW_PIN = "activation", "pin"
"""What a device is asked for."""

TO_ACTIVATE = (DeviceStatus.WAITING, DeviceStatus.LOST, DeviceStatus.PARKED)
"""What an answer of its own puts in force, for the first time or again."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A device that is to prove itself, and its question."""

    device: DeviceInfo
    challenge: Challenge
    instructions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lives:
    """What people do with their own devices, and the desk's temporary codes."""

    keyring: Keyring
    devices: Devices
    proof: Proof
    bridge: Bridge = field(default_factory=Bridge)

    # Making

    def may_make(self, visitor: Visitor) -> list[str]:
        """The kinds that the visitor may make now, the strongest first."""
        own = self._own(visitor)
        if any(info.kind == TEMPORARY and self._works(info) for info in own):
            # Whoever has lost a device bridges the time with a card; nothing lasting is made
            # with a code that was told over the telephone.
            return [ONLINE]
        if visitor.scope != "full":
            return []
        lasting = [
            info
            for info in own
            if self._works(info)
            and not authenticator(info.kind).temporary
            and info.kind != RECOVERY
        ]
        bridged = any(info.kind == ONLINE and self._works(info) for info in own)
        if bridged and not lasting:
            return []
        return [APP, PRINTED, *([RECOVERY] if lasting else [])]

    def make(self, visitor: Visitor, owner: UserName, kind: str) -> tuple[DeviceInfo, Issued]:
        """A device of the visitor's own making, to be shown once.

        Recovery codes work at once and end the ones before; anything else waits for its first
        answer.

        Raises:
            NotAllowed: this kind is not for the visitor to make, or not now.
        """
        may = self.may_make(visitor)
        if kind not in may:
            raise NotAllowed(
                "device-not-yours-to-make",
                _("You cannot make a device of that kind now."),
                hint=_("What you can make: {kinds}. Other kinds you order from your desk.").format(
                    kinds=", ".join(may) or "–"
                ),
            )
        status = DeviceStatus.ACTIVE if kind == RECOVERY else DeviceStatus.WAITING
        with self.devices.database.write() as connection:
            if kind == RECOVERY:
                self.devices.retire(connection, [visitor.user_name_id], {RECOVERY})
            choices: dict[str, Any] = (
                {"lifetime": self.bridge.online_card} if kind == ONLINE else {}
            )
            return self.devices.issue_within(
                connection, [owner], kind, actor=visitor.user_name_id, status=status, **choices
            )

    def temporary_code(
        self, owner: UserName, *, actor: str | None = None
    ) -> tuple[DeviceInfo, Issued]:
        """A temporary code for somebody whose identity was checked.

        Raises:
            Refused: it would be the second in a row (KB69): no lasting device was activated since.
        """
        with self.devices.database.write() as connection:
            last = connection.execute(
                select(device.c.created)
                .join_from(device, binding, binding.c.device_id == device.c.id)
                .where(binding.c.user_name_id == owner.id, device.c.kind == TEMPORARY)
                .order_by(device.c.created.desc())
                .limit(1)
            ).scalar()
            if last is not None and not self._activated_since(connection, owner.id, last):
                raise Refused(
                    "temporary-code-in-a-row",
                    _("{name} has had a temporary code, and no lasting device since.").format(
                        name=owner.name
                    ),
                    hint=_("Issue a device, or let the lost one be activated again."),
                )
            return self.devices.issue_within(
                connection,
                [owner],
                TEMPORARY,
                actor=actor,
                full=self.bridge.full,
                portal=self.bridge.portal,
            )

    def _activated_since(self, connection: Connection, user_name_id: str, when: datetime) -> bool:
        rows = connection.execute(
            select(device.c.kind, device.c.status)
            .join_from(device, binding, binding.c.device_id == device.c.id)
            .where(binding.c.user_name_id == user_name_id, binding.c.since > when)
        ).all()
        return any(
            row.status == DeviceStatus.ACTIVE and not authenticator(row.kind).temporary
            for row in rows
        )

    # Activating, and activating again what was found

    def ask(self, visitor: Visitor, device_id: str) -> Asked:
        """A question to one's own device that waits or was lost; raises NotFound, Refused."""
        with self.devices.database.write() as connection:
            row = self.proof.load(connection, visitor.user_name_id, device_id)
            _check_status(row.device_status if row.secret else "empty", TO_ACTIVATE)
            asked = self.proof.ask(connection, visitor.user_name_id, row, ACTIVATION)
        return self._asked(device_id, asked)

    def activate(
        self, visitor: Visitor, device_id: str, challenge_id: str, text: str
    ) -> DeviceInfo:
        """Take the device's first answer; from now on it is due at log-ins.

        What was only temporary ends when a lasting device is activated; an earlier card of the
        same printed kind ends with the new one. Every other device stays as it is.

        Raises:
            MalformedAnswer: it cannot be an answer; the question stays open.
            NotProved: it was wrong.
        """
        me = visitor.user_name_id
        with self.devices.database.write() as connection:
            row = self.proof.load(connection, me, device_id)
            _check_status(row.device_status if row.secret else "empty", TO_ACTIVATE)
            proved = self.proof.judge(connection, me, row, ACTIVATION, challenge_id, text)
            if proved:
                activate(self.devices, connection, me, row)
        if not proved:
            raise NotProved
        return self.devices.listed(serial=device_id)[0]

    # Losing

    def lose(self, visitor: Visitor, device_id: str) -> DeviceInfo:
        """Report one's own device lost: it answers nothing from now on, for anybody."""
        return self._put_out(visitor, device_id, DeviceStatus.LOST)

    def park(self, visitor: Visitor, device_id: str) -> DeviceInfo:
        """Report that one's own device is broken or its battery is empty.

        It stays due, as a lost one does, until it is replaced or answers again.
        """
        return self._put_out(visitor, device_id, DeviceStatus.PARKED)

    def _put_out(self, visitor: Visitor, device_id: str, status: DeviceStatus) -> DeviceInfo:
        with self.devices.database.write() as connection:
            row = self.proof.load(connection, visitor.user_name_id, device_id)
            _check_status(row.device_status, (DeviceStatus.ACTIVE,))
            connection.execute(
                update(device)
                .where(device.c.id == device_id)
                .values(status=status.value, version=row.version + 1)
            )
            self._record(connection, f"device.{status.value}", visitor, device_id)
        return self.devices.listed(serial=device_id)[0]

    # The PIN

    def ask_for_pin(
        self, visitor: Visitor, device_id: str, pin: str, personal: Iterable[str] = ()
    ) -> tuple[Asked, str]:
        """A question to be answered with a new PIN, and that PIN sealed until then.

        Raises:
            PinRefused: others could guess it.
            Refused: the device has no PIN with us, or is not active.
        """
        with self.devices.database.write() as connection:
            row = self.proof.load(connection, visitor.user_name_id, device_id)
            _check_status(row.device_status, (DeviceStatus.ACTIVE, DeviceStatus.WAITING))
            secret = _with_pin(row.kind).change_pin(self.devices.record(row).secret, pin, personal)
            asked = self.proof.ask(connection, visitor.user_name_id, row, NEW_PIN)
        sealed = self.keyring.seal(secret, context=_pending(device_id, asked.id))
        return self._asked(device_id, asked), sealed.hex()

    def change_pin(
        self, visitor: Visitor, device_id: str, challenge_id: str, sealed: str, text: str
    ) -> None:
        """Take the answer made with the new PIN, and keep that PIN; raises NotProved."""
        with self.devices.database.write() as connection:
            row = self.proof.load(connection, visitor.user_name_id, device_id)
            _check_status(row.device_status, (DeviceStatus.ACTIVE, DeviceStatus.WAITING))
            try:
                packed = bytes.fromhex(sealed)
                secret = self.keyring.open_sealed(packed, context=_pending(device_id, challenge_id))
            except (ValueError, Refused) as error:
                raise NotProved from error
            proved = self.proof.judge(
                connection, visitor.user_name_id, row, NEW_PIN, challenge_id, text, secret
            )
            if proved:
                self.devices.keep_secret(connection, row, secret)
                self._record(connection, "device.pin-changed", visitor, device_id)
        if not proved:
            raise NotProved

    def _own(self, visitor: Visitor) -> list[DeviceInfo]:
        return self.devices.listed(user_name_id=visitor.user_name_id)

    def _works(self, info: DeviceInfo) -> bool:
        return info.status is DeviceStatus.ACTIVE and (
            info.expires is None or self.devices.clock.now() < info.expires
        )

    def _asked(self, device_id: str, challenge: Challenge) -> Asked:
        info = self.devices.listed(serial=device_id)[0]
        return Asked(info, challenge, self.devices.instructions(info))

    def _record(self, connection: Connection, event: str, visitor: Visitor, device_id: str) -> None:
        self.devices.audit.record(connection, event, actor=visitor.user_name_id, subject=device_id)


def _check_status(found: str, wanted: tuple[DeviceStatus, ...]) -> None:
    if found not in {status.value for status in wanted}:
        raise Refused(
            "device-status",
            _("The device is not in a state in which this can be done."),
            hint=_("Look at it on the page of your account."),
        )


def _with_pin(kind: str) -> WithPin:
    plugin: Any = authenticator(kind)
    if not isinstance(plugin, WithPin):
        raise Refused("device-without-pin", _("This device has no PIN that is kept with us."))
    return plugin


def _pending(device_id: str, challenge_id: str) -> str:
    return f"new pin:{device_id}:{challenge_id}"
