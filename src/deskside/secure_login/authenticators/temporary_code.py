"""Temporary code: told to somebody who has lost a device, after a check of who they are.

It is full access for two days; after that only the portal, to print an online card, for ten more
(KB69, KB1873; eight in one translation, so that a desk may set both). Those who issue it see to it
that nobody gets two in a row.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from deskside.foundation.clock import Randomness
from deskside.foundation.text import _
from deskside.secure_login.authenticators.entry import read_code
from deskside.secure_login.card.device import DamagedDevice
from deskside.secure_login.codes import random_code
from deskside.secure_login.model import (
    Challenge,
    Description,
    DeviceRecord,
    Issued,
    Keyed,
    Verdict,
)

CODE_LENGTH: Final = 10
FULL_ACCESS: Final = timedelta(days=2)
PORTAL_ONLY: Final = timedelta(days=10)


class TemporaryCode:
    """The kind `temporary-code`; see `Authenticator` for what each member means."""

    kind: Final = "temporary-code"
    protection_level: Final = 5
    physical: Final = False
    temporary: Final = True
    # Told over the telephone, a channel of its own; used several times, so that it is no `otp`.
    amr: Final = ("mca",)
    keeps_hashes: Final = True
    challenge_lifetime: Final = timedelta(minutes=2)

    def describe(self, device: DeviceRecord) -> Description:
        """Name and instructions for the holder."""
        return Description(
            device.label or _("Temporary code"),
            (_("Type the code as it was told to you. Capitals matter."),),
        )

    def issue(
        self,
        rng: Randomness,
        /,
        *,
        keyed: Keyed,
        full: timedelta = FULL_ACCESS,
        portal: timedelta = PORTAL_ONLY,
    ) -> Issued:
        """A new code; we keep only its keyed hash, and how long it was given for."""
        code = random_code(CODE_LENGTH, rng)
        serial = f"T-{rng.below(10**8):08d}"
        return Issued(
            secret=keyed(code.encode()),
            public={"serial": serial},
            virtual_device={"kind": self.kind, "serial": serial, "code": code},
            lifetime=full + portal,
            state={"full": int(full.total_seconds()), "all": int((full + portal).total_seconds())},
        )

    def begin(self, device: DeviceRecord, now: datetime, rng: Randomness) -> Challenge:
        """Asks for the code; there is no question."""
        return Challenge(
            rng.token_bytes(16).hex(), device.id, question="", expires=now + self.challenge_lifetime
        )

    def read_answer(self, text: str) -> str:
        """The code, its capitals as typed; raises MalformedAnswer."""
        return read_code(text, CODE_LENGTH, any_case=False)

    def verify(
        self, device: DeviceRecord, challenge: Challenge, answer: str, now: datetime
    ) -> Verdict:
        """Right if it is the code, before it ends; after its first days for the portal alone."""
        given = device.keyed(answer.encode("utf-8", "surrogatepass"))
        right = hmac.compare_digest(device.secret, given)
        assert device.created is not None
        age = now - device.created
        full = _span(device.state.get("full"), FULL_ACCESS)
        whole = _span(device.state.get("all"), FULL_ACCESS + PORTAL_ONLY)
        due = challenge.device == device.id and now < challenge.expires and age < whole
        return Verdict(
            accepted=right and due,
            new_state=None,
            spends=challenge.id,
            portal_only=age >= full,
        )

    def simulate(
        self, virtual_device: Mapping[str, object], challenge: str, pin: str, now: datetime
    ) -> str:
        """The code itself."""
        code = virtual_device.get("code")
        if set(virtual_device) != {"kind", "serial", "code"} or not isinstance(code, str):
            raise DamagedDevice(_("it must hold kind, serial and code, and nothing else"))
        return code


def _span(seconds: object, usual: timedelta) -> timedelta:
    return timedelta(seconds=seconds) if isinstance(seconds, int) else usual
