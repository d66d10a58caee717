"""What damage took from the history here, from the portal's copy of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deskside.foundation.errors import DesksideError
from deskside.workspace.model import Snapshot, Workspace
from deskside.workspace.sync.client import Store
from deskside.workspace.sync.lane import Lane
from deskside.workspace.sync.model import Version
from deskside.workspace.sync.sealing import PLAIN

if TYPE_CHECKING:
    from deskside.workspace.workstation import Workstation

Finder = Callable[[Snapshot], bytes | None]
"""Gives the content of a snapshot, or None; never raises."""

Opened = dict[str, str]
"""Digest of the content of each version that was fetched; empty where it could not be opened."""


@contextmanager
def contents_from_portal(here: Workstation) -> Iterator[Finder]:
    """A source for `History.repair`: what the portal holds of this computer's workspaces.

    What is sealed end to end tells its digest only when it is opened: there, every version that
    came on the day of the snapshot or later is fetched, each once.

    Raises:
        NotLoggedIn: nobody is logged in.
        Unavailable, Refused: from the portal's client.
    """
    with Store.open(here.folder) as store:
        held = [
            (Lane(here, workspace, store), store.versions(workspace.key))
            for workspace in _by_key(here.history.workspaces())
        ]
        opened: Opened = {}
        yield lambda snapshot: _found(held, opened, snapshot)


def _found(
    held: list[tuple[Lane, list[Version]]], opened: Opened, snapshot: Snapshot
) -> bytes | None:
    for lane, versions in held:
        for version in versions:
            if not _may_be(version, snapshot):
                continue
            if opened.get(version.id, snapshot.sha256) != snapshot.sha256:
                continue
            content = _content(lane, version)
            opened[version.id] = "" if content is None else hashlib.sha256(content).hexdigest()
            if opened[version.id] == snapshot.sha256:
                return content
    return None


def _may_be(version: Version, snapshot: Snapshot) -> bool:
    if version.format == PLAIN:
        return version.sha256 == snapshot.sha256
    return version.created[:10] >= snapshot.created[:10]


def _content(lane: Lane, version: Version) -> bytes | None:
    try:
        return lane.store.fetch(lane.key, version.id).content
    except DesksideError:
        return None


def _by_key(workspaces: list[Workspace]) -> list[Workspace]:
    return list({workspace.key: workspace for workspace in workspaces}.values())
