"""The pages of workspace settings: on the portal what is stored there, locally this computer's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from litestar import Response, get, post

from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _
from deskside.web.service import AnyRequest, form, page, redirect, require_visitor
from deskside.workspace.api import octets
from deskside.workspace.model import Snapshot, StoredWorkspace, Workspace
from deskside.workspace.service import SettingsStore
from deskside.workspace.workstation import Workstation

SHOWN = 10
"""Snapshots of each workspace on the overview."""


def portal_pages() -> list[Any]:
    """What the portal keeps for the person who is logged in."""
    return [stored, stored_history, download]


def local_pages() -> list[Any]:
    """This computer's settings."""
    return [local, local_save, local_restore, local_apply]


@get("/settings", sync_to_thread=True, include_in_schema=False)
def stored(request: AnyRequest, settings_store: SettingsStore) -> Response[str]:
    """The workspaces that are stored, each with its latest snapshots."""
    owner = require_visitor(request).user_name_id
    shown = [
        _stored_entry(workspace, settings_store.snapshots(owner, workspace.name)[:SHOWN])
        for workspace in settings_store.workspaces(owner)
    ]
    return page(request, "pages/settings.html", workspaces=shown)


@get("/settings/{workspace:str}", sync_to_thread=True, include_in_schema=False)
def stored_history(
    request: AnyRequest, workspace: str, settings_store: SettingsStore
) -> Response[str]:
    """One stored workspace with its whole history."""
    owner = require_visitor(request).user_name_id
    snapshots = settings_store.snapshots(owner, workspace)
    found = [w for w in settings_store.workspaces(owner) if w.name == workspace]
    shown = [_stored_entry(each, snapshots) | {"href": ""} for each in found]
    return page(request, "pages/settings.html", workspaces=shown)


@get("/settings/{workspace:str}/{snapshot:str}", sync_to_thread=True, include_in_schema=False)
def download(
    request: AnyRequest, workspace: str, snapshot: str, settings_store: SettingsStore
) -> Response[bytes]:
    """A stored snapshot as a file."""
    owner = require_visitor(request).user_name_id
    found, content = settings_store.get(owner, workspace, snapshot)
    return octets(found, content, f"{workspace}.{found.created[:10]}.xml")


@get("/settings", sync_to_thread=True, include_in_schema=False)
def local(request: AnyRequest, local_options: dict[str, str]) -> Response[str]:
    """This computer's workspaces and their histories."""
    here = Workstation.open()
    try:
        listed = here.workspaces(local_options.get("root"))
        problems = []
    except NotFound as error:
        listed, problems = [], [f"{error.message} {error.hint}"]
    return page(
        request,
        "pages/settings.html",
        workspaces=[_local_entry(here, workspace) for workspace in listed],
        errors=problems,
        save_action="/settings/save",
    )


@post("/settings/save", include_in_schema=False)
async def local_save(request: AnyRequest, local_options: dict[str, str]) -> Response[None]:
    """Save one workspace now."""
    fields = await form(request)
    here = Workstation.open()
    here.save(_named(here, local_options, fields), _("saved from the page"))
    return redirect("/settings")


@post("/settings/restore", include_in_schema=False, status_code=200)
async def local_restore(request: AnyRequest, local_options: dict[str, str]) -> Response[Any]:
    """Show the plan of a restore."""
    fields = await form(request)
    here = Workstation.open()
    workspace = _named(here, local_options, fields)
    snapshot = fields.get("snapshot", "")
    made = here.plan_snapshot(workspace, snapshot).plan
    if made is None:
        raise Refused(
            "already-restored",
            _("The settings are already so; nothing was changed."),
            hint=_("Choose another snapshot."),
        )
    steps = [
        {"verb": step.verb.value, "path": str(made.root / step.path), "detail": step.why}
        for step in made.steps
    ]
    return page(
        request,
        "settings_restore.html",
        plan={"title": made.title, "steps": steps},
        workspace=workspace.name,
        snapshot=snapshot,
        seen=next(iter(made.inputs.values())),
        action="/settings/apply",
        back="/settings",
    )


@post("/settings/apply", include_in_schema=False)
async def local_apply(request: AnyRequest, local_options: dict[str, str]) -> Response[None]:
    """Carry out the restore that was shown, if nothing has moved since."""
    from deskside.foundation.changes.moving import outdated

    fields = await form(request)
    here = Workstation.open()
    workspace = _named(here, local_options, fields)
    planned = here.plan_snapshot(workspace, fields.get("snapshot", ""))
    if planned.plan and fields.get("seen") not in planned.plan.inputs.values():
        raise outdated(next(iter(planned.plan.inputs)))
    here.restore(planned)
    return redirect("/settings")


def _named(here: Workstation, options: Mapping[str, str], fields: Mapping[str, str]) -> Workspace:
    """The workspace that a form names."""
    for workspace in here.workspaces(options.get("root")):
        if workspace.name == fields.get("workspace"):
            return workspace
    raise NotFound("no-such-user", _("There are no such settings on this computer."))


def _stored_entry(workspace: StoredWorkspace, snapshots: Iterable[Snapshot]) -> dict[str, Any]:
    entries = []
    for number, snapshot in enumerate(snapshots):
        link = {"href": f"/settings/{workspace.name}/{snapshot.id}", "label": _("Download")}
        entries.append(_entry(snapshot, [link], current=number == 0))
    return {
        "name": workspace.name,
        "detail": _("{count} snapshots").format(count=workspace.snapshots),
        "href": f"/settings/{workspace.name}" if workspace.snapshots > SHOWN else "",
        "snapshots": entries,
    }


def _local_entry(here: Workstation, workspace: Workspace) -> dict[str, Any]:
    snapshots = here.history.snapshots(workspace)
    entries = []
    for number, snapshot in enumerate(snapshots):
        hidden = {"workspace": workspace.name, "snapshot": snapshot.id}
        action = {"post": "/settings/restore", "label": _("Restore"), "hidden": hidden}
        entries.append(_entry(snapshot, [action], current=number == 0))
    return {"name": workspace.name, "detail": str(workspace.file), "href": "", "snapshots": entries}


def _entry(snapshot: Snapshot, actions: list[dict[str, Any]], *, current: bool) -> dict[str, Any]:
    """One snapshot as `ui.timeline` shows it."""
    return {
        "when": _("{when} UTC").format(when=snapshot.created[:16].replace("T", " ")),
        "iso": snapshot.created,
        "title": snapshot.note or _("Saved"),
        "detail": _("{size:,} bytes").format(size=snapshot.size),
        "current": current,
        "tag": _("latest") if current else "",
        "actions": actions,
    }
