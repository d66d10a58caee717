"""How often may be tried, by user name, by address and by the whole desk. Pure.

Each limit is a number of attempts a minute, of which a whole minute's worth may come at once. One
moment a subject is all that is remembered: when it would be back at rest (the generic cell rate
algorithm). The moments live in the table of guesses, so all nodes share them, and they are taken
and put by the same statements: an attempt beyond a limit is refused before any secret is looked
at, and counts nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from deskside.foundation.errors import Unavailable
from deskside.foundation.text import _
from deskside.secure_login.lockout import Tally, hash_of

MINUTE = timedelta(minutes=1)

SHARDS = 16
"""Rows of the whole desk's limit, so that log-ins do not wait for each other at one row."""


class TooManyAttempts(Unavailable):
    """A limit is reached, known to nobody whose. `retry_after` is in seconds."""

    http_status = 429

    def __init__(self, wait: timedelta) -> None:
        super().__init__(
            "login-too-often",
            _("There were too many attempts to log in."),
            hint=_("Wait a minute and try again. Nothing was counted."),
        )
        self.retry_after = max(1, ceil(wait.total_seconds()))


@dataclass(frozen=True, slots=True)
class Rates:
    """Attempts a minute; 0 is no limit."""

    user: int = 0
    address: int = 0
    desk: int = 0

    def subjects(self, user: str, address: str, shard: int) -> dict[str, float]:
        """Whom an attempt counts for, with each one's limit.

        Args:
            user: the user name under a keyed hash, known or not.
            address: where the attempt comes from, the empty string where that is unknown.
            shard: a random number, that chooses one row of the desk's.
        """
        limits = {
            f"rate:user:{user[:32]}": float(self.user),
            f"rate:address:{hash_of(address)}": float(self.address if address else 0),
            f"rate:desk:{shard % SHARDS}": self.desk / SHARDS,
        }
        return {subject: limit for subject, limit in limits.items() if limit}


def counted(
    tallies: Mapping[str, Tally], limits: Mapping[str, float], now: datetime
) -> dict[str, Tally]:
    """The subjects' moments after one more attempt.

    Raises:
        TooManyAttempts: it would be beyond a limit.
    """
    moments = {
        subject: max([now, *tallies[subject].failures]) + MINUTE / limit
        for subject, limit in limits.items()
    }
    # A limit below one a minute, as of a row of a small desk, still lets one through.
    beyond = [
        moment - now - max(MINUTE, MINUTE / limits[subject]) for subject, moment in moments.items()
    ]
    if beyond and max(beyond) > timedelta(0):
        raise TooManyAttempts(max(beyond))
    return {subject: Tally((moment,)) for subject, moment in moments.items()}
