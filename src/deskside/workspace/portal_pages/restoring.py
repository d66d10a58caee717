"""Asking a computer to restore a snapshot at its next start: choose, look, confirm, take back."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from deskside.foundation.text import _
from deskside.foundation.units import when
from deskside.web.model import FieldError
from deskside.web.service import AnyRequest, form, page, redirect
from deskside.workspace.api import Name, Store
from deskside.workspace.comparison import Comparison, comparison
from deskside.workspace.model import name_of
from deskside.workspace.portal_pages.shared import called, computer, find, in_thread, owner
from deskside.workspace.portal_store.model import SeenWorkstation, StoredSnapshot
from deskside.workspace.service import SettingsStore


@get("/settings/{workspace:str}/{snapshot:str}/restore", include_in_schema=False)
async def prepare(
    request: AnyRequest, workspace: Name, snapshot: Name, settings_store: Store
) -> Response[str]:
    """Choose the computer; then see what would change there."""
    return await in_thread(_page, request, settings_store, workspace, snapshot)


@post("/settings/{workspace:str}/{snapshot:str}/restore", include_in_schema=False)
async def request_restore(
    request: AnyRequest, workspace: Name, snapshot: Name, settings_store: Store
) -> Response[str]:
    """Ask the computer that was chosen."""
    mine, fields = owner(request), await form(request)
    wish = fields.get("workstation", "")
    await in_thread(settings_store.restores.request, mine, workspace, wish, snapshot)
    return redirect(f"/settings/{workspace}?said=requested")


@post("/settings/restores/{restore:str}/cancel", include_in_schema=False)
async def cancel(request: AnyRequest, restore: Name, settings_store: Store) -> Response[str]:
    """Take a request back that still waits."""
    taken = await in_thread(settings_store.restores.cancel, owner(request), restore)
    return redirect(f"/settings/{taken.workspace}?said=cancelled")


def _page(
    request: AnyRequest, settings_store: SettingsStore, workspace: str, snapshot: str
) -> Response[str]:
    mine, wish = owner(request), request.query_params.get("workstation")
    snapshots = settings_store.snapshots(mine, workspace)
    chosen = find(snapshots, snapshot)
    known = {each.id: each for each in settings_store.workstations(mine)}
    target = known.get(wish or "")
    problems = []
    if target is None and wish is not None:
        problems = [FieldError("workstation", _("Choose one of your computers."))]
    return page(
        request,
        "settings/portal_restore.html",
        status=400 if problems else 200,
        errors=problems,
        name=name_of(workspace),
        key=workspace,
        chosen=called(chosen),
        computers=[_choice(each) for each in known.values()],
        target=_target(settings_store, mine, workspace, chosen, target) if target else None,
    )


def _choice(seen: SeenWorkstation) -> tuple[str, str, str]:
    last = _("Last seen {when}").format(when=when(seen.last_seen))
    return seen.id, computer(seen.name, seen.id), last


def _target(
    settings_store: SettingsStore,
    mine: str,
    workspace: str,
    chosen: StoredSnapshot,
    target: SeenWorkstation,
) -> dict[str, Any]:
    """The computer, and what would change there as far as the portal knows it."""
    theirs = _latest_of(settings_store.snapshots(mine, workspace), target.id)
    waiting = settings_store.restores.listed(mine, target.id)
    return {
        "id": target.id,
        "name": computer(target.name, target.id),
        "latest": called(theirs) if theirs else None,
        "same": theirs is not None and theirs.sha256 == chosen.sha256,
        "found": _change(settings_store, mine, workspace, theirs, chosen),
        "replaced": any(each.workspace == workspace for each in waiting),
    }


def _latest_of(snapshots: list[StoredSnapshot], workstation: str) -> StoredSnapshot | None:
    """The latest snapshot that a computer has sent."""
    for snapshot in snapshots:
        if snapshot.workstation and snapshot.workstation.id == workstation:
            return snapshot
    return None


def _change(
    settings_store: SettingsStore,
    mine: str,
    workspace: str,
    theirs: StoredSnapshot | None,
    chosen: StoredSnapshot,
) -> Comparison | None:
    if theirs is None:
        return None
    return comparison(lambda: settings_store.difference(mine, workspace, theirs.id, chosen.id))
