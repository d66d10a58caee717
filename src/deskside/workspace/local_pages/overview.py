"""This computer's workspaces: how each stands, saving it, and what the checks find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post

from deskside.foundation.errors import NotFound
from deskside.foundation.findings import Finding, Status
from deskside.foundation.registry import Situation, run
from deskside.foundation.text import _, mark, ngettext
from deskside.foundation.units import number, when
from deskside.web.model import FieldError
from deskside.web.service import AnyRequest, form, page, redirect
from deskside.workspace import restoring
from deskside.workspace.checks import History, SettingsFile
from deskside.workspace.dangers import SettingsContent
from deskside.workspace.local_pages.shared import Choices, Name, at, in_thread, place_of, said
from deskside.workspace.model import Workspace
from deskside.workspace.vendor_store import ServerStore
from deskside.workspace.workstation import Workstation

STATES = {
    "settings-ok": (mark("saved"), "ok"),
    "settings-unsaved": (mark("never saved yet"), "warning"),
    "settings-changed": (mark("changed since the latest snapshot"), "notice"),
    "settings-missing": (mark("missing"), "failure"),
    "settings-damaged": (mark("damaged"), "failure"),
    "settings-not-xml": (mark("not a settings file"), "failure"),
}
"""How a settings file stands, by the code of the check's finding, as a word and a tone."""

UNREADABLE = (mark("cannot be read"), "failure")


@get("/settings", sync_to_thread=True, include_in_schema=False)
def overview(request: AnyRequest, local_options: Choices) -> Response[str]:
    """All workspaces of this computer, and how each stands."""
    here = Workstation.open()
    problems: list[FieldError] = []
    listed: list[Workspace] = []
    try:
        listed = here.workspaces(local_options.get("root"))
    except NotFound as error:
        problems = [FieldError("", f"{error.message} {error.hint}")]
    every = _all(local_options)
    found = {finding.subject: finding for finding in run(SettingsFile(), every)}
    remote = {f.subject for f in run(ServerStore(), every) if f.code == "server-store-on"}
    return page(
        request,
        "settings/local_overview.html",
        errors=problems,
        said=said(request),
        workspaces=[_entry(here, workspace, found, remote) for workspace in listed],
    )


@get("/settings/check", sync_to_thread=True, include_in_schema=False)
def findings(request: AnyRequest, local_options: Choices) -> Response[str]:
    """What the checks find of the files, of what they say, and of the history."""
    checks = (SettingsFile(), SettingsContent(), ServerStore(), History())
    every = _all(local_options)
    found = [finding for check in checks for finding in run(check, every)]
    return page(request, "settings/local_findings.html", findings=found)


@post("/settings/{place:str}/save", include_in_schema=False)
async def save(request: AnyRequest, local_options: Choices, place: Name) -> Response[str]:
    """Save one workspace now."""
    note = _note(await form(request)) or _("saved from the page")

    def work() -> bool:
        here, workspace = at(local_options, place)
        return here.save(workspace, note).changed

    changed = await in_thread(work)
    return redirect(f"/settings?said={'saved' if changed else 'unchanged'}")


def _note(fields: Mapping[str, str]) -> str:
    """The note that was written, whichever of the page's forms it was written in."""
    return next((text.strip() for name, text in fields.items() if name.startswith("note")), "")


def _all(options: Mapping[str, str]) -> Situation:
    """Everything in the folder that was named, or on the whole computer."""
    return Situation({name: value for name, value in options.items() if name == "root"})


def _entry(
    here: Workstation, workspace: Workspace, found: Mapping[str, Finding], remote: set[str]
) -> dict[str, Any]:
    subject = str(workspace.file)
    finding = found.get(subject)
    code = finding.code if finding else ""
    snapshots = here.history.snapshots(workspace)
    count = ngettext("{count} snapshot", "{count} snapshots", len(snapshots))
    return {
        "name": workspace.name,
        "place": place_of(workspace),
        "file": subject,
        "tags": [*_standing(finding), *_around(workspace, remote=subject in remote)],
        "problem": finding.title if finding and finding.status is Status.FAILURE else "",
        "changed": code == "settings-changed",
        "savable": code in ("settings-unsaved", "settings-changed"),
        "count": count.format(count=number(len(snapshots))) if snapshots else "",
        "latest": when(snapshots[0].created) if snapshots else "",
        "note": snapshots[0].note if snapshots else "",
    }


def _standing(finding: Finding | None) -> list[tuple[str, str]]:
    if finding is None:
        return []
    word, tone = STATES.get(finding.code, UNREADABLE)
    return [(_(word), tone)]


def _around(workspace: Workspace, *, remote: bool) -> list[tuple[str, str]]:
    """What may overwrite the settings: the program that runs, and the vendor's server."""
    tags = []
    running = restoring.programs(workspace)
    if any(program.certain for program in running):
        tags.append((_("the program is running"), "notice"))
    elif running:
        tags.append((_("a program may be running"), "notice"))
    if remote:
        tags.append((_("the next log-in fetches the vendor's copy"), "warning"))
    return tags
