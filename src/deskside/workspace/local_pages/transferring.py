"""The transfer wizard: from whom to whom, what is bound, the plan, the deed.

Every step is a form that carries the earlier answers along; only the last one changes anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Response, get, post

from deskside.foundation.errors import DesksideError, Refused, UsageProblem
from deskside.foundation.text import _
from deskside.web.model import FieldError
from deskside.web.service import AnyRequest, form, page, redirect
from deskside.workspace import restoring, transferring
from deskside.workspace.local_pages import bound_words
from deskside.workspace.local_pages.history import attachment
from deskside.workspace.local_pages.restoring import carry_out
from deskside.workspace.local_pages.shared import (
    Choices,
    in_thread,
    place_of,
    shown,
    workspace_at,
)
from deskside.workspace.model import Workspace
from deskside.workspace.places import reading
from deskside.workspace.restoring import Source
from deskside.workspace.transferring import Adapted
from deskside.workspace.workstation import Workstation

FILE = "file"
"""Stands for a file among the sources, and for a new one among the targets."""

FIRST = ("source", "target", "file")
"""The fields of the first step."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the answers so far come to.

    Attributes:
        target: None where a new file is wanted.
    """

    here: Workstation
    source: Source
    target: Workspace | None
    adapted: Adapted


@get("/settings/transfer", sync_to_thread=True, include_in_schema=False)
def choose(request: AnyRequest, local_options: Choices) -> Response[str]:
    """Whose settings, and for whom."""
    return _chooser(request, local_options, request.query_params)


@post("/settings/transfer/bound", include_in_schema=False, status_code=200)
async def bound(request: AnyRequest, local_options: Choices) -> Response[str]:
    """What in them is bound to a person or a computer, and what becomes of it."""
    return await in_thread(_bound, request, local_options, await form(request))


@post("/settings/transfer/plan", include_in_schema=False, status_code=200)
async def plan(request: AnyRequest, local_options: Choices) -> Response[str]:
    """What would be done; nothing is changed."""
    return await in_thread(_plan, request, local_options, await form(request))


@post("/settings/transfer/apply", include_in_schema=False)
async def apply(request: AnyRequest, local_options: Choices) -> Response[str]:
    """Do what was shown, if it would still be the same."""
    fields = await form(request)

    def work() -> str:
        wish = _wish(local_options, fields)
        if wish.target is None:
            raise UsageProblem("no-target", _("Choose for whom the settings are."))
        planned = transferring.plan(wish.here, wish.target, wish.adapted)
        return carry_out(wish.here, planned, fields.get("seen", ""))

    return redirect(await in_thread(work))


@post("/settings/transfer/file", include_in_schema=False, status_code=200)
async def as_file(request: AnyRequest, local_options: Choices) -> Response[bytes]:
    """The settings, made ready for somebody else, as a file."""
    wish = await in_thread(_wish, local_options, await form(request))
    return attachment(wish.adapted.content, "settings.xml")


def _chooser(
    request: AnyRequest,
    options: Mapping[str, str],
    fields: Mapping[str, str],
    problem: DesksideError | None = None,
) -> Response[str]:
    listed = Workstation.open().workspaces(options.get("root"))
    rows = [(place_of(each), each.name, str(each.file)) for each in listed]
    errors = []
    if problem:
        field = FILE if fields.get("source") == FILE else "source"
        errors = [FieldError(field, " ".join(filter(None, [problem.message, problem.hint])))]
    return page(
        request,
        "settings/local_transfer.html",
        status=400 if errors else 200,
        errors=errors,
        sources=[*rows, (FILE, _("A file"), _("From another computer, or from a drive."))],
        targets=[*rows, (FILE, _("A new file"), _("For somebody on another computer."))],
        source=fields.get("source", rows[0][0]),
        target=fields.get("target", rows[1][0] if len(rows) > 1 else FILE),
        file=fields.get("file", ""),
    )


def _bound(
    request: AnyRequest, options: Mapping[str, str], fields: Mapping[str, str]
) -> Response[str]:
    try:
        wish = _wish(options, fields)
    except DesksideError as error:
        return _chooser(request, options, fields, error)
    items = wish.adapted.items
    return page(
        request,
        "settings/local_transfer_bound.html",
        **_told(wish, fields),
        kinds=bound_words.kinds(items, fields),
        values=bound_words.values(items, fields),
    )


def _plan(
    request: AnyRequest, options: Mapping[str, str], fields: Mapping[str, str]
) -> Response[str]:
    wish = _wish(options, fields)
    planned, refused = None, None
    if wish.target:
        try:
            planned = transferring.plan(wish.here, wish.target, wish.adapted)
        except Refused as error:
            refused = error
    running = restoring.programs(wish.target) if wish.target else ()
    return page(
        request,
        "settings/local_transfer_plan.html",
        **_told(wish, fields),
        answers=bound_words.answers(fields),
        refused=refused,
        holding=[one for one in running if one.certain],
        **shown(planned),
    )


def _told(wish: Wish, fields: Mapping[str, str]) -> dict[str, Any]:
    """What every step after the first shows, and carries along."""
    return {
        "source_words": wish.source.words,
        "target_words": wish.target.name if wish.target else _("a new file"),
        "to_file": wish.target is None,
        "remarks": wish.adapted.remarks,
        "first": {name: fields.get(name, "") for name in FIRST},
    }


def _wish(options: Mapping[str, str], fields: Mapping[str, str]) -> Wish:
    """What the answers come to.

    Raises:
        UsageProblem: `no-source`, `same-user`, `wrong-treatment`.
        DesksideError: as reading the source, and as `transferring.prepare`.
    """
    here = Workstation.open()
    source = _source(here, options, fields)
    wanted = fields.get("target", FILE)
    target = None if wanted == FILE else workspace_at(here, options, wanted)
    if target and fields.get("source") == wanted:
        raise UsageProblem("same-user", _("Choose two that are not the same."))
    adapted = transferring.prepare(source, target, bound_words.choices(fields))
    return Wish(here, source, target, adapted)


def _source(here: Workstation, options: Mapping[str, str], fields: Mapping[str, str]) -> Source:
    if fields.get("source") != FILE:
        workspace = workspace_at(here, options, fields.get("source", ""))
        return Source(reading.read(workspace.file).content, workspace.name)
    written = fields.get("file", "").strip()
    if not written:
        raise UsageProblem("no-source", _("Write where the file is."))
    file = Path(written).expanduser()
    return Source(reading.read(file).content, str(file))
