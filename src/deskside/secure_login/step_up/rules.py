"""What it takes to prove one's identity anew. Pure: every decision, and nothing else.

Whoever has a device that works answers with it. Whoever has none gives the password. Whoever has
devices none of which works proves nothing here: the desk checks who they are. Two tasks differ:

- reporting a device lost or out of order takes the password, since the device is gone;
- changing the password takes the present one in its own form, so without a device nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Task(StrEnum):
    """Kinds of sensitive tasks; a proof is good for one of them."""

    DEVICE = "device"
    ORDER = "order"
    LOST = "lost"
    RETURN = "return"
    PIN = "pin"
    PASSWORD = "password"  # noqa: S105 (a task, not a secret)
    SHARING = "sharing"
    REVIEW = "review"
    CLOSING = "closing"
    ISSUING = "issuing"
    RECOVERY = "recovery"
    AMOUNT = "amount"


class Means(StrEnum):
    """How a person proves their identity."""

    DEVICE = "device"
    PASSWORD = "password"  # noqa: S105 (a means, not a secret)
    NOTHING = "nothing"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a proof is good, whether for once, and how long a log-in counts as one."""

    lifetime: timedelta = timedelta(minutes=5)
    single_use: bool = True
    after_log_in: timedelta = timedelta(minutes=5)


def means(task: Task, *, due: bool, usable: bool) -> Means:
    """How a person proves who they are.

    Args:
        task: what for.
        due: whether any device counts at their log-ins, working or not.
        usable: whether any device of theirs can answer now.
    """
    if task is Task.LOST:
        return Means.PASSWORD
    if usable:
        return Means.DEVICE
    if due:
        return Means.DESK
    return Means.NOTHING if task is Task.PASSWORD else Means.PASSWORD


def log_in_counts(policy: Policy, task: Task, started: datetime, now: datetime) -> bool:
    """Whether the log-in itself is fresh enough; for an amount its device counts anyway."""
    return task is not Task.AMOUNT and now < started + policy.after_log_in
