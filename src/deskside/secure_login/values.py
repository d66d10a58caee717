"""Plain values of a log-in: what its steps take and give."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from deskside.secure_login.model import Challenge


class Scope(StrEnum):
    """What a session may be used for."""

    FULL = "full"
    PORTAL = "portal"


class LoginStatus(StrEnum):
    """Where a log-in stands, for somebody who waits for it."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


class DeviceStatus(StrEnum):
    """Whether a device may be used.

    `waiting` is on its way to its holder, or was just printed; `lost` was reported so, and may be
    found again; `parked` is broken or its battery is empty, until it is replaced; `retired` never
    comes back.
    """

    ACTIVE = "active"
    LOCKED = "locked"
    WAITING = "waiting"
    LOST = "lost"
    PARKED = "parked"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a log-in comes from.

    `browser` is the value of the long-lived cookie that recognises a browser, `agent` how the
    browser describes itself. `interactive` is true for our own pages, which keep the session in
    a cookie: such a session's token is renewed as it goes, a program's is not.
    """

    address: str = ""
    agent: str = ""
    browser: str = field(default="", repr=False)
    interactive: bool = False


@dataclass(frozen=True, slots=True)
class Factor:
    """A device that a log-in may be completed with."""

    device: str
    kind: str
    label: str
    protection_level: int
    instructions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionGranted:
    """The end of a log-in. `token` and `browser` are shown only here; we keep their hashes."""

    token: str = field(repr=False)
    browser: str = field(repr=False)
    expires: datetime
    protection_level: int
    amr: tuple[str, ...]
    scope: Scope


@dataclass(frozen=True, slots=True)
class LoginStep:
    """What comes after the password: a challenge, or a session where no device is due.

    `login` is the log-in's name and the only key to it; it is known to whoever gave the password.
    """

    login: str = field(repr=False)
    factors: tuple[Factor, ...]
    challenge: Challenge | None = None
    session: SessionGranted | None = None


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as its owner sees it; `address` is the log-in's, the others came later."""

    id: str
    started: datetime
    last_seen: datetime
    expires: datetime
    address: str
    agent: str
    current: bool
    other_addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bridge:
    """How long what bridges the loss of a device lasts (KB69, KB1873).

    `full` is a temporary code's access to everything, `portal` what follows for the portal alone,
    `online_card` the life of an Online Security Code Card.
    """

    full: timedelta = timedelta(days=2)
    portal: timedelta = timedelta(days=10)
    online_card: timedelta = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A device as its holder or an administrator sees it.

    `left` is how many of its codes are unused, and of how many, where it has any; `empty` says that
    its secret is destroyed, so that it never answers again. For the user names in `resting` it
    rests while they share another device.
    """

    id: str
    kind: str
    label: str
    serial: str
    status: DeviceStatus
    since: datetime
    user_names: tuple[str, ...] = ()
    expires: datetime | None = None
    activate_by: datetime | None = None
    left: tuple[int, int] | None = None
    empty: bool = False
    resting: tuple[str, ...] = ()

    def rests_for(self, user_name: str) -> bool:
        """Whether this user name logs in with a shared device in its place."""
        return self.status is DeviceStatus.ACTIVE and user_name in self.resting

    def status_for(self, user_name: str) -> str:
        """Its state as programs are told it, `resting` besides those of a device."""
        return "resting" if self.rests_for(user_name) else self.status.value
