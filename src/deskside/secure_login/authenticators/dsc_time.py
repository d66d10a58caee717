"""Digital Security Card, time-based: a card with a keypad that shows a new code every 30 seconds.

As with the Digital Security Card+, the PIN is part of the computation and is never checked on the
card. A card that was imported with a plain seed checks its PIN itself; we then know of none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from deskside.foundation.clock import Randomness
from deskside.foundation.text import _
from deskside.secure_login.authenticators.clocked import KEY_BYTES, Clocked, ClockedSecret
from deskside.secure_login.card.device import read_pin
from deskside.secure_login.model import Description, DeviceRecord, Issued, Seed
from deskside.secure_login.pin import PIN_LENGTH, choose_pin


class DscTime(Clocked):
    """The kind `dsc-time`; see `Authenticator` for what each member means."""

    kind: Final = "dsc-time"
    protection_level: Final = 30
    physical: Final = True
    temporary: Final = False
    amr: Final = ("otp", "pin", "hwk", "mfa")
    fee: Final = 20
    made_to_order: Final = False
    pin_when_ordered: Final = False
    window: int = 2
    furthest: int = 10

    def describe(self, device: DeviceRecord) -> Description:
        """Name and instructions for the holder."""
        return Description(
            device.label or _("Digital Security Card"),
            (
                _("Hold the button of your card for two seconds."),
                _("Type your {count}-digit PIN on the card.").format(count=PIN_LENGTH),
                _("Type the six digits that it shows here, within 30 seconds."),
            ),
        )

    def issue(self, rng: Randomness, /, *, pin: str, personal_digits: Iterable[str] = ()) -> Issued:
        """A new card with the PIN that the holder chose; raises PinRefused (see `choose_pin`)."""
        secret = ClockedSecret(rng.token_bytes(KEY_BYTES), choose_pin(pin, personal_digits))
        serial = "-".join(f"{rng.below(10_000):04d}" for _group in range(3))
        return Issued(
            secret=secret.pack(),
            public={"serial": serial},
            virtual_device=secret.as_document(self.kind, serial),
        )

    def adopt(self, rng: Randomness, seed: Seed) -> Issued | None:
        """A card that checks its PIN itself, where the file says that it is such a card."""
        secret = ClockedSecret.from_seed(seed) if seed.kind == self.kind else None
        return Issued(secret=secret.pack(), public={"serial": seed.serial}) if secret else None

    def change_pin(self, secret: bytes, pin: str, personal_digits: Iterable[str] = ()) -> bytes:
        """The secret with another PIN, to be sealed anew; raises PinRefused as `issue` does."""
        chosen = choose_pin(pin, personal_digits)
        return replace(ClockedSecret.unpack(secret), pin=chosen).pack()

    def simulate(
        self, virtual_device: Mapping[str, object], challenge: str, pin: str, now: datetime
    ) -> str:
        """The code of the moment, for the PIN that was typed."""
        return ClockedSecret.from_document(virtual_device, read_pin(pin)).code(now)
