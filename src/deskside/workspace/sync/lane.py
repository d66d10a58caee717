"""One workspace between this computer and one portal: what is remembered of it.

    base      the portal's version that the settings here wholly derive from
    ancestor  a snapshot here that both the settings here and the portal's latest derive from:
              the content of `base`, or what was sent merged with others' changes since
    queued    the snapshot that is on its way or waits; noted before anything is sent
    fetched   the latest copy that came from the portal or was taken by it

A push that was killed after the portal took it left `queued` behind: the next one finds it in
the portal's list and goes on from there, instead of sending it twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskside.foundation.errors import DesksideError, Unavailable
from deskside.foundation.locking import held
from deskside.foundation.text import _
from deskside.workspace.model import Snapshot, Workspace
from deskside.workspace.sync.client import Store
from deskside.workspace.sync.model import Downloaded, Version
from deskside.workspace.sync.sealing import PLAIN

if TYPE_CHECKING:
    from deskside.workspace.history import PortalState
    from deskside.workspace.workstation import Workstation

PATIENCE = 60.0
"""Seconds to wait for another process that talks to a portal."""


class Lane:
    """One workspace between this computer and a store."""

    def __init__(self, here: Workstation, workspace: Workspace, store: Store) -> None:
        self.here = here
        self.workspace = workspace
        self.store = store
        self.key = workspace.key

    @property
    def state(self) -> PortalState:
        """What is remembered."""
        return self.here.history.portal_state(self.workspace, self.store.address)

    def remember(self, **changed: Any) -> None:
        """Change what is remembered, in one transaction."""
        state = self.state
        if (new := replace(state, **changed)) != state:
            self.here.history.set_portal_state(self.workspace, self.store.address, new)

    def remember_fetched(self, snapshot: Snapshot, **changed: Any) -> None:
        """Note the last good copy, beside other changes."""
        self.remember(fetched=snapshot.id, fetched_at=_now(), **changed)

    def content_of(self, identifier: str | None) -> bytes | None:
        """The content of a snapshot here; None where there is none that is whole."""
        if not identifier:
            return None
        try:
            _workspace, snapshot = self.here.history.find(identifier)
            return self.here.history.content(snapshot)
        except DesksideError:
            return None

    def ancestor(self, versions: list[Version]) -> bytes | None:
        """The content that both sides derive from; None where there is none that is certain.

        It counts only while the portal's own history holds `base`: one that was set up anew, or
        brought back from an old backup, is a stranger.
        """
        if not self.base_among(versions):
            return None
        state = self.state
        content = self.content_of(state.ancestor)
        if content is None and any(version.id == state.base for version in versions):
            return self.store.fetch(self.key, state.base).content
        return content

    def base_among(self, versions: list[Version]) -> bool:
        """Whether the portal's latest derives from `base`.

        Versions sealed end to end are thinned with time: there it is enough that `base` lies
        between two that are left, since ids sort by time.
        """
        base = self.state.base
        if not (base and versions):
            return False
        if any(version.id == base for version in versions):
            return True
        thinned = versions[0].format != PLAIN and versions[-1].format != PLAIN
        return thinned and versions[-1].id < base < versions[0].id

    def keep(self, content: bytes, note: str, origin: str) -> Snapshot:
        """The snapshot of a content that is not this computer's; what is here stays the latest."""
        history = self.here.history
        listed = history.snapshots(self.workspace)
        sha256 = hashlib.sha256(content).hexdigest()
        known = next((s for s in listed if s.sha256 == sha256), None)
        if known:
            return known
        kept = history.save(self.workspace, content, note, origin=origin).snapshot
        if listed and (mine := self.content_of(listed[0].id)) is not None:
            history.save(self.workspace, mine, listed[0].note, origin=listed[0].origin)
        return kept

    def keep_theirs(self, theirs: Downloaded) -> Snapshot:
        """Keep what was fetched, which makes it nothing of this computer's own."""
        origin = theirs.workstation_name or self.store.portal
        return self.keep(theirs.content, theirs.note or theirs.words, origin)

    def has_had(self, content: bytes) -> bool:
        """Whether these have been this computer's own settings, which no portal can invent."""
        sha256 = hashlib.sha256(content).hexdigest()
        listed = self.here.history.snapshots(self.workspace)
        return any(s.sha256 == sha256 and not s.origin for s in listed)

    def settle(self) -> None:
        """Find out what became of a push whose answer was never read."""
        queued = self.state.queued
        content = self.content_of(queued)
        if content is None:
            return
        for version in self.newer_of_ours(self.store.versions(self.key)):
            if self.holds(version, content):
                self.remember(base=version.id, ancestor=queued, queued=None)
                return

    def newer_of_ours(self, versions: list[Version]) -> list[Version]:
        """What this computer sent on top of `base`; where that is gone, at most the latest."""
        base = self.state.base
        places = [i for i, version in enumerate(versions) if base and version.id == base]
        newer = versions[: places[0]] if places else versions[: None if not base else 1]
        return [version for version in newer if version.workstation == self.store.workstation.id]

    def holds(self, version: Version, content: bytes) -> bool:
        """Whether a version has that content. Only what is sealed must be fetched to know."""
        if version.format == PLAIN:
            return version.sha256 == hashlib.sha256(content).hexdigest()
        try:
            return self.store.fetch(self.key, version.id).content == content
        except Unavailable:
            raise
        except DesksideError:
            return False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Only one process of this computer talks to portals at a time."""
        with one_at_a_time(self.here.folder):
            yield


def known_workspaces(here: Workstation, root: str | None = None) -> list[Workspace]:
    """The workspaces of this computer, with or without settings in their places now."""
    remembered = here.history.workspaces()
    try:
        found = here.workspaces(root)
    except DesksideError:
        return remembered
    return found + [workspace for workspace in remembered if workspace not in found]


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold this computer's side of all portals.

    Raises:
        Unavailable: `sync-busy`.
    """
    from deskside.foundation.paths import private_folder

    def taken() -> Unavailable:
        return Unavailable(
            "sync-busy",
            _("Another Deskside process on this computer talks to the portal."),
            hint=_("Wait until it has finished and try again."),
        )

    with held(private_folder(folder / "workspace") / "sync.lock", taken, wait=PATIENCE):
        yield


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
