"""Restoring on this computer: the whole or one part, shown first, done, and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from litestar import Response, get, post

from deskside.foundation.changes.moving import outdated
from deskside.foundation.errors import DesksideError, NotFound, Refused
from deskside.foundation.text import _
from deskside.web.service import AnyRequest, form, page, redirect
from deskside.workspace import restoring
from deskside.workspace.document.parts import PARTS, parts_of
from deskside.workspace.local_pages.shared import (
    Choices,
    Name,
    at,
    in_thread,
    place_of,
    restored,
    seen,
    shown,
)
from deskside.workspace.model import Workspace
from deskside.workspace.restoring import Restore, Source
from deskside.workspace.workstation import Workstation


@dataclass(frozen=True, slots=True)
class Asked:
    """A restore that was asked for: what of which source, for whom.

    Attributes:
        wish: the source as the address names it: a snapshot's id, `latest` or a file.
    """

    here: Workstation
    workspace: Workspace
    wish: str
    source: Source
    part: str

    def planned(self) -> Restore:
        """Its plan; raises as `restoring.plan`."""
        return restoring.plan(self.here, self.workspace, self.source, part=self.part or None)


@get("/settings/{place:str}/restore", include_in_schema=False)
async def prepare(request: AnyRequest, local_options: Choices, place: Name) -> Response[str]:
    """Choose what to restore, and see what that would do."""
    return await in_thread(_prepared, request, local_options, place)


@post("/settings/{place:str}/restore", include_in_schema=False)
async def apply(request: AnyRequest, local_options: Choices, place: Name) -> Response[str]:
    """Carry out the restore that was shown, if it would still do the same."""
    fields = await form(request)

    def work() -> str:
        asked = _asked(local_options, place, fields)
        return carry_out(asked.here, asked.planned(), fields.get("seen", ""))

    return redirect(await in_thread(work))


@post("/settings/{place:str}/undo", include_in_schema=False)
async def undo(request: AnyRequest, local_options: Choices, place: Name) -> Response[str]:
    """Take a restore back."""
    fields = await form(request)

    def work() -> None:
        here, workspace = at(local_options, place)
        change = restored(here, workspace, fields.get("change", ""))
        if change is None:
            raise NotFound("no-such-change", _("There is no such restore that can be taken back."))
        restoring.refuse_while_running(workspace)
        here.engine().undo(change.id)

    await in_thread(work)
    return redirect(f"/settings/{place}?said=undone")


def carry_out(here: Workstation, planned: Restore, pinned: str) -> str:
    """Carry out a plan that was shown; the address that says so and offers the undo.

    Args:
        pinned: what the plan that was shown saw.

    Raises:
        Refused: `already-restored`; `plan-outdated`; as `restoring.carry_out`.
    """
    if planned.plan is None:
        raise Refused(
            "already-restored",
            _("The settings are already so; nothing was changed."),
            hint=_("Choose another snapshot."),
        )
    if pinned != seen(planned):
        raise outdated(next(iter(planned.plan.inputs)))
    change = restoring.carry_out(here, planned).change
    assert change
    return f"/settings/{place_of(planned.workspace)}?change={change.id}"


def _prepared(request: AnyRequest, options: Mapping[str, str], place: str) -> Response[str]:
    asked = _asked(options, place, request.query_params)
    planned, refused = None, None
    try:
        planned = asked.planned()
    except DesksideError as error:
        refused = error
    return page(
        request,
        "settings/local_restore.html",
        name=asked.workspace.name,
        place=place,
        source=asked.wish,
        source_words=asked.source.words,
        load_href=_load_href(asked, place),
        part=asked.part,
        choices=_parts(asked.source.content),
        refused=refused,
        holding=[one for one in restoring.programs(asked.workspace) if one.certain],
        **shown(planned),
    )


def _asked(options: Mapping[str, str], place: str, fields: Mapping[str, str]) -> Asked:
    """What a form or an address asks for.

    Raises:
        NotFound: `no-such-user`, `no-such-snapshot`.
        Refused: what reading the source refuses.
    """
    here, workspace = at(options, place)
    wish = fields.get("source") or restoring.LATEST
    source = restoring.source(here, workspace, wish)
    return Asked(here, workspace, wish, source, fields.get("part", ""))


def _load_href(asked: Asked, place: str) -> str:
    """Where it is told how a running program takes it; empty where it is no snapshot of ours."""
    ours = any(asked.wish == one.id for one in asked.here.history.snapshots(asked.workspace))
    return f"/settings/{place}/{asked.wish}/load" if ours else ""


def _parts(content: bytes) -> list[tuple[str, str]]:
    """The parts that a source has something of; none where the program has encrypted it."""
    try:
        names = parts_of(content)
    except Refused:
        return []
    return [("", _("Everything")), *((name, _(PARTS[name].title)) for name in names)]
