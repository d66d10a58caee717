"""Digital Security Card+: a card with a keypad, opened by a PIN, that answers challenges.

The card computes OCRA (RFC 6287) over a six-digit question and the hash of the PIN. The PIN is
never checked on the card: a wrong one yields a wrong response, so whoever finds a card cannot
try PINs without our counting them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from deskside.foundation.clock import Randomness
from deskside.foundation.text import _
from deskside.secure_login.authenticators.base import MalformedAnswer
from deskside.secure_login.card.device import VirtualCard
from deskside.secure_login.digits import DigitsError, Flaw, read_digits
from deskside.secure_login.model import Challenge, Description, DeviceRecord, Issued, Seed, Verdict
from deskside.secure_login.otp.ocra import Suite, random_question, respond, same_code
from deskside.secure_login.pin import PIN_LENGTH, choose_pin

KIND: Final = "dsc-plus"
SUITE: Final = Suite(
    hash="SHA256", digits=8, question_format="N", question_length=6, pin_hash="SHA256"
)
KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class CardSecret:
    """What must be sealed: the card's key, and the PIN since every response depends on it."""

    key: bytes = field(repr=False)
    pin: str = field(repr=False)

    def pack(self) -> bytes:
        """One string of bytes: key, then PIN."""
        return self.key + self.pin.encode("ascii")

    @classmethod
    def unpack(cls, packed: bytes) -> CardSecret:
        """The reverse of `pack`; raises ValueError for anything else."""
        if len(packed) != KEY_BYTES + PIN_LENGTH:
            raise ValueError("the secret of a Digital Security Card+ has the wrong length")
        return cls(packed[:KEY_BYTES], packed[KEY_BYTES:].decode("ascii"))


class DscPlus:
    """The kind `dsc-plus`; see `Authenticator` for what each member means."""

    kind: Final = KIND
    protection_level: Final = 40
    physical: Final = True
    temporary: Final = False
    amr: Final = ("otp", "pin", "hwk", "mfa")
    challenge_lifetime: Final = timedelta(minutes=2)
    fee: Final = 20
    made_to_order: Final = False
    pin_when_ordered: Final = True

    def describe(self, device: DeviceRecord) -> Description:
        """Name and instructions for the holder."""
        return Description(
            device.label or _("Digital Security Card+"),
            (
                _("Press the button of your card until PIN> appears."),
                _("Type your {count}-digit PIN on the card and press OK.").format(count=PIN_LENGTH),
                _("At CHALLNG> type the challenge shown here and press OK."),
                _("Type the {count}-digit response of the card here.").format(count=SUITE.digits),
            ),
        )

    def issue(self, rng: Randomness, /, *, pin: str, personal_digits: Iterable[str] = ()) -> Issued:
        """A new card with the PIN that the holder chose; raises PinRefused (see `choose_pin`)."""
        secret = CardSecret(rng.token_bytes(KEY_BYTES), choose_pin(pin, personal_digits))
        serial = "-".join(f"{rng.below(10_000):04d}" for _group in range(3))
        card = VirtualCard(kind=KIND, serial=serial, suite=SUITE, key=secret.key)
        return Issued(
            secret=secret.pack(),
            public={"serial": serial, "suite": SUITE.render()},
            virtual_device=card.as_document(),
        )

    def adopt(self, rng: Randomness, seed: Seed) -> Issued | None:
        """A card with our suite. Nobody knows its PIN before its holder chooses one."""
        if seed.suite != SUITE.render().upper() or len(seed.key) != KEY_BYTES:
            return None
        pin = f"{rng.below(10**PIN_LENGTH):0{PIN_LENGTH}d}"
        return Issued(
            secret=CardSecret(seed.key, pin).pack(),
            public={"serial": seed.serial, "suite": SUITE.render()},
        )

    def change_pin(self, secret: bytes, pin: str, personal_digits: Iterable[str] = ()) -> bytes:
        """The secret with another PIN, to be sealed anew; the card itself knows no PIN.

        Raises PinRefused as `issue` does.
        """
        return CardSecret(CardSecret.unpack(secret).key, choose_pin(pin, personal_digits)).pack()

    def begin(self, device: DeviceRecord, now: datetime, rng: Randomness) -> Challenge:
        """Six fresh digits, good for one answer."""
        return Challenge(
            id=rng.token_bytes(16).hex(),
            device=device.id,
            question=random_question(SUITE, rng),
            expires=now + self.challenge_lifetime,
        )

    def read_answer(self, text: str) -> str:
        """Eight digits, with any spaces and hyphens between them; raises MalformedAnswer."""
        try:
            return read_digits(text, SUITE.digits)
        except DigitsError as error:
            raise _malformed(error.flaw) from error

    def verify(
        self, device: DeviceRecord, challenge: Challenge, answer: str, now: datetime
    ) -> Verdict:
        """Right if it is this card's response to this challenge, in time."""
        secret = CardSecret.unpack(device.secret)
        expected = respond(SUITE, secret.key, challenge.question, pin=secret.pin)
        # Computed and compared even when refused anyway, so that the time tells nothing.
        right = same_code(expected, answer)
        due = challenge.device == device.id and now < challenge.expires
        return Verdict(accepted=right and due, new_state=None, spends=challenge.id)

    def simulate(
        self, virtual_device: Mapping[str, object], challenge: str, pin: str, now: datetime
    ) -> str:
        """What the card would show, from its virtual device file."""
        return self.virtual_card(virtual_device).respond(challenge, pin)

    def virtual_card(self, virtual_device: Mapping[str, object]) -> VirtualCard:
        """The card to operate, from its virtual device file."""
        return VirtualCard.from_document(virtual_device)


def _malformed(flaw: Flaw) -> MalformedAnswer:
    messages = {
        Flaw.EMPTY: _("The response is empty."),
        Flaw.TOO_SHORT: _("The response is too short: the card shows {count} digits."),
        Flaw.TOO_LONG: _("The response is too long: the card shows {count} digits."),
        Flaw.NOT_DIGITS: _("The response may hold only the digits 0 to 9."),
    }
    return MalformedAnswer(
        f"answer-{flaw.value}",
        messages[flaw].format(count=SUITE.digits),
        hint=_("Type the {count} digits that your card shows after the challenge.").format(
            count=SUITE.digits
        ),
    )
