"""Two states of the settings side by side: snapshots, the present ones, or files."""

from __future__ import annotations

from litestar import Response, get

from deskside.foundation.errors import NotFound
from deskside.foundation.text import _
from deskside.foundation.units import when
from deskside.web.service import AnyRequest, page
from deskside.workspace import restoring
from deskside.workspace.comparison import comparison
from deskside.workspace.document.difference import difference
from deskside.workspace.document.parts import PARTS
from deskside.workspace.local_pages.shared import Choices, Name, at, snapshot_of
from deskside.workspace.model import Workspace
from deskside.workspace.places import reading
from deskside.workspace.workstation import Workstation

NOW = "now"
"""Stands for the settings as they are."""


@get("/settings/{place:str}/compare", sync_to_thread=True, include_in_schema=False)
def compare(request: AnyRequest, local_options: Choices, place: Name) -> Response[str]:
    """What changed from one state to another; from the latest snapshot to now if none is named."""
    asked = request.query_params
    here, workspace = at(local_options, place)
    wishes = asked.get("old") or restoring.LATEST, asked.get("new") or NOW
    part = asked.get("part") if asked.get("part") in PARTS else None
    everything = asked.get("everything") == "1"
    old, new = (_content(here, workspace, wish) for wish in wishes)
    return page(
        request,
        "settings/local_compare.html",
        name=workspace.name,
        place=place,
        old=_called(here, workspace, wishes[0]),
        new=_called(here, workspace, wishes[1]),
        part=part or "",
        choices=[("", _("Everything")), *((one.name, _(one.title)) for one in PARTS.values())],
        found=comparison(
            lambda: difference(old, new, everything=everything, part=part),
            whole=asked.get("whole") == "1",
        ),
        everything=everything,
    )


def _content(here: Workstation, workspace: Workspace, wish: str) -> bytes:
    if wish == NOW:
        return reading.read(workspace.file).content
    return restoring.source(here, workspace, wish).content


def _called(here: Workstation, workspace: Workspace, wish: str) -> dict[str, str]:
    """A state as headings name it; `id` asks for it again, `source` restores it."""
    if wish == NOW:
        return {"id": wish, "when": _("Now"), "note": "", "origin": "", "source": ""}
    latest = here.latest_good(workspace) if wish == restoring.LATEST else None
    try:
        found = latest or snapshot_of(here, workspace, wish)
    except NotFound:
        return {"id": wish, "when": wish, "note": "", "origin": "", "source": wish}
    return {
        "id": found.id,
        "when": when(found.created),
        "note": found.note,
        "origin": found.origin,
        "source": found.id,
    }
