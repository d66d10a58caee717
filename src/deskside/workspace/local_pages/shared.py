"""What this computer's pages of settings share: which workspace is meant, and what was done."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import anyio.to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath

from deskside.foundation.changes.model import Change, State, digest
from deskside.foundation.changes.rendering import verb_word
from deskside.foundation.errors import NotFound
from deskside.foundation.text import _, mark
from deskside.web.service import AnyRequest
from deskside.workspace.document.rendering import gathered
from deskside.workspace.model import Snapshot, Workspace
from deskside.workspace.workstation import RESTORE, Restore, Workstation

T = TypeVar("T")
Choices = NamedDependency[dict[str, str]]
Name = FromPath[str]

SAID = {
    "saved": mark("Saved."),
    "unchanged": mark("Nothing has changed since the latest snapshot; it was kept already."),
    "pinned": mark("This snapshot is kept for ever."),
    "unpinned": mark("This snapshot is no longer pinned."),
    "undone": mark("Taken back: the settings are as they were before."),
}
"""What was just done, by the word that travels in the address."""


def said(request: AnyRequest) -> str:
    """What was just done, in words; empty where nothing was."""
    found = SAID.get(request.query_params.get("said", ""))
    return _(found) if found else ""


def place_of(workspace: Workspace) -> str:
    """What a workspace is called in addresses: two folders may hold users of the same name."""
    seen = str(workspace.file).encode("utf-8", "surrogateescape")
    return hashlib.blake2b(seen, digest_size=8).hexdigest()


def workspace_at(here: Workstation, options: Mapping[str, str], place: str) -> Workspace:
    """The workspace of an address.

    Raises:
        NotFound: `no-such-user`.
    """
    for workspace in here.workspaces(options.get("root")):
        if place_of(workspace) == place:
            return workspace
    raise NotFound("no-such-user", _("There are no such settings on this computer."))


def at(options: Mapping[str, str], place: str) -> tuple[Workstation, Workspace]:
    """This computer, and the workspace of an address; raises as `workspace_at`."""
    here = Workstation.open()
    return here, workspace_at(here, options, place)


def snapshot_of(here: Workstation, workspace: Workspace, identifier: str) -> Snapshot:
    """One snapshot of a workspace; raises NotFound, also where it is another one's."""
    for snapshot in here.history.snapshots(workspace):
        if snapshot.id == identifier:
            return snapshot
    raise NotFound(
        "no-such-snapshot",
        _("There is no such snapshot of {workspace}.").format(workspace=workspace.name),
    )


def seen(planned: Restore) -> str:
    """What a plan that is shown saw: all of its inputs, and what it would write."""
    if planned.plan is None:
        return ""
    return " ".join([*planned.plan.inputs.values(), digest(planned.content)])


def shown(planned: Restore | None) -> dict[str, Any]:
    """A plan as the pages show it: steps, safety, and what is pinned by the form."""
    if planned is None or planned.plan is None:
        return {"planned": planned, "steps": [], "safety": (), "seen": ""}
    made = planned.plan
    steps = [
        {"verb": verb_word(step.verb), "path": str(made.root / step.path), "detail": step.why}
        for step in made.steps
    ]
    return {
        "planned": planned,
        "steps": steps,
        "safety": gathered(planned.safety),
        "seen": seen(planned),
    }


def restored(here: Workstation, workspace: Workspace, identifier: str) -> Change | None:
    """A restore of a workspace that was done, if it can be taken back."""
    if not identifier:
        return None
    try:
        change = here.engine().show(identifier)
    except NotFound:
        return None
    files = [Path(change.root) / path for path in change.paths]
    ours = change.tool == RESTORE and workspace.file in files
    return change if ours and change.state is State.APPLIED and not change.pruned else None


async def in_thread(work: Callable[..., T], *values: Any, **named: Any) -> T:
    """Do blocking work outside the event loop, in the person's language."""
    return await anyio.to_thread.run_sync(partial(work, *values, **named))
