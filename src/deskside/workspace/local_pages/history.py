"""One workspace's history on this computer: its time line, pins, and files to take out."""

from __future__ import annotations

from litestar import Response, get, post

from deskside.foundation.clock import SystemClock
from deskside.foundation.text import ngettext
from deskside.foundation.units import number, when
from deskside.web.service import AnyRequest, form, page, redirect
from deskside.workspace.local_pages.shared import (
    Choices,
    Name,
    at,
    in_thread,
    restored,
    said,
    snapshot_of,
)
from deskside.workspace.model import Kind
from deskside.workspace.rules import kind_of
from deskside.workspace.timeline import Stretch, days


@get("/settings/{place:str}", sync_to_thread=True, include_in_schema=False)
def history(request: AnyRequest, local_options: Choices, place: Name) -> Response[str]:
    """The snapshots of a workspace by day, the latest first."""
    asked = request.query_params
    here, workspace = at(local_options, place)
    snapshots = here.history.snapshots(workspace)
    choosing = asked.get("choose") == "1"
    stretch = Stretch.asked(asked.get("page", ""), len(snapshots), choosing=choosing)
    count = ngettext("{count} snapshot", "{count} snapshots", len(snapshots))
    return page(
        request,
        "settings/local_history.html",
        said=said(request),
        name=workspace.name,
        file=str(workspace.file),
        place=place,
        count=count.format(count=number(len(snapshots))),
        snapshots=len(snapshots),
        days=days(snapshots, SystemClock().now(), stretch),
        choosing=choosing,
        stretch=stretch,
        change=restored(here, workspace, asked.get("change", "")),
    )


@post("/settings/{place:str}/pin", include_in_schema=False)
async def pin(request: AnyRequest, local_options: Choices, place: Name) -> Response[str]:
    """Keep a snapshot for ever, or no longer."""
    fields = await form(request)
    pinned = fields.get("pinned") == "1"

    def work() -> None:
        here, workspace = at(local_options, place)
        here.history.pin(snapshot_of(here, workspace, fields.get("snapshot", "")), pinned)

    await in_thread(work)
    return redirect(f"/settings/{place}?said={'pinned' if pinned else 'unpinned'}")


@get("/settings/{place:str}/{snapshot:str}", sync_to_thread=True, include_in_schema=False)
def download(local_options: Choices, place: Name, snapshot: Name) -> Response[bytes]:
    """A snapshot as a file, byte for byte."""
    here, workspace = at(local_options, place)
    found = snapshot_of(here, workspace, snapshot)
    content = here.history.content(found)
    ending = "xml" if kind_of(content) is Kind.XML else "bin"
    return attachment(content, f"{workspace.key}.{found.created[:10]}.{ending}")


@get("/settings/{place:str}/{snapshot:str}/load", sync_to_thread=True, include_in_schema=False)
def load(request: AnyRequest, local_options: Choices, place: Name, snapshot: Name) -> Response[str]:
    """How a program that runs takes a snapshot, without being closed."""
    here, workspace = at(local_options, place)
    found = snapshot_of(here, workspace, snapshot)
    return page(
        request,
        "settings/local_load.html",
        name=workspace.name,
        place=place,
        snapshot=found.id,
        when=when(found.created),
        note=found.note,
    )


def attachment(content: bytes, name: str) -> Response[bytes]:
    """A content as a file that the browser stores and does not show."""
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )
