"""Where settings stand between this computer and its portal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deskside.foundation.errors import DesksideError
from deskside.foundation.units import when
from deskside.workspace.model import Workspace
from deskside.workspace.sync.client import Store
from deskside.workspace.sync.encryption import Encryption
from deskside.workspace.sync.encryption import standing as encryption_standing
from deskside.workspace.sync.lane import known_workspaces
from deskside.workspace.sync.restores import Requested, pending
from deskside.workspace.sync.workstation_id import WorkstationId

if TYPE_CHECKING:
    from deskside.workspace.workstation import Workstation


@dataclass(frozen=True, slots=True)
class Row:
    """One workspace.

    Attributes:
        workspace: here; None where this computer has no such workspace.
        held: how many versions the portal holds; None where that is not known.
        latest: the portal's latest version as it describes it.
        base: the portal's version that the settings here derive from.
        queued: the snapshot that waits to be sent.
        fetched: the last good copy, a snapshot here.
    """

    key: str
    workspace: Workspace | None = None
    held: int | None = None
    latest: dict[str, Any] | None = None
    base: str = ""
    queued: str | None = None
    fetched: str | None = None
    fetched_at: str | None = None

    @property
    def held_words(self) -> str:
        """How many versions, for a table."""
        return "?" if self.held is None else str(self.held)

    @property
    def latest_words(self) -> str:
        """When the latest came, for a table."""
        return when(str(self.latest["created"])) if self.latest else "–"

    def as_json(self) -> dict[str, Any]:
        """As `settings portal` prints it."""
        return {
            "workspace": self.key,
            "file": str(self.workspace.file) if self.workspace else None,
            "snapshots_portal": self.held,
            "latest": self.latest,
            "base": self.base or None,
            "behind": bool(self.latest and self.base and self.latest["id"] != self.base),
            "queued": self.queued,
            "last_good_copy": self.fetched,
            "last_good_copy_at": self.fetched_at,
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """All of it.

    Attributes:
        problem: why the portal could not be asked; None where it could.
    """

    portal: str
    user_name: str
    workstation: WorkstationId
    rows: tuple[Row, ...]
    encryption: Encryption | None = None
    requests: tuple[Requested, ...] = ()
    problem: DesksideError | None = field(default=None)

    def as_json(self) -> dict[str, Any]:
        """As `settings portal` prints it."""
        return {
            "portal": self.portal,
            "user": self.user_name,
            "reachable": self.problem is None,
            "problem": self.problem.as_json() if self.problem else None,
            "workstation": self.workstation.as_json(),
            "encryption": self.encryption.as_json() if self.encryption else None,
            "workspaces": [row.as_json() for row in self.rows],
            "requests": [request.as_json() for request in self.requests],
        }


def standing(here: Workstation, root: str | None = None) -> Standing:
    """Where this computer's settings stand; what is known here even where the portal is away.

    Raises:
        NotLoggedIn: nobody is logged in.
    """
    with Store.open(here.folder) as store:
        told = (store.portal, store.user_name, store.workstation)
        known = known_workspaces(here, root)
        try:
            listed = {str(row["name"]): row for row in store.workspaces()}
            state, asked = encryption_standing(store), pending(here, store)
        except DesksideError as error:
            return Standing(*told, tuple(_rows(here, store, known, None)), problem=error)
        return Standing(*told, tuple(_rows(here, store, known, listed)), state, asked)


def _rows(
    here: Workstation, store: Store, known: list[Workspace], listed: dict[str, Any] | None
) -> list[Row]:
    """A row for each workspace here, and for each that the portal alone has."""
    rows = [_row(here, store, workspace, listed) for workspace in known]
    here_too = {workspace.key for workspace in known}
    rows += [
        Row(key, None, int(theirs.get("snapshots", 0)), theirs.get("latest"))
        for key, theirs in (listed or {}).items()
        if key not in here_too
    ]
    return sorted(rows, key=lambda row: row.key)


def _row(
    here: Workstation, store: Store, workspace: Workspace, listed: dict[str, Any] | None
) -> Row:
    theirs = (listed or {}).get(workspace.key) or {}
    held = None if listed is None else int(theirs.get("snapshots", 0))
    state = here.history.portal_state(workspace, store.address)
    return Row(
        workspace.key,
        workspace,
        held,
        theirs.get("latest"),
        state.base,
        state.queued,
        state.fetched,
        state.fetched_at,
    )
