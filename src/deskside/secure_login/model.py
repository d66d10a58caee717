"""Plain values that authenticators and log-in pass to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Keyed = Callable[[bytes], bytes]
"""32 bytes that stand for a value and cannot be guessed without a key that only we hold."""


def _no_keyed_hash(_value: bytes) -> bytes:
    raise LookupError("this record was loaded without a keyed hash")


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """What we keep of one device.

    `secret` is unsealed and lives only as long as one step of a log-in; `state` is what the kind
    needs to remember between two answers (a counter, a last time step) and may be empty. `keyed`
    is the hash under which the device's codes are kept, another for each device.
    """

    id: str
    kind: str
    label: str
    serial: str
    secret: bytes = field(repr=False)
    state: Mapping[str, object] = field(default_factory=dict)
    created: datetime | None = None
    keyed: Keyed = field(default=_no_keyed_hash, repr=False)


@dataclass(frozen=True, slots=True)
class Description:
    """How a device presents itself: its name and what to do with it, step by step.

    The texts are already in the language of the present request.
    """

    label: str
    instructions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Issued:
    """A new device.

    `secret` is for the caller to seal at once; `public` may be shown and stored as it is;
    `virtual_device` is the content of the holder's virtual device file, None where the kind has
    none. `lifetime` is how long the device lasts, None for as long as it works. `state` is what the
    kind remembers of it from the first.
    """

    secret: bytes = field(repr=False)
    public: Mapping[str, str]
    virtual_device: Mapping[str, str] | None = field(default=None, repr=False)
    lifetime: timedelta | None = None
    state: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seed:
    """A device that somebody else made, as a seed file tells of it; empty or 0 is not told."""

    serial: str
    key: bytes = field(repr=False)
    kind: str = ""
    suite: str = ""
    digits: int = 0
    step: int = 0
    algorithm: str = ""
    user_name: str = ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """One question to one device, answered at most once and before `expires` (UTC)."""

    id: str
    device: str
    question: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an answer.

    `spends` names what this answer uses up, whether accepted or not; storage puts it under a
    unique constraint, so that of two answers only the first is ever considered. `also_spends`
    names what else is used up with it. `new_state` replaces the device's state; None leaves it as
    it is. `portal_only` narrows the session to the portal.
    """

    accepted: bool
    new_state: Mapping[str, object] | None
    spends: str
    also_spends: tuple[str, ...] = ()
    portal_only: bool = False
