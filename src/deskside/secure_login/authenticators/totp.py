"""An authenticator app, or any other device that computes TOTP (RFC 6238)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from deskside.foundation.clock import Randomness
from deskside.foundation.text import _
from deskside.secure_login.authenticators.clocked import KEY_BYTES, Clocked, ClockedSecret
from deskside.secure_login.model import Description, DeviceRecord, Issued, Seed


class Totp(Clocked):
    """The kind `totp`; see `Authenticator` for what each member means."""

    kind: Final = "totp"
    protection_level: Final = 25
    physical: Final = False
    temporary: Final = False
    amr: Final = ("otp", "mfa")

    def describe(self, device: DeviceRecord) -> Description:
        """Name and instructions for the holder."""
        return Description(
            device.label or _("Authenticator app"),
            (_("Open the app and type the six digits that it shows for this desk."),),
        )

    def issue(self, rng: Randomness, /) -> Issued:
        """A key for an app: what every app understands, six digits of SHA-1 each 30 seconds."""
        secret, serial = ClockedSecret(rng.token_bytes(KEY_BYTES)), f"A-{rng.below(10**8):08d}"
        return Issued(
            secret=secret.pack(),
            public={"serial": serial},
            virtual_device=secret.as_document(self.kind, serial),
        )

    def adopt(self, rng: Randomness, seed: Seed) -> Issued | None:
        """Any time-based device that is not said to be another kind."""
        secret = ClockedSecret.from_seed(seed)
        return Issued(secret=secret.pack(), public={"serial": seed.serial}) if secret else None

    def simulate(
        self, virtual_device: Mapping[str, object], challenge: str, pin: str, now: datetime
    ) -> str:
        """The code of the moment."""
        return ClockedSecret.from_document(virtual_device).code(now)


def key_text(document: Mapping[str, str]) -> str:
    """The key of a new app in Base32, in groups, for somebody who cannot scan it."""
    plain = base64.b32encode(bytes.fromhex(document["key"])).decode().rstrip("=")
    return " ".join(plain[place : place + 4] for place in range(0, len(plain), 4))


def app_address(document: Mapping[str, str], desk: str, user_name: str) -> str:
    """The otpauth address that an app reads from a picture (Key Uri Format)."""
    query = {
        "secret": key_text(document).replace(" ", ""),
        "issuer": desk,
        "algorithm": document["algorithm"],
        "digits": document["digits"],
        "period": document["step"],
    }
    return f"otpauth://totp/{quote(desk)}:{quote(user_name)}?{urlencode(query, quote_via=quote)}"
