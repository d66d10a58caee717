"""Workspace settings over REST: a person's own, as raw bytes.

All handlers are asynchronous with their work in threads: Litestar 2.25 would put a synchronous
one that shares its address with another method into a thread twice.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import anyio.to_thread
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody
from litestar.response import Response, Stream

from deskside.web.service import AnyRequest, require_visitor
from deskside.workspace.model import Snapshot
from deskside.workspace.portal_store.bodies import (
    Pin,
    Pushed,
    RecipientBody,
    RecipientWish,
    RestoreBody,
    Restores,
    RestoreWish,
    Result,
    Snapshots,
    UsageBody,
    Workspaces,
    Workstations,
    recipient_body,
    restore_body,
    snapshot_body,
    workspace_body,
    workstation_body,
)
from deskside.workspace.portal_store.contents import digest
from deskside.workspace.portal_store.model import StoredSnapshot, WorkstationName
from deskside.workspace.portal_store.wire import (
    damaged_on_the_way,
    decoded,
    format_newer,
    format_number,
    once,
    telling,
)
from deskside.workspace.rules import LARGEST_PUSHED
from deskside.workspace.service import SettingsStore

Store = NamedDependency[SettingsStore]
Name = FromPath[str]

OCTETS = "application/octet-stream"
TAGS = ["settings"]


@get("/me/settings", tags=TAGS)
async def list_workspaces(request: AnyRequest, settings_store: Store) -> Workspaces:
    """The visitor's workspaces."""
    owner = require_visitor(request).user_name_id
    listed = await anyio.to_thread.run_sync(settings_store.workspaces, owner)
    return Workspaces([workspace_body(workspace) for workspace in listed])


@get("/me/settings/{workspace:str}/snapshots", tags=TAGS)
async def list_snapshots(request: AnyRequest, workspace: Name, settings_store: Store) -> Snapshots:
    """The snapshots of one workspace, the latest first."""
    owner = require_visitor(request).user_name_id
    listed = await anyio.to_thread.run_sync(settings_store.snapshots, owner, workspace)
    return Snapshots([snapshot_body(snapshot) for snapshot in listed])


@get(
    "/me/settings/{workspace:str}/snapshots/{snapshot:str}",
    tags=TAGS,
    media_type=OCTETS,
    responses={409: ResponseSpec(str, description="`settings-format-newer` and others")},
)
async def get_snapshot(
    request: AnyRequest,
    workspace: Name,
    snapshot: Name,
    settings_store: Store,
    accept_format: Annotated[str, HeaderParameter(name="deskside-accept-format")] = "1",
) -> Response[bytes]:
    """The content of one snapshot, byte for byte; `latest` stands for the latest one.

    `deskside-accept-format` is the highest format that the client knows (1 if absent): a
    snapshot of a later one is refused with 409 `settings-format-newer`.
    """
    owner = require_visitor(request).user_name_id
    once(request)
    most = format_number(accept_format)
    found, content = await anyio.to_thread.run_sync(settings_store.get, owner, workspace, snapshot)
    if found.format > most:
        raise format_newer()
    return octets(found, content)


@post(
    "/me/settings/{workspace:str}/snapshots",
    tags=TAGS,
    status_code=200,
    request_max_body_size=LARGEST_PUSHED,
    responses={
        409: ResponseSpec(
            str,
            description="`settings-conflict`, with `latest` (a snapshot or null) and `snapshots` "
            "(how many there are); `settings-must-be-sealed`, `settings-quota` and others",
        )
    },
)
async def push_snapshot(
    request: AnyRequest,
    workspace: Name,
    settings_store: Store,
    sha256: Annotated[str, HeaderParameter(name="deskside-sha256")],
    base: Annotated[str, HeaderParameter(name="deskside-base")] = "",
    note: Annotated[str, HeaderParameter(name="deskside-note")] = "",
    stated: Annotated[str, HeaderParameter(name="deskside-format")] = "1",
    workstation: Annotated[str, HeaderParameter(name="deskside-workstation")] = "",
    called: Annotated[str, HeaderParameter(name="deskside-workstation-name")] = "",
) -> Pushed:
    """Push a settings file (raw body) on top of the version that it derives from.

    Headers: `deskside-sha256` of the body; `deskside-base`, id of the latest snapshot that the
    sender has seen (absent for none); `deskside-note` and `deskside-workstation-name`,
    percent-encoded UTF-8; `deskside-workstation`, the computer's id; `deskside-format`, 1 for the
    file as it is, 2 for an age file. Answers 409 `settings-conflict` where others have pushed
    since, with the latest snapshot.
    """
    owner = require_visitor(request).user_name_id
    once(request)
    sender = WorkstationName(workstation, decoded(called)) if workstation or called else None
    stated_format, note_text = format_number(stated), decoded(note)

    def push(content: bytes) -> Pushed:
        if digest(content) != sha256.lower():
            raise damaged_on_the_way()
        saved = settings_store.push(
            owner,
            workspace,
            content,
            base=base,
            note=note_text,
            stated_format=stated_format,
            workstation=sender,
        )
        return Pushed(saved.snapshot.id, saved.changed)

    return await settings_store.intake.take(request, push)


@put(
    "/me/settings/{workspace:str}/snapshots/{snapshot:str}",
    tags=TAGS,
    request_max_body_size=LARGEST_PUSHED,
    responses={
        409: ResponseSpec(
            str, description="`already-sealed`, `settings-not-sealed`, `settings-quota` and others"
        )
    },
)
async def seal_snapshot(
    request: AnyRequest,
    workspace: Name,
    snapshot: Name,
    settings_store: Store,
    sha256: Annotated[str, HeaderParameter(name="deskside-sha256")],
) -> Pushed:
    """Put an age file (raw body) in the place of a plain snapshot, which is deleted for good.

    It keeps its id, its day and its pin. Header: `deskside-sha256` of the body.
    """
    owner = require_visitor(request).user_name_id
    once(request)

    def put_sealed(content: bytes) -> Pushed:
        if digest(content) != sha256.lower():
            raise damaged_on_the_way()
        made = settings_store.resealing.replace(owner, workspace, snapshot, content)
        return Pushed(made.id, changed=True)

    return await settings_store.intake.take(request, put_sealed)


@put("/me/settings/{workspace:str}/snapshots/{snapshot:str}/pin", tags=TAGS)
async def pin_snapshot(
    request: AnyRequest, workspace: Name, snapshot: Name, settings_store: Store, data: JSONBody[Pin]
) -> Pin:
    """Keep a snapshot for ever, whatever the portal's policy, or no longer."""
    owner = require_visitor(request).user_name_id

    def pin() -> Pin:
        settings_store.pin(owner, workspace, snapshot, pinned=data.pinned)
        return data

    return await anyio.to_thread.run_sync(pin)


@delete("/me/settings/{workspace:str}/snapshots/{snapshot:str}", tags=TAGS, status_code=204)
async def delete_snapshot(
    request: AnyRequest, workspace: Name, snapshot: Name, settings_store: Store
) -> None:
    """Delete one snapshot for good; all others stay as they were."""
    owner = require_visitor(request).user_name_id
    await anyio.to_thread.run_sync(settings_store.delete, owner, workspace, snapshot)


@delete("/me/settings/{workspace:str}", tags=TAGS, status_code=204)
async def delete_workspace(request: AnyRequest, workspace: Name, settings_store: Store) -> None:
    """Delete a workspace with its whole history for good."""
    owner = require_visitor(request).user_name_id
    await anyio.to_thread.run_sync(settings_store.delete_workspace, owner, workspace)


@get("/me/settings/export", tags=TAGS, media_type="application/zip")
async def export(request: AnyRequest, settings_store: Store) -> Stream:
    """Everything that the visitor has stored, as a zip file; `manifest.json` is its last entry."""
    owner = require_visitor(request).user_name_id
    pieces = await anyio.to_thread.run_sync(settings_store.export, owner)
    headers = {"content-disposition": 'attachment; filename="deskside-settings.zip"'}
    return Stream(pieces, media_type="application/zip", headers=headers)


@get("/me/settings/quota", tags=TAGS)
async def quota(request: AnyRequest, settings_store: Store) -> UsageBody:
    """What the visitor has stored, of what they may."""
    owner = require_visitor(request).user_name_id
    usage = await anyio.to_thread.run_sync(settings_store.usage, owner)
    return UsageBody(
        usage.used, usage.quota, usage.workspaces, usage.snapshots, largest=LARGEST_PUSHED
    )


@get("/me/workstations", tags=TAGS)
async def list_workstations(request: AnyRequest, settings_store: Store) -> Workstations:
    """The computers that have pushed, the last seen first."""
    owner = require_visitor(request).user_name_id
    listed = await anyio.to_thread.run_sync(settings_store.workstations, owner)
    return Workstations([workstation_body(each) for each in listed])


@post("/me/settings/{workspace:str}/restores", tags=TAGS, status_code=201)
async def request_restore(
    request: AnyRequest, workspace: Name, settings_store: Store, data: JSONBody[RestoreWish]
) -> RestoreBody:
    """Ask a computer to restore a snapshot at its next start; replaces a request that waits."""
    owner = require_visitor(request).user_name_id
    made = await anyio.to_thread.run_sync(
        settings_store.restores.request, owner, workspace, data.workstation, data.snapshot
    )
    return restore_body(made)


@get("/me/restores", tags=TAGS)
async def list_restores(
    request: AnyRequest, settings_store: Store, workstation: FromQuery[str | None] = None
) -> Restores:
    """The requests that wait for a computer; without one, all of the visitor's, newest first."""
    owner = require_visitor(request).user_name_id
    listed = await anyio.to_thread.run_sync(settings_store.restores.listed, owner, workstation)
    return Restores([restore_body(each) for each in listed])


@post("/me/restores/{restore:str}/result", tags=TAGS, status_code=200)
async def settle_restore(
    request: AnyRequest, restore: Name, settings_store: Store, data: JSONBody[Result]
) -> RestoreBody:
    """What became of a request, told by the computer that was asked."""
    owner = require_visitor(request).user_name_id
    settled = await anyio.to_thread.run_sync(
        settings_store.restores.settle, owner, restore, data.result, data.detail
    )
    return restore_body(settled)


@delete("/me/restores/{restore:str}", tags=TAGS, status_code=200)
async def cancel_restore(request: AnyRequest, restore: Name, settings_store: Store) -> RestoreBody:
    """Take a request back that still waits."""
    owner = require_visitor(request).user_name_id
    cancelled = await anyio.to_thread.run_sync(settings_store.restores.cancel, owner, restore)
    return restore_body(cancelled)


@get("/me/settings-encryption", tags=TAGS)
async def get_encryption(request: AnyRequest, settings_store: Store) -> RecipientBody:
    """Whom the visitor's settings are sealed for, end to end."""
    owner = require_visitor(request).user_name_id
    found = await anyio.to_thread.run_sync(settings_store.encryption.recipient, owner)
    return recipient_body(found)


@put("/me/settings-encryption", tags=TAGS)
async def put_encryption(
    request: AnyRequest, settings_store: Store, data: JSONBody[RecipientWish]
) -> RecipientBody:
    """Choose whom to seal for; from then on plain uploads are refused."""
    owner = require_visitor(request).user_name_id
    chosen = data.recipient or ""
    found = await anyio.to_thread.run_sync(settings_store.encryption.set, owner, chosen)
    return recipient_body(found)


def octets(snapshot: Snapshot, content: bytes, name: str = "") -> Response[bytes]:
    """A content as a response that no browser shows or keeps."""
    headers = {
        "deskside-snapshot": snapshot.id,
        "deskside-sha256": snapshot.sha256,
        "deskside-created": snapshot.created,
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="{name or snapshot.id}"',
    }
    if isinstance(snapshot, StoredSnapshot):
        headers["deskside-format"] = str(snapshot.format)
        headers["deskside-workstation-name"] = quote(snapshot.origin)
    return Response(content, media_type=OCTETS, headers=headers)


def routes() -> list[Any]:
    """The routes of this part, relative to `/api/v1`."""
    return [
        telling(handler)
        for handler in (
            list_workspaces,
            list_snapshots,
            get_snapshot,
            push_snapshot,
            seal_snapshot,
            pin_snapshot,
            delete_snapshot,
            delete_workspace,
            export,
            quota,
            list_workstations,
            request_restore,
            list_restores,
            settle_restore,
            cancel_restore,
            get_encryption,
            put_encryption,
        )
    ]
