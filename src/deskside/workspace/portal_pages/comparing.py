"""Two snapshots side by side on the portal, or the reason why it cannot show them."""

from __future__ import annotations

from litestar import Response, get

from deskside.foundation.units import size
from deskside.web.service import AnyRequest, page
from deskside.workspace.api import Name, Store
from deskside.workspace.comparison import comparison
from deskside.workspace.model import name_of
from deskside.workspace.portal_pages.shared import called, find, owner
from deskside.workspace.portal_store.model import StoredSnapshot


@get("/settings/{workspace:str}/compare", sync_to_thread=True, include_in_schema=False)
def compare(request: AnyRequest, workspace: Name, settings_store: Store) -> Response[str]:
    """What changed from one snapshot to another; between the latest two if none is named."""
    mine, asked = owner(request), request.query_params
    snapshots = settings_store.snapshots(mine, workspace)
    new = find(snapshots, asked.get("new") or "".join(one.id for one in snapshots[:1]))
    old = find(snapshots, asked.get("old") or _before(snapshots, new).id)
    everything = asked.get("everything") == "1"
    found = comparison(
        lambda: settings_store.difference(mine, workspace, old.id, new.id, everything=everything),
        whole=asked.get("whole") == "1",
    )
    return page(
        request,
        "settings/portal_compare.html",
        name=name_of(workspace),
        key=workspace,
        old=called(old),
        new=called(new),
        latest=snapshots[0].id,
        found=found,
        everything=everything,
        facts=_facts(old, new) if found.refused else None,
    )


def _before(snapshots: list[StoredSnapshot], snapshot: StoredSnapshot) -> StoredSnapshot:
    """The one before another; itself where it is the first."""
    place = snapshots.index(snapshot)
    return snapshots[min(place + 1, len(snapshots) - 1)]


def _facts(old: StoredSnapshot, new: StoredSnapshot) -> dict[str, str | bool]:
    """What can be said of two snapshots without looking inside."""
    return {"same": old.sha256 == new.sha256, "old": size(old.size), "new": size(new.size)}
