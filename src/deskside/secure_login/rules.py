"""The log-in as a state machine. Pure: every decision, and nothing else.

    password ──right, a device is due──▶ factor ──right answer──▶ session
        │                                 │  ╰──wrong answer──▶ factor, with a new challenge
        ├──right, no device is due────────│───────────────────▶ session
        ╰──wrong, unknown or locked──▶ refused ◀──too late────╯

Whatever the reason of a refusal, the person sees one and the same text; the reason is for the
audit trail alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from deskside.directory.model import AccountStatus
from deskside.secure_login.values import LoginStatus, Scope

LOGIN_LIFETIME = timedelta(minutes=10)
"""From the right password to the right answer, however many challenges that takes."""

LONGEST_CHALLENGE = timedelta(minutes=2)
"""Whatever a kind of device asks for."""


class Reason(StrEnum):
    """Why a log-in was refused; never shown."""

    UNKNOWN = "unknown"
    PASSWORD = "password"  # noqa: S105 (a reason, not a secret)
    LOCKED = "locked"
    DISABLED = "disabled"
    NO_USABLE_DEVICE = "no-usable-device"
    EXPIRED = "expired"
    SPENT = "spent"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The log-in, or this step of it, is refused. `counts` says whether it was a guess."""

    reason: Reason
    counts: bool


@dataclass(frozen=True, slots=True)
class FactorDue:
    """The password was right; one of these devices must answer, the strongest first.

    `first` is the one that is asked unless the person chooses: the one used last, if it may answer.
    """

    devices: tuple[str, ...]
    first: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The log-in is complete."""

    scope: Scope
    amr: tuple[str, ...]
    protection_level: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What a user name may do at this moment."""

    enabled: bool
    account: AccountStatus | None


@dataclass(frozen=True, slots=True)
class Holding:
    """A device bound to the user name that logs in.

    One that is not `due` does not count at all: it is still on its way, parked, or retired.
    """

    device: str
    protection_level: int
    usable: bool
    due: bool = True


def scope_of(account: AccountStatus | None) -> Scope:
    """What a session of such an account may be used for; staff have no account (KB1133)."""
    return Scope.FULL if account in (None, AccountStatus.OPEN) else Scope.PORTAL


def device_is_due(account: AccountStatus | None, holdings: Sequence[Holding]) -> bool:
    """Whether the password alone is not enough.

    A closed account keeps its statements by password alone (KB1133). A device that is locked is
    due all the same: locking one must never make logging in easier.
    """
    return account is not AccountStatus.CLOSED and any(holding.due for holding in holdings)


def refusal_of_password(standing: Standing | None, *, right: bool, locked: bool) -> Refusal | None:
    """Whether the password step ends here; an attempt during a lock was never counted."""
    if locked:
        return Refusal(Reason.LOCKED, counts=False)
    if standing is None:
        return Refusal(Reason.UNKNOWN, counts=True)
    if not right:
        return Refusal(Reason.PASSWORD, counts=True)
    return None if standing.enabled else Refusal(Reason.DISABLED, counts=True)


def after_password(
    standing: Standing, holdings: Sequence[Holding], last_used: str | None = None
) -> Refusal | FactorDue | Accepted:
    """What follows the right password."""
    if not device_is_due(standing.account, holdings):
        return Accepted(scope_of(standing.account), ("pwd",), 0)
    usable = sorted(
        (holding for holding in holdings if holding.usable),
        key=lambda holding: (-holding.protection_level, holding.device),
    )
    if not usable:
        return Refusal(Reason.NO_USABLE_DEVICE, counts=True)
    devices = tuple(holding.device for holding in usable)
    return FactorDue(devices, last_used if last_used in devices else devices[0])


def after_answer(
    standing: Standing,
    *,
    right: bool,
    locked: bool,
    spent: bool,
    expired: bool,
    amr: tuple[str, ...],
    protection_level: int,
    portal_only: bool = False,
) -> Refusal | Accepted:
    """What follows an answer. One that comes too late, or second, guesses nothing."""
    if spent:
        return Refusal(Reason.SPENT, counts=False)
    if locked:
        return Refusal(Reason.LOCKED, counts=False)
    if expired:
        return Refusal(Reason.EXPIRED, counts=False)
    if not standing.enabled:
        return Refusal(Reason.DISABLED, counts=True)
    if not right:
        return Refusal(Reason.ANSWER, counts=True)
    scope = Scope.PORTAL if portal_only else scope_of(standing.account)
    return Accepted(scope, ("pwd", *amr), protection_level)


def status(*, finished: bool, expires: datetime, now: datetime) -> LoginStatus:
    """Where a log-in stands after its password."""
    if finished:
        return LoginStatus.APPROVED
    return LoginStatus.WAITING if now < expires else LoginStatus.REFUSED
