"""Workspace settings over REST: a person's own, as raw bytes."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any
from urllib.parse import unquote

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter
from litestar.response import Response

from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _
from deskside.web.service import AnyRequest, require_visitor
from deskside.workspace.model import Snapshot, StoredWorkspace
from deskside.workspace.rules import LARGEST_PUSHED
from deskside.workspace.service import SettingsStore

Store = NamedDependency[SettingsStore]
Name = FromPath[str]

OCTETS = "application/octet-stream"


class SnapshotBody(msgspec.Struct):
    """One snapshot: when it came, and digest and size of its content."""

    id: str
    created: str
    sha256: str
    size: int
    note: str


class WorkspaceBody(msgspec.Struct):
    """One workspace, its latest snapshot, and how many it has."""

    id: str
    name: str
    latest: SnapshotBody | None
    snapshots: int


class Workspaces(msgspec.Struct):
    """All workspaces of the visitor."""

    workspaces: list[WorkspaceBody]


class Snapshots(msgspec.Struct):
    """Snapshots of one workspace, the latest first."""

    snapshots: list[SnapshotBody]


class Pushed(msgspec.Struct):
    """What a push came to; not `changed` where the latest snapshot was the same already."""

    snapshot: str
    changed: bool


@get("/me/settings", tags=["settings"], sync_to_thread=True)
def list_workspaces(request: AnyRequest, settings_store: Store) -> Workspaces:
    """The visitor's workspaces."""
    visitor = require_visitor(request)
    listed = settings_store.workspaces(visitor.user_name_id)
    return Workspaces([_workspace_body(workspace) for workspace in listed])


@get("/me/settings/{workspace:str}/snapshots", tags=["settings"], sync_to_thread=True)
def list_snapshots(request: AnyRequest, workspace: Name, settings_store: Store) -> Snapshots:
    """The snapshots of one workspace, the latest first."""
    visitor = require_visitor(request)
    listed = settings_store.snapshots(visitor.user_name_id, workspace)
    return Snapshots([_body(snapshot) for snapshot in listed])


@get(
    "/me/settings/{workspace:str}/snapshots/{snapshot:str}",
    tags=["settings"],
    sync_to_thread=True,
    media_type=OCTETS,
)
def get_snapshot(
    request: AnyRequest, workspace: Name, snapshot: Name, settings_store: Store
) -> Response[bytes]:
    """The content of one snapshot, byte for byte; `latest` stands for the latest one."""
    visitor = require_visitor(request)
    found, content = settings_store.get(visitor.user_name_id, workspace, snapshot)
    return octets(found, content)


@post(
    "/me/settings/{workspace:str}/snapshots",
    tags=["settings"],
    status_code=200,
    request_max_body_size=LARGEST_PUSHED,
)
async def push_snapshot(
    request: AnyRequest,
    workspace: Name,
    settings_store: Store,
    sha256: Annotated[str, HeaderParameter(name="deskside-sha256")],
    base: Annotated[str, HeaderParameter(name="deskside-base")] = "",
    note: Annotated[str, HeaderParameter(name="deskside-note")] = "",
) -> Pushed:
    """Push a settings file (raw body) on top of the version that it derives from.

    Headers: `deskside-sha256` of the body; `deskside-base`, id of the latest snapshot that the
    sender has seen (absent for none); `deskside-note`, percent-encoded UTF-8. Answers 409
    `settings-conflict` where others have pushed since.
    """
    from litestar.concurrency import sync_to_thread

    visitor = require_visitor(request)
    content = await request.body()
    if hashlib.sha256(content).hexdigest() != sha256.lower():
        raise UsageProblem(
            "content-damaged",
            _("The settings were damaged on their way; nothing was stored."),
            hint=_("Send them again."),
        )

    def push() -> Pushed:
        saved = settings_store.push(
            visitor.user_name_id, workspace, content, base=base, note=unquote(note)
        )
        return Pushed(saved.snapshot.id, saved.changed)

    return await sync_to_thread(push)


def octets(snapshot: Snapshot, content: bytes, name: str = "") -> Response[bytes]:
    """A content as a response that no browser shows or keeps."""
    headers = {
        "deskside-snapshot": snapshot.id,
        "deskside-sha256": snapshot.sha256,
        "deskside-created": snapshot.created,
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="{name or snapshot.id}"',
    }
    return Response(content, media_type=OCTETS, headers=headers)


def routes() -> list[Any]:
    """The routes of this part, relative to `/api/v1`."""
    return [list_workspaces, list_snapshots, get_snapshot, push_snapshot]


def _workspace_body(workspace: StoredWorkspace) -> WorkspaceBody:
    latest = _body(workspace.latest) if workspace.latest else None
    return WorkspaceBody(workspace.id, workspace.name, latest, workspace.snapshots)


def _body(snapshot: Snapshot) -> SnapshotBody:
    return SnapshotBody(
        snapshot.id, snapshot.created, snapshot.sha256, snapshot.size, snapshot.note
    )
