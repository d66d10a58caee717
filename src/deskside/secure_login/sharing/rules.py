"""When a device may be shared (our rewrite of KB2481). Pure: every decision, and nothing else.

Everybody takes part who logs in with the device already, beside its owner and whoever asks. Three
conditions, in this order, so that a refusal tells no more than it must:

1. nobody who takes part holds a temporary device;
2. all belong to one holder, or to holders with the same identification data;
3. the device has the highest protection level among the physical, permanent, active devices of
   all who take part; of equal ones, any. A phone app beside a card does not count; where an app is
   all that the owner has, the app's own *Add user* is the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from deskside.directory.model import IdentityMarks


class Obstacle(StrEnum):
    """Why a device cannot be shared; the types of problems in the API."""

    TEMPORARY_DEVICE = "temporary-device"
    USE_ADD_USER = "use-add-user"
    DIFFERENT_IDENTIFICATION = "different-identification-information"
    LESS_SECURE = "less-secure-device"


class ReviewPolicy(StrEnum):
    """Which requests a person decides on."""

    NEVER = "never"
    DOUBTFUL = "doubtful"
    ALWAYS = "always"


class Doubt(StrEnum):
    """Why a request is reviewed."""

    NAMES_DIFFER = "names-differ"
    KINDS_DIFFER = "kinds-differ"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Held:
    """A device that somebody who takes part holds. `active` is false when it does not answer."""

    device: str
    protection_level: int
    physical: bool
    temporary: bool
    active: bool

    @property
    def counts(self) -> bool:
        """Whether it may be shared at all, and is compared."""
        return self.physical and self.active and not self.temporary


@dataclass(frozen=True, slots=True)
class Participant:
    """A user name that takes part: who is behind it, and what it logs in with."""

    user_name: str
    holder: str
    marks: IdentityMarks
    devices: tuple[Held, ...] = ()


def same_identity(one: Participant, other: Participant) -> bool:
    """Whether two user names are one holder's, or their holders' identification data match.

    What we were not told matches nothing, not even another thing that we were not told.
    """
    if one.holder == other.holder:
        return True
    mine, theirs = one.marks, other.marks
    if mine.person is None or mine.person != theirs.person:
        return False
    by_document = mine.document is not None and mine.document == theirs.document
    by_number = mine.us_ssn is not None and mine.us_ssn == theirs.us_ssn
    return by_document or by_number


def obstacle(device: str, owner: Participant, *others: Participant) -> Obstacle | None:
    """What stands against sharing a device of `owner` with the others; None where nothing does."""
    everybody = (owner, *others)
    if any(held.temporary and held.active for each in everybody for held in each.devices):
        return Obstacle.TEMPORARY_DEVICE
    shared = next((held for held in owner.devices if held.device == device), None)
    if shared is None or not shared.counts:
        return Obstacle.USE_ADD_USER
    if not all(same_identity(owner, other) for other in others):
        return Obstacle.DIFFERENT_IDENTIFICATION
    strongest = max(
        held.protection_level for each in everybody for held in each.devices if held.counts
    )
    return Obstacle.LESS_SECURE if shared.protection_level < strongest else None


def taking_part(
    device: str, owner: str, requester: str, active: Iterable[tuple[str, str]]
) -> tuple[str, ...]:
    """The user names that take part: the owner, the requester, and whoever else uses the device.

    Args:
        device: the one to be shared.
        owner: whose password and answer prove it.
        requester: who asks for it.
        active: pairs of a user name and a device that it logs in with.
    """
    others = {user for user, held in active if held == device} - {owner, requester}
    return (owner, requester, *sorted(others))


def may_send_back(rest: Sequence[tuple[str, bool, int]]) -> tuple[str, ...]:
    """Which of the devices that rest can be sent back instead of working again.

    Args:
        rest: each device with whether its kind is one that is taken back, and how many user names
            hold it: one that others use as well stays where it is.
    """
    return tuple(device for device, taken_back, holders in rest if taken_back and holders == 1)


def to_ask(devices: Sequence[Held]) -> Held | None:
    """Which of the owner's devices proves them: the one that could be shared, if there is one."""
    active = [held for held in devices if held.active]
    return max(
        active, key=lambda held: (held.counts, held.protection_level, held.device), default=None
    )


def parked(shared: str, own: Sequence[Held]) -> tuple[str, ...]:
    """Devices of the requester that the shared one makes redundant: kept, but out of use."""
    return tuple(held.device for held in own if held.counts and held.device != shared)


def doubt(policy: ReviewPolicy, names: Sequence[str], kinds: Sequence[str]) -> Doubt | None:
    """Why a request without obstacles is decided by a person; None where it is approved at once.

    Args:
        policy: the desk's.
        names: of the holders, as they are compared: without case, accents and order of words.
        kinds: of the holders, person or entity.
    """
    if policy is ReviewPolicy.NEVER:
        return None
    if len(set(names)) > 1:
        return Doubt.NAMES_DIFFER
    if len(set(kinds)) > 1:
        return Doubt.KINDS_DIFFER
    return Doubt.POLICY if policy is ReviewPolicy.ALWAYS else None
