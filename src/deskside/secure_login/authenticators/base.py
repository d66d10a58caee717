"""What an authenticator kind must offer.

A kind is pure: it has no database, clock or network of its own. Time and randomness are handed
in, what it decides is handed back, and the caller stores it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from deskside.foundation.clock import Randomness
from deskside.foundation.errors import UsageProblem
from deskside.secure_login.card.device import VirtualCard
from deskside.secure_login.model import Challenge, Description, DeviceRecord, Issued, Seed, Verdict


class MalformedAnswer(UsageProblem):
    """What was typed cannot be an answer at all, whatever the challenge. It spends nothing.

    `code` is one of `answer-empty`, `answer-too-short`, `answer-too-long`, `answer-not-digits`;
    a kind whose answers are not digits adds its own.
    """


class Authenticator(Protocol):
    """One kind of security device.

    `protection_level` orders kinds, higher is stronger; levels lie far apart so that a new kind
    fits between two others. `physical` is true for things that are handed over, `temporary` for
    what only bridges the time until the holder has a lasting device. `amr` holds the RFC 8176
    values that this kind proves; log-in adds `pwd` for the password.
    """

    @property
    def kind(self) -> str: ...
    @property
    def protection_level(self) -> int: ...
    @property
    def physical(self) -> bool: ...
    @property
    def temporary(self) -> bool: ...
    @property
    def amr(self) -> tuple[str, ...]: ...
    @property
    def challenge_lifetime(self) -> timedelta: ...

    def describe(self, device: DeviceRecord) -> Description:
        """Name and instructions for the holder."""
        ...

    def issue(self, rng: Randomness, /, *args: Any, **choices: Any) -> Issued:
        """Make a new device from the holder's choices, which each kind spells out by name.

        Raises:
            UsageProblem: a choice is not acceptable; its code and message say why.
        """
        ...

    def begin(self, device: DeviceRecord, now: datetime, rng: Randomness) -> Challenge:
        """A fresh random challenge.

        Its question may be short: the caller sees to it that one device never has two open
        challenges.
        """
        ...

    def read_answer(self, text: str) -> str:
        """The answer as `verify` wants it, from what a person typed.

        Raises:
            MalformedAnswer: it cannot be an answer to any challenge of this kind.
        """
        ...

    def verify(
        self, device: DeviceRecord, challenge: Challenge, answer: str, now: datetime
    ) -> Verdict:
        """Judge an answer; never raises for a wrong one, and takes equally long for all wrong ones.

        Whoever calls it has made sure that `Verdict.spends` was not spent before.
        """
        ...


@runtime_checkable
class Hashing(Protocol):
    """A kind of which we keep only keyed hashes: its `issue` takes `keyed`."""

    @property
    def keeps_hashes(self) -> bool: ...


@runtime_checkable
class LookUp(Protocol):
    """A kind of look-up secrets (SP 800-63B-4): codes made beforehand, each good once."""

    def left(self, state: Mapping[str, object]) -> tuple[int, int]:
        """How many codes are unused, and of how many."""
        ...


@runtime_checkable
class Importable(Protocol):
    """A kind whose devices may be made by somebody else."""

    def adopt(self, rng: Randomness, seed: Seed) -> Issued | None:
        """The device that a seed stands for; None where it is none of this kind."""
        ...


@runtime_checkable
class WithPin(Protocol):
    """A kind whose device is opened by a PIN that the holder chooses with us."""

    def change_pin(self, secret: bytes, pin: str, personal_digits: Iterable[str] = ()) -> bytes:
        """The secret with another PIN, to be sealed anew; raises PinRefused."""
        ...


@runtime_checkable
class Posted(Protocol):
    """A kind whose devices are ordered and sent to their holders by post.

    `fee` is what replacing one costs, in whole USD, and as much is held while its holder has it;
    where it is nothing the device is destroyed, not sent back. `made_to_order` is true for what
    the desk prints, false for what it takes from stock. `pin_when_ordered` says that its holder
    chooses the PIN with the order.
    """

    @property
    def fee(self) -> int: ...
    @property
    def made_to_order(self) -> bool: ...
    @property
    def pin_when_ordered(self) -> bool: ...


@runtime_checkable
class Simulated(Protocol):
    """A kind whose device can be a file: what the holder's side computes."""

    def simulate(
        self, virtual_device: Mapping[str, object], challenge: str, pin: str, now: datetime
    ) -> str:
        """The response that the device would show.

        `virtual_device` is what `issue` handed out; `challenge` and `pin` are as typed, and empty
        where the kind has none.

        Raises:
            DesksideError: the file is damaged, or challenge or PIN is malformed.
        """
        ...


@runtime_checkable
class Keypad(Protocol):
    """A kind whose device has the keys and display of a Digital Security Card+."""

    def virtual_card(self, virtual_device: Mapping[str, object]) -> VirtualCard:
        """The card to operate, from its virtual device file; raises DesksideError if damaged."""
        ...
