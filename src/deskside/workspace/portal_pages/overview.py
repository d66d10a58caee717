"""The portal's first page of settings: which there are, from which computers, how they are kept."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.response import Stream

from deskside.foundation.text import _
from deskside.foundation.units import number, size, when
from deskside.web.service import AnyRequest, page
from deskside.workspace.api import Store
from deskside.workspace.model import StoredWorkspace, name_of
from deskside.workspace.portal_pages.shared import (
    computer,
    counted,
    in_thread,
    owner,
    requests,
    said,
)
from deskside.workspace.portal_store.model import Recipient, Usage

MEGABYTE = 1_000_000
TIGHT = 90
"""Per cent of the quota from which the page says that little room is left."""


@get("/settings", sync_to_thread=True, include_in_schema=False)
def overview(request: AnyRequest, settings_store: Store) -> Response[str]:
    """The workspaces, the computers that push them, the quota and the encryption."""
    mine = owner(request)
    asked = requests(settings_store, mine)
    return page(
        request,
        "settings/portal_overview.html",
        said=said(request),
        workspaces=[_workspace(each) for each in settings_store.workspaces(mine)],
        workstations=[
            (computer(each.name, each.id), when(each.last_seen))
            for each in settings_store.workstations(mine)
        ],
        usage=_usage(settings_store.usage(mine)),
        encryption=_encryption(settings_store.encryption.recipient(mine)),
        requests=[each for each in asked if each["waiting"]],
    )


@post("/settings/export", include_in_schema=False, status_code=200)
async def export(request: AnyRequest, settings_store: Store) -> Stream:
    """Everything that the visitor has stored, as a zip file."""
    pieces = await in_thread(settings_store.export, owner(request))
    headers = {"content-disposition": 'attachment; filename="deskside-settings.zip"'}
    return Stream(pieces, media_type="application/zip", headers=headers)


def _workspace(workspace: StoredWorkspace) -> dict[str, Any]:
    latest = workspace.latest
    return {
        "name": name_of(workspace.name),
        "key": workspace.name,
        "count": counted(workspace.snapshots),
        "latest": when(latest.created) if latest else "",
        "size": size(latest.size) if latest else "",
        "note": latest.note if latest else "",
        "origin": latest.origin if latest else "",
    }


def _usage(usage: Usage) -> dict[str, Any]:
    """How much is stored; `part` is in per cent, and never nothing where there is something."""
    part = min(100, max(1 if usage.used else 0, round(100 * usage.used / max(usage.quota, 1))))
    words = _("{used} of {quota}").format(used=_room(usage.used), quota=_room(usage.quota))
    return {"words": words, "part": part, "tight": part >= TIGHT}


def _room(count: int) -> str:
    """A size that nobody needs to the byte."""
    if count < MEGABYTE:
        return _("{count} kB").format(count=number(-(-count // 1000)))
    decimals = 1 if count % MEGABYTE else 0
    return _("{count} MB").format(count=number(count / MEGABYTE, decimals))


def _encryption(recipient: Recipient | None) -> dict[str, str] | None:
    if recipient is None:
        return None
    return {"recipient": recipient.recipient, "since": when(recipient.since)}
