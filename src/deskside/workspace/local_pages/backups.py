"""Older copies of the settings: the program's own, and those in another folder or on a drive."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from litestar import Response, get, post

from deskside.foundation.text import _, ngettext
from deskside.foundation.units import number, size, when
from deskside.web.model import FieldError
from deskside.web.service import AnyRequest, form, page
from deskside.workspace import importing
from deskside.workspace.local_pages.shared import Choices, Name, at, in_thread
from deskside.workspace.places.backups import Backup, found_backups


@get("/settings/{place:str}/backups", include_in_schema=False)
async def backups(request: AnyRequest, local_options: Choices, place: Name) -> Response[str]:
    """The older copies, each with the way to compare and to restore it."""
    folder = request.query_params.get("folder", "").strip()
    return await in_thread(_page, request, local_options, place, folder)


@post("/settings/{place:str}/backups", include_in_schema=False, status_code=200)
async def bring_in(request: AnyRequest, local_options: Choices, place: Name) -> Response[str]:
    """Bring all of them into the history, each once."""
    folder = (await form(request)).get("folder", "").strip()

    def work() -> importing.Imported:
        here, workspace = at(local_options, place)
        return importing.bring_in(here, workspace, found_backups(workspace, _places(folder)))

    done = await in_thread(work)
    return await in_thread(_page, request, local_options, place, folder, done)


def _page(
    request: AnyRequest,
    options: Mapping[str, str],
    place: str,
    folder: str,
    done: importing.Imported | None = None,
) -> Response[str]:
    here, workspace = at(options, place)
    missing = bool(folder) and not Path(folder).expanduser().exists()
    words = _("There is no folder or file {name}.").format(name=folder)
    problems = [FieldError("folder", words)] if missing else []
    found = found_backups(workspace, () if missing else _places(folder))
    held = {snapshot.sha256 for snapshot in here.history.snapshots(workspace)}
    return page(
        request,
        "settings/local_backups.html",
        status=400 if problems else 200,
        errors=problems,
        said=_said(done) if done else "",
        name=workspace.name,
        place=place,
        folder=folder,
        backups=[_row(backup, held=backup.sha256 in held) for backup in found],
        new=sum(_fits(backup) and backup.sha256 not in held for backup in found),
    )


def _places(folder: str) -> list[Path]:
    return [Path(folder).expanduser()] if folder else []


def _fits(backup: Backup) -> bool:
    return not backup.problem and backup.same_user is not False


def _row(backup: Backup, *, held: bool) -> dict[str, Any]:
    return {
        "file": str(backup.file),
        "name": backup.file.name,
        "folder": str(backup.file.parent),
        "when": when(backup.modified),
        "size": size(backup.size),
        "build": backup.version.words if backup.version else "",
        "held": held,
        "problem": backup.problem,
        "foreign": backup.same_user is False,
    }


def _said(done: importing.Imported) -> str:
    if not done.saved:
        return _("There was nothing new: the history holds all that can be used.")
    words = ngettext(
        "{count} older copy is in the history now.",
        "{count} older copies are in the history now.",
        len(done.saved),
    )
    return words.format(count=number(len(done.saved)))
