"""What could not be sent is sent later: by the next push or pull, or while `watch` runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from deskside.foundation.errors import DesksideError, NotLoggedIn, Unavailable
from deskside.foundation.text import _
from deskside.workspace.model import Workspace
from deskside.workspace.sync.client import Store
from deskside.workspace.sync.lane import Lane, one_at_a_time
from deskside.workspace.sync.merging import Wish
from deskside.workspace.sync.model import Conflict
from deskside.workspace.sync.pushing import push_snapshot

if TYPE_CHECKING:
    from deskside.workspace.workstation import Workstation


class Outcome(StrEnum):
    """What became of a snapshot that was waiting."""

    SENT = "sent"
    MERGED = "merged"
    WAITING = "waiting"
    """The portal is out of reach, or wants a log-in."""
    CONFLICT = "conflict"
    """A person must choose: `deskside settings push`."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Sent:
    """One snapshot that was waiting, and what became of it.

    Attributes:
        reason: why it still waits, or was refused, for the person.
    """

    workspace: Workspace
    snapshot: str
    outcome: Outcome
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """As `settings pull` and `settings watch` print it."""
        return {
            "workspace": self.workspace.key,
            "snapshot": self.snapshot,
            "outcome": self.outcome.value,
            "reason": self.reason or None,
        }


def send_queued(here: Workstation) -> tuple[Sent, ...]:
    """Send everything that waits for the portal that the person is logged in to.

    Never raises for what a portal or a network does; nothing waits where nobody is logged in.
    """
    try:
        with Store.open(here.folder) as store, one_at_a_time(here.folder):
            lanes = [Lane(here, workspace, store) for workspace in here.history.workspaces()]
            return tuple(_sent(lane) for lane in lanes if lane.state.queued)
    except NotLoggedIn:
        return ()
    except Unavailable:  # another process has its turn, and sends it
        return ()


def _sent(lane: Lane) -> Sent:
    queued = str(lane.state.queued)
    try:
        lane.settle()
        if lane.state.queued is None:
            return Sent(lane.workspace, queued, Outcome.SENT)
        if lane.content_of(queued) is None:  # damaged or gone: only the next save can be sent
            lane.remember(queued=None)
            return Sent(lane.workspace, queued, Outcome.REFUSED, _("It is no longer here."))
        _workspace, snapshot = lane.here.history.find(queued)
        pushed = push_snapshot(lane, snapshot, Wish())
    except (Unavailable, NotLoggedIn) as error:
        return Sent(lane.workspace, queued, Outcome.WAITING, error.message)
    except DesksideError as error:
        return Sent(lane.workspace, queued, Outcome.REFUSED, error.message)
    if isinstance(pushed, Conflict):
        return Sent(lane.workspace, queued, Outcome.CONFLICT, pushed.words)
    return Sent(lane.workspace, queued, Outcome.MERGED if pushed.merged else Outcome.SENT)
