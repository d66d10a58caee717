"""Devices that show a new code every half a minute (TOTP, RFC 6238).

The last step accepted is remembered, so that no code works twice, and so is how far the device's
clock has wandered, so that a card that loses a second a day is still understood after years.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, cast

from deskside.foundation.clock import Randomness
from deskside.foundation.text import _
from deskside.secure_login.authenticators.base import MalformedAnswer
from deskside.secure_login.card.device import DamagedDevice
from deskside.secure_login.digits import DigitsError, Flaw, read_digits
from deskside.secure_login.model import Challenge, DeviceRecord, Seed, Verdict
from deskside.secure_login.otp.code import HASH_NAMES, HashName
from deskside.secure_login.otp.hotp import CODE_DIGITS
from deskside.secure_login.otp.totp import STEP_SECONDS, find_step, time_step, totp

KEY_BYTES: Final = 20
"""As long as the output of HMAC-SHA-1, as RFC 4226 section 4 recommends."""
_KEY_SIZES = range(16, 65)


@dataclass(frozen=True, slots=True)
class ClockedSecret:
    """A key and how codes are made of it; `pin` where the code depends on one."""

    key: bytes = field(repr=False)
    pin: str = field(default="", repr=False)
    digits: int = 6
    step: int = STEP_SECONDS
    algorithm: HashName = "SHA1"

    def __post_init__(self) -> None:
        if (
            len(self.key) not in _KEY_SIZES
            or self.digits not in CODE_DIGITS
            or not 15 <= self.step <= 120
            or self.algorithm not in HASH_NAMES
        ):
            raise ValueError("no secret of a time-based device")

    def pack(self) -> bytes:
        """One string of bytes."""
        return json.dumps(
            {
                "key": self.key.hex(),
                "pin": self.pin,
                "digits": self.digits,
                "step": self.step,
                "algorithm": self.algorithm,
            }
        ).encode()

    @classmethod
    def unpack(cls, packed: bytes) -> ClockedSecret:
        """The reverse of `pack`; raises ValueError for anything else."""
        read = json.loads(packed)
        return cls(**{**read, "key": bytes.fromhex(read["key"])})

    @classmethod
    def from_document(cls, document: Mapping[str, object], pin: str = "") -> ClockedSecret:
        """What a virtual device file holds; raises DamagedDevice."""
        if set(document) != {"kind", "serial", "key", "digits", "step", "algorithm"}:
            raise DamagedDevice(_("it must hold kind, serial, key, digits, step and algorithm"))
        try:
            return cls(
                bytes.fromhex(str(document["key"])),
                pin,
                int(str(document["digits"])),
                int(str(document["step"])),
                cast(HashName, document["algorithm"]),
            )
        except ValueError as error:
            raise DamagedDevice(_("its key, digits, step or algorithm is wrong")) from error

    def as_document(self, kind: str, serial: str) -> dict[str, str]:
        """What the virtual device file holds: never the PIN."""
        return {
            "kind": kind,
            "serial": serial,
            "key": self.key.hex(),
            "digits": str(self.digits),
            "step": str(self.step),
            "algorithm": self.algorithm,
        }

    @classmethod
    def from_seed(cls, seed: Seed) -> ClockedSecret | None:
        """What a seed file tells; None where it is no time-based device."""
        if seed.suite or (seed.algorithm or "SHA1") not in HASH_NAMES:
            return None
        try:
            return cls(
                seed.key,
                "",
                seed.digits or 6,
                seed.step or STEP_SECONDS,
                cast(HashName, seed.algorithm or "SHA1"),
            )
        except ValueError:
            return None

    @property
    def working_key(self) -> bytes:
        """The key that codes are made with: a PIN is part of it (RFC 6030, algorithmic use)."""
        return hmac.digest(self.key, self.pin.encode(), "sha256") if self.pin else self.key

    def code(self, now: datetime) -> str:
        """What the device shows."""
        return totp(
            self.working_key,
            int(now.timestamp()),
            digits=self.digits,
            step=self.step,
            algorithm=self.algorithm,
        )


class Clocked:
    """What time-based kinds have in common.

    `window` is how many steps a code may lie to either side of where the device is expected,
    `furthest` how many its clock may have wandered altogether.
    """

    window: int = 1
    furthest: int = 2
    challenge_lifetime: Final = timedelta(minutes=2)

    def begin(self, device: DeviceRecord, now: datetime, rng: Randomness) -> Challenge:
        """Asks for the code of the moment; there is no question."""
        return Challenge(
            rng.token_bytes(16).hex(), device.id, question="", expires=now + self.challenge_lifetime
        )

    def read_answer(self, text: str) -> str:
        """Six to eight digits, with any spaces between them; raises MalformedAnswer."""
        for length in CODE_DIGITS:
            try:
                return read_digits(text, length)
            except DigitsError as error:
                if error.flaw is not Flaw.TOO_LONG:
                    raise _malformed(error.flaw) from error
        raise _malformed(Flaw.TOO_LONG)

    def verify(
        self, device: DeviceRecord, challenge: Challenge, answer: str, now: datetime
    ) -> Verdict:
        """Right if it is the code of a step near now and later than the last one accepted."""
        secret = ClockedSecret.unpack(device.secret)
        moment = int(now.timestamp())
        drift, last = _number(device.state, "drift", 0), _number(device.state, "step", -1)
        found = find_step(
            secret.working_key,
            answer,
            moment + drift * secret.step,
            drift=self.window,
            digits=secret.digits,
            step=secret.step,
            algorithm=secret.algorithm,
        )
        due = challenge.device == device.id and now < challenge.expires
        if found is None or found <= last or not due:
            return Verdict(accepted=False, new_state=None, spends=challenge.id)
        wandered = found - time_step(moment, step=secret.step)
        learnt = max(-self.furthest, min(self.furthest, wandered))
        return Verdict(
            accepted=True, new_state={"step": found, "drift": learnt}, spends=challenge.id
        )


def _number(state: Mapping[str, object], name: str, otherwise: int) -> int:
    value = state.get(name, otherwise)
    return value if isinstance(value, int) else otherwise


def _malformed(flaw: Flaw) -> MalformedAnswer:
    messages = {
        Flaw.EMPTY: _("The code is empty."),
        Flaw.TOO_SHORT: _("The code is too short: it has 6 digits."),
        Flaw.TOO_LONG: _("The code is too long: it has 6 digits."),
        Flaw.NOT_DIGITS: _("The code may hold only the digits 0 to 9."),
    }
    return MalformedAnswer(
        f"answer-{flaw.value}", messages[flaw], hint=_("Type the digits that the device shows now.")
    )
