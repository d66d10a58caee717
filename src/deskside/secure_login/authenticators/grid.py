"""Cards of numbered codes: two index numbers are asked, and the two codes beside them typed.

A code of three characters is about 15 bits, too few to stand alone: the pair is the secret, and
what guards it are the limits of the log-in. Each index burns with the first answer to a question
that names it, right or wrong: what somebody has read over a shoulder is worth nothing.
"""

from __future__ import annotations

import hmac
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from deskside.foundation.clock import Randomness
from deskside.foundation.errors import Refused, UsageProblem
from deskside.foundation.text import _
from deskside.secure_login.authenticators.entry import read_code
from deskside.secure_login.card.device import DamagedDevice
from deskside.secure_login.codes import is_code, random_code
from deskside.secure_login.model import (
    Challenge,
    Description,
    DeviceRecord,
    Issued,
    Keyed,
    Verdict,
)

CODES: Final = 224
CODE_LENGTH: Final = 3
ASKED: Final = 2
HASH_BYTES: Final = 16
_QUESTION = re.compile(r"([0-9]{1,3})[ ,;/+-]+([0-9]{1,3})")


class Grid(ABC):
    """What printed and temporary cards have in common; see `Authenticator` for the members."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """The kind."""

    @property
    def lifetime(self) -> timedelta | None:
        """How long such a card lasts; None for as long as it has codes."""
        return None

    amr: Final = ("otp", "mfa")
    keeps_hashes: Final = True
    challenge_lifetime: Final = timedelta(minutes=2)

    @abstractmethod
    def name(self) -> str:
        """What such a card is called."""

    def describe(self, device: DeviceRecord) -> Description:
        """Name and instructions for the holder."""
        return Description(
            device.label or self.name(),
            (
                _("Find the first index number on your card, and the code beside it."),
                _("Do the same with the second."),
                _("Type both codes, one after the other: {count} characters.").format(
                    count=ASKED * CODE_LENGTH
                ),
            ),
        )

    def issue(
        self, rng: Randomness, /, *, keyed: Keyed, lifetime: timedelta | None = None
    ) -> Issued:
        """A new card of 224 codes; we keep only their keyed hashes."""
        codes = [random_code(CODE_LENGTH, rng) for _index in range(CODES)]
        serial = "-".join(f"{rng.below(10_000):04d}" for _group in range(2))
        return Issued(
            secret=b"".join(_kept(keyed, index, code) for index, code in enumerate(codes, 1)),
            public={"serial": serial},
            virtual_device={"kind": self.kind, "serial": serial, "codes": " ".join(codes)},
            lifetime=lifetime or self.lifetime,
        )

    def left(self, state: Mapping[str, object]) -> tuple[int, int]:
        """How many codes are unused, and of how many."""
        return CODES - _used(state).bit_count(), CODES

    def begin(self, device: DeviceRecord, now: datetime, rng: Randomness) -> Challenge:
        """Two unused index numbers, in random order; raises Refused when none are left."""
        used = _used(device.state)
        free = [index for index in range(1, CODES + 1) if not used >> index & 1]
        if len(free) < ASKED:
            raise Refused(
                "device-used-up",
                _("All codes of this card have been used."),
                hint=_("Ask an administrator of your desk for a new one."),
            )
        asked = [free.pop(rng.below(len(free))) for _place in range(ASKED)]
        return Challenge(
            id=rng.token_bytes(16).hex(),
            device=device.id,
            question=" ".join(f"{index:03d}" for index in asked),
            expires=now + self.challenge_lifetime,
        )

    def read_answer(self, text: str) -> str:
        """Six characters in any case, however parted; raises MalformedAnswer."""
        return read_code(text, ASKED * CODE_LENGTH)

    def verify(
        self, device: DeviceRecord, challenge: Challenge, answer: str, now: datetime
    ) -> Verdict:
        """Right if both codes stand on this card beside the indices asked, unused and in time."""
        used = _used(device.state)
        indices = [int(number) for number in challenge.question.split()]
        codes = [answer[:CODE_LENGTH], answer[CODE_LENGTH:]]
        right = due = challenge.device == device.id and now < challenge.expires
        for index, code in zip(indices, codes, strict=True):
            start = (index - 1) * HASH_BYTES
            kept = device.secret[start : start + HASH_BYTES]
            # Both are compared always, so that the time tells nothing of the first.
            same = hmac.compare_digest(kept, _kept(device.keyed, index, code))
            right = right and same and not used >> index & 1
            used |= 1 << index
        return Verdict(
            accepted=right and due,
            new_state={"used": f"{used:x}"},
            spends=challenge.id,
            also_spends=tuple(f"index {index}" for index in sorted(indices)),
        )

    def simulate(
        self, virtual_device: Mapping[str, object], challenge: str, pin: str, now: datetime
    ) -> str:
        """The two codes beside the index numbers of the challenge, such as `017 203`."""
        codes = Card.from_document(virtual_device).codes
        found = _QUESTION.fullmatch(challenge.strip())
        numbers = [int(number) for number in found.groups()] if found else []
        if not numbers or not all(1 <= number <= CODES for number in numbers):
            raise UsageProblem(
                "challenge-not-indices",
                _("The challenge must be two index numbers from 1 to {count}.").format(count=CODES),
                hint=_("Write them as the log-in page does, such as: --challenge “017 203”"),
            )
        return "".join(codes[number - 1] for number in numbers)


@dataclass(frozen=True, slots=True)
class Card:
    """The codes of a card, as its file holds them."""

    serial: str
    codes: tuple[str, ...]

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Card:
        """The card in a virtual device file; raises DamagedDevice for anything unexpected."""
        serial, codes = document.get("serial"), document.get("codes")
        if set(document) != {"kind", "serial", "codes"} or not isinstance(serial, str):
            raise DamagedDevice(_("it must hold kind, serial and codes, and nothing else"))
        listed = tuple(codes.split()) if isinstance(codes, str) else ()
        if len(listed) != CODES or not all(
            len(code) == CODE_LENGTH and is_code(code) for code in listed
        ):
            raise DamagedDevice(
                _("a card has {count} codes of {length} characters").format(
                    count=CODES, length=CODE_LENGTH
                )
            )
        return cls(serial, listed)


def _kept(keyed: Keyed, index: int, code: str) -> bytes:
    return keyed(f"{index}:{code}".encode("utf-8", "surrogatepass"))[:HASH_BYTES]


def _used(state: Mapping[str, object]) -> int:
    return int(str(state.get("used", "0")), 16)
