"""One workspace's history on the portal: its time line, pins and downloads."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from deskside.foundation.clock import SystemClock
from deskside.web.service import AnyRequest, form, page, redirect
from deskside.workspace.api import Name, Store, octets
from deskside.workspace.model import name_of
from deskside.workspace.portal_pages.shared import (
    counted,
    in_thread,
    owner,
    requests,
    said,
    stored,
)
from deskside.workspace.portal_store.exporting import ending
from deskside.workspace.timeline import Stretch, days

SETTLED = 3
"""Requests that no longer wait, and are still shown."""


@get("/settings/{workspace:str}", sync_to_thread=True, include_in_schema=False)
def history(request: AnyRequest, workspace: Name, settings_store: Store) -> Response[str]:
    """The snapshots of a workspace by day, the latest first."""
    mine, asked = owner(request), request.query_params
    count = stored(settings_store, mine, workspace).snapshots
    choosing = asked.get("choose") == "1"
    stretch = Stretch.asked(asked.get("page", ""), count, choosing=choosing)
    # One more than is shown: each is compared with the one before it.
    snapshots = settings_store.snapshots(mine, workspace, limit=stretch.end + 1)
    return page(
        request,
        "settings/portal_history.html",
        said=said(request),
        name=name_of(workspace),
        key=workspace,
        count=counted(count),
        snapshots=count,
        days=days(snapshots, SystemClock().now(), stretch),
        choosing=choosing,
        stretch=stretch,
        requests=_recent(requests(settings_store, mine, workspace)),
        computers=bool(settings_store.workstations(mine)),
    )


@post("/settings/{workspace:str}/{snapshot:str}/pin", include_in_schema=False)
async def pin(
    request: AnyRequest, workspace: Name, snapshot: Name, settings_store: Store
) -> Response[str]:
    """Keep a snapshot for ever, or no longer."""
    mine = owner(request)
    pinned = (await form(request)).get("pinned") == "1"
    await in_thread(settings_store.pin, mine, workspace, snapshot, pinned=pinned)
    return redirect(f"/settings/{workspace}?said={'pinned' if pinned else 'unpinned'}")


@get("/settings/{workspace:str}/{snapshot:str}", sync_to_thread=True, include_in_schema=False)
def download(
    request: AnyRequest, workspace: Name, snapshot: Name, settings_store: Store
) -> Response[bytes]:
    """A snapshot as a file, as it was sent."""
    found, content = settings_store.get(owner(request), workspace, snapshot)
    return octets(found, content, f"{workspace}.{found.created[:10]}{ending(found)}")


def _recent(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What waits, and the last that was settled."""
    waiting = [each for each in asked if each["waiting"]]
    return waiting + [each for each in asked if not each["waiting"]][:SETTLED]
