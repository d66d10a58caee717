"""This computer's pages of settings: look back, save, and restore by way of a shown plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency

from deskside.foundation.changes.rendering import verb_word
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _
from deskside.web.model import FieldError
from deskside.web.service import AnyRequest, form, page, redirect
from deskside.workspace.document.rendering import gathered
from deskside.workspace.model import Workspace
from deskside.workspace.timeline import entry
from deskside.workspace.workstation import Restore, Workstation

Choices = NamedDependency[dict[str, str]]


@get("/settings", sync_to_thread=True, include_in_schema=False)
def overview(request: AnyRequest, local_options: Choices) -> Response[str]:
    """This computer's workspaces and their histories."""
    here = Workstation.open()
    try:
        listed = here.workspaces(local_options.get("root"))
        problems = []
    except NotFound as error:
        listed, problems = [], [FieldError("", f"{error.message} {error.hint}")]
    return page(
        request,
        "pages/settings.html",
        workspaces=[_entry(here, workspace) for workspace in listed],
        errors=problems,
        save_action="/settings/save",
    )


@post("/settings/save", include_in_schema=False)
async def save(request: AnyRequest, local_options: Choices) -> Response[str]:
    """Save one workspace now."""
    fields = await form(request)

    def work() -> None:
        here = Workstation.open()
        here.save(_named(here, local_options, fields), _("saved from the page"))

    await sync_to_thread(work)
    return redirect("/settings")


@post("/settings/restore", include_in_schema=False, status_code=200)
async def restore(request: AnyRequest, local_options: Choices) -> Response[Any]:
    """Show the plan of a restore."""
    fields = await form(request)
    planned = (await sync_to_thread(_planned, local_options, fields))[1]
    made = planned.plan
    if made is None:
        raise Refused(
            "already-restored",
            _("The settings are already so; nothing was changed."),
            hint=_("Choose another snapshot."),
        )
    steps = [
        {"verb": verb_word(step.verb), "path": str(made.root / step.path), "detail": step.why}
        for step in made.steps
    ]
    return page(
        request,
        "settings_restore.html",
        plan={"title": made.title, "steps": steps},
        safety=gathered(planned.safety),
        remarks=planned.remarks,
        workspace=fields.get("workspace", ""),
        snapshot=fields.get("snapshot", ""),
        seen=_seen(planned),
        action="/settings/apply",
        back="/settings",
    )


@post("/settings/apply", include_in_schema=False)
async def apply(request: AnyRequest, local_options: Choices) -> Response[str]:
    """Carry out the restore that was shown, if nothing has moved since."""
    from deskside.foundation.changes.moving import outdated

    fields = await form(request)

    def work() -> None:
        here, planned = _planned(local_options, fields)
        if planned.plan and fields.get("seen") != _seen(planned):
            raise outdated(next(iter(planned.plan.inputs)))
        here.restore(planned)

    await sync_to_thread(work)
    return redirect("/settings")


def _seen(planned: Restore) -> str:
    """What the plan that was shown saw: all of its inputs."""
    return " ".join(planned.plan.inputs.values()) if planned.plan else ""


def _planned(options: Mapping[str, str], fields: Mapping[str, str]) -> tuple[Workstation, Restore]:
    """The restore that a form asks for."""
    here = Workstation.open()
    workspace = _named(here, options, fields)
    return here, here.plan_restore(workspace, fields.get("snapshot", ""))


def _named(here: Workstation, options: Mapping[str, str], fields: Mapping[str, str]) -> Workspace:
    """The workspace that a form names."""
    for workspace in here.workspaces(options.get("root")):
        if workspace.name == fields.get("workspace"):
            return workspace
    raise NotFound("no-such-user", _("There are no such settings on this computer."))


def _entry(here: Workstation, workspace: Workspace) -> dict[str, Any]:
    snapshots = here.history.snapshots(workspace)
    entries = []
    for number, snapshot in enumerate(snapshots):
        hidden = {"workspace": workspace.name, "snapshot": snapshot.id}
        action = {"post": "/settings/restore", "label": _("Restore"), "hidden": hidden}
        entries.append(entry(snapshot, [action], current=number == 0))
    return {"name": workspace.name, "detail": str(workspace.file), "href": "", "snapshots": entries}
