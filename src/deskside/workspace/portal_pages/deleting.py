"""Deleting what the portal keeps: a page that says what that means, then the deed."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from deskside.foundation.text import _, ngettext
from deskside.foundation.units import number
from deskside.web.model import FieldError
from deskside.web.service import AnyRequest, form, page, redirect, require_visitor
from deskside.workspace.api import Name, Store
from deskside.workspace.model import name_of
from deskside.workspace.portal_pages.shared import (
    called,
    counted,
    find,
    in_thread,
    owner,
    stored,
)
from deskside.workspace.service import SettingsStore

TEMPLATE = "settings/portal_delete.html"


@get("/settings/{workspace:str}/{snapshot:str}/delete", include_in_schema=False)
async def ask_snapshot(
    request: AnyRequest, workspace: Name, snapshot: Name, settings_store: Store
) -> Response[str]:
    """Say what deleting a snapshot means."""
    shown = await in_thread(_snapshot, settings_store, owner(request), workspace, snapshot)
    return page(request, TEMPLATE, errors=[], **shown)


@post("/settings/{workspace:str}/{snapshot:str}/delete", include_in_schema=False)
async def delete_snapshot(
    request: AnyRequest, workspace: Name, snapshot: Name, settings_store: Store
) -> Response[str]:
    """Delete a snapshot, once it was agreed to."""
    mine, fields = owner(request), await form(request)
    shown = await in_thread(_snapshot, settings_store, mine, workspace, snapshot)
    if fields.get("sure") != "1":
        return _unsure(request, shown, _("Tick the box to delete this snapshot for good."))
    await in_thread(settings_store.delete, mine, workspace, snapshot)
    return redirect(f"/settings/{workspace}?said=deleted")


@get("/settings/{workspace:str}/delete", include_in_schema=False)
async def ask_workspace(
    request: AnyRequest, workspace: Name, settings_store: Store
) -> Response[str]:
    """Say what deleting a workspace means."""
    shown = await in_thread(_workspace, settings_store, owner(request), workspace)
    return page(request, TEMPLATE, errors=[], **shown)


@post("/settings/{workspace:str}/delete", include_in_schema=False)
async def delete_workspace(
    request: AnyRequest, workspace: Name, settings_store: Store
) -> Response[str]:
    """Delete a workspace, once it was agreed to."""
    mine, fields = owner(request), await form(request)
    shown = await in_thread(_workspace, settings_store, mine, workspace)
    if fields.get("sure") != "1":
        return _unsure(request, shown, _("Tick the box to delete the whole history for good."))
    await in_thread(settings_store.delete_workspace, mine, workspace)
    return redirect("/settings?said=workspace-deleted")


@get("/settings/delete", include_in_schema=False)
async def ask_everything(request: AnyRequest, settings_store: Store) -> Response[str]:
    """Say what deleting everything means."""
    shown = await in_thread(_everything, settings_store, request)
    return page(request, TEMPLATE, errors=[], **shown)


@post("/settings/delete", include_in_schema=False)
async def delete_everything(request: AnyRequest, settings_store: Store) -> Response[str]:
    """Delete everything, once the user name was typed."""
    visitor, fields = require_visitor(request), await form(request)
    if fields.get("name", "").strip().casefold() != visitor.user_name.casefold():
        shown = await in_thread(_everything, settings_store, request)
        return _unsure(request, shown, _("Type your user name to delete everything."), "name")
    await in_thread(settings_store.delete_everything, visitor.user_name_id)
    return redirect("/settings?said=all-deleted")


def _snapshot(
    settings_store: SettingsStore, mine: str, workspace: str, identifier: str
) -> dict[str, Any]:
    snapshots = settings_store.snapshots(mine, workspace)
    snapshot = find(snapshots, identifier)
    return {
        "what": "snapshot",
        "name": name_of(workspace),
        "chosen": called(snapshot),
        "pinned": snapshot.pinned,
        "latest": snapshot == snapshots[0] and len(snapshots) > 1,
        "back": f"/settings/{workspace}",
        "action": f"/settings/{workspace}/{identifier}/delete",
    }


def _workspace(settings_store: SettingsStore, mine: str, workspace: str) -> dict[str, Any]:
    return {
        "what": "workspace",
        "name": name_of(workspace),
        "count": counted(stored(settings_store, mine, workspace).snapshots),
        "back": f"/settings/{workspace}",
        "action": f"/settings/{workspace}/delete",
    }


def _everything(settings_store: SettingsStore, request: AnyRequest) -> dict[str, Any]:
    visitor = require_visitor(request)
    usage = settings_store.usage(visitor.user_name_id)
    words = ngettext("{count} workspace", "{count} workspaces", usage.workspaces)
    return {
        "what": "everything",
        "name": visitor.user_name,
        "count": counted(usage.snapshots),
        "workspaces": words.format(count=number(usage.workspaces)),
        "back": "/settings",
        "action": "/settings/delete",
    }


def _unsure(
    request: AnyRequest, shown: dict[str, Any], problem: str, field: str = "sure"
) -> Response[str]:
    return page(request, TEMPLATE, status=400, errors=[FieldError(field, problem)], **shown)
