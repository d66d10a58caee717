"""What the tests of secure log-in share."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from deskside.secure_login.authenticators.dsc_plus import KIND, SUITE, DscPlus
from deskside.secure_login.card.device import VirtualCard
from deskside.secure_login.model import DeviceRecord, Issued

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
PIN = "2805"


class SeededRandomness:
    """Chance that repeats itself, so that a failing test fails again."""

    def __init__(self, seed: int = 1) -> None:
        self._dice = random.Random(seed)

    def token_bytes(self, length: int) -> bytes:
        return self._dice.randbytes(length)

    def below(self, bound: int) -> int:
        return self._dice.randrange(bound)


def issued_card(seed: int = 1, pin: str = PIN) -> tuple[DeviceRecord, VirtualCard]:
    """A card as we know it, and as its holder has it."""
    issued: Issued = DscPlus().issue(SeededRandomness(seed), pin=pin)
    assert issued.virtual_device is not None
    record = DeviceRecord(
        id=f"device-{seed}",
        kind=KIND,
        label="",
        serial=issued.public["serial"],
        secret=issued.secret,
    )
    return record, VirtualCard.from_document(issued.virtual_device)


def plain_card() -> VirtualCard:
    """A card whose key is no secret."""
    return VirtualCard(kind=KIND, serial="0001-0002-0003", suite=SUITE, key=bytes(range(32)))
