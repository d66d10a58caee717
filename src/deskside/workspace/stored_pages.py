"""The portal's pages of the settings that it keeps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from litestar import Response, get

from deskside.foundation.text import _, ngettext
from deskside.web.service import AnyRequest, page, require_visitor
from deskside.workspace.api import Name, Store, octets
from deskside.workspace.model import Snapshot, StoredWorkspace, name_of
from deskside.workspace.timeline import entry

SHOWN = 10
"""Snapshots of each workspace on the overview."""


@get("/settings", sync_to_thread=True, include_in_schema=False)
def overview(request: AnyRequest, settings_store: Store) -> Response[str]:
    """The workspaces that are stored, each with its latest snapshots."""
    owner = require_visitor(request).user_name_id
    shown = [
        _entry(workspace, settings_store.snapshots(owner, workspace.name)[:SHOWN])
        for workspace in settings_store.workspaces(owner)
    ]
    return page(request, "pages/settings.html", workspaces=shown)


@get("/settings/{workspace:str}", sync_to_thread=True, include_in_schema=False)
def history(request: AnyRequest, workspace: Name, settings_store: Store) -> Response[str]:
    """One stored workspace with its whole history."""
    owner = require_visitor(request).user_name_id
    snapshots = settings_store.snapshots(owner, workspace)
    found = [w for w in settings_store.workspaces(owner) if w.name == workspace]
    shown = [_entry(each, snapshots) | {"href": ""} for each in found]
    return page(request, "pages/settings.html", workspaces=shown)


@get("/settings/{workspace:str}/{snapshot:str}", sync_to_thread=True, include_in_schema=False)
def download(
    request: AnyRequest, workspace: Name, snapshot: Name, settings_store: Store
) -> Response[bytes]:
    """A stored snapshot as a file."""
    owner = require_visitor(request).user_name_id
    found, content = settings_store.get(owner, workspace, snapshot)
    return octets(found, content, f"{workspace}.{found.created[:10]}.xml")


def _entry(workspace: StoredWorkspace, snapshots: Iterable[Snapshot]) -> dict[str, Any]:
    entries = []
    for number, snapshot in enumerate(snapshots):
        link = {"href": f"/settings/{workspace.name}/{snapshot.id}", "label": _("Download")}
        entries.append(entry(snapshot, [link], current=number == 0))
    return {
        "name": name_of(workspace.name),
        "detail": ngettext("{count} snapshot", "{count} snapshots", workspace.snapshots).format(
            count=workspace.snapshots
        ),
        "href": f"/settings/{workspace.name}" if workspace.snapshots > SHOWN else "",
        "snapshots": entries,
    }
