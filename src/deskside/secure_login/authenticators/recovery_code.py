"""Recovery codes: kept in a drawer, each good once, for the day when a device is gone."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from deskside.foundation.clock import Randomness
from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _
from deskside.secure_login.authenticators.entry import read_code
from deskside.secure_login.card.device import DamagedDevice
from deskside.secure_login.codes import bare, random_code
from deskside.secure_login.model import (
    Challenge,
    Description,
    DeviceRecord,
    Issued,
    Keyed,
    Verdict,
)

CODES: Final = 10
CODE_LENGTH: Final = 10
HASH_BYTES: Final = 32


class RecoveryCode:
    """The kind `recovery-code`; see `Authenticator` for what each member means."""

    kind: Final = "recovery-code"
    protection_level: Final = 10
    physical: Final = False
    temporary: Final = False
    amr: Final = ("otp", "mfa")
    keeps_hashes: Final = True
    challenge_lifetime: Final = timedelta(minutes=2)

    def describe(self, device: DeviceRecord) -> Description:
        """Name and instructions for the holder."""
        return Description(
            device.label or _("Recovery codes"),
            (_("Type one of your recovery codes that you have not used yet, and cross it out."),),
        )

    def issue(self, rng: Randomness, /, *, keyed: Keyed) -> Issued:
        """Ten new codes; we keep only their keyed hashes."""
        codes = [random_code(CODE_LENGTH, rng) for _number in range(CODES)]
        serial = f"R-{rng.below(10**8):08d}"
        shown = " ".join(f"{code[:5]}-{code[5:]}" for code in codes)
        return Issued(
            secret=b"".join(keyed(code.encode()) for code in codes),
            public={"serial": serial},
            virtual_device={"kind": self.kind, "serial": serial, "codes": shown},
        )

    def left(self, state: Mapping[str, object]) -> tuple[int, int]:
        """How many codes are unused, and of how many."""
        return CODES - _used(state).bit_count(), CODES

    def begin(self, device: DeviceRecord, now: datetime, rng: Randomness) -> Challenge:
        """Asks for any unused code; there is no question."""
        return Challenge(
            rng.token_bytes(16).hex(), device.id, question="", expires=now + self.challenge_lifetime
        )

    def read_answer(self, text: str) -> str:
        """Ten characters in any case, however parted; raises MalformedAnswer."""
        return read_code(text, CODE_LENGTH)

    def verify(
        self, device: DeviceRecord, challenge: Challenge, answer: str, now: datetime
    ) -> Verdict:
        """Right if it is one of the codes and was not used; that one is burnt."""
        given, used = device.keyed(answer.encode("utf-8", "surrogatepass")), _used(device.state)
        found = None
        for number in range(CODES):
            kept = device.secret[number * HASH_BYTES : (number + 1) * HASH_BYTES]
            if hmac.compare_digest(kept, given):
                found = number
        due = challenge.device == device.id and now < challenge.expires
        if found is None or not due or used >> found & 1:
            return Verdict(accepted=False, new_state=None, spends=challenge.id)
        return Verdict(
            accepted=True,
            new_state={"used": f"{used | 1 << found:x}"},
            spends=challenge.id,
            also_spends=(f"code {found + 1}",),
        )

    def simulate(
        self, virtual_device: Mapping[str, object], challenge: str, pin: str, now: datetime
    ) -> str:
        """The first code, or the one whose number from 1 to 10 is the challenge."""
        listed = virtual_device.get("codes")
        codes = listed.split() if isinstance(listed, str) else []
        if set(virtual_device) != {"kind", "serial", "codes"} or len(codes) != CODES:
            raise DamagedDevice(
                _("it must hold kind, serial and {count} codes").format(count=CODES)
            )
        number = bare(challenge) or "1"
        if number not in {str(place) for place in range(1, CODES + 1)}:
            raise UsageProblem(
                "challenge-not-number",
                _("The challenge must be the number of a code, 1 to {count}.").format(count=CODES),
            )
        return codes[int(number) - 1]


def _used(state: Mapping[str, object]) -> int:
    return int(str(state.get("used", "0")), 16)
