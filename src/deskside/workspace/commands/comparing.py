"""`diff`: what differs between two settings, in the program's words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deskside.foundation.console import EXIT_PROBLEM, command_options, emit, exit_with, note
from deskside.foundation.text import _
from deskside.workspace.commands.place import place_options, workstation

if TYPE_CHECKING:
    from deskside.workspace.document.difference import Difference
    from deskside.workspace.model import Workspace
    from deskside.workspace.workstation import Workstation

LATEST, NOW = "latest", "now"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two settings, and what they are called."""

    words: str
    content: bytes


@click.command()
@click.argument("a", metavar="[A]", default=LATEST)
@click.argument("b", metavar="[B]", default=NOW)
@click.option("--all", "everything", is_flag=True, help="Show order and noise, too.")
@click.option("--part", metavar="PART", help="Only this part: api, watchlists, layout, …")
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write it side by side into a new page FILE.",
    metavar="FILE",
)
@place_options
@command_options
def diff(
    a: str,
    b: str,
    part: str | None,
    page: Path | None,
    root: str | None,
    user: str | None,
    *,
    everything: bool,
) -> None:
    """Show what differs between two settings.

    A and B are snapshots, files, `latest` (the latest snapshot) or `now` (the present file);
    the latest snapshot against the present file where nothing is said.

    \b
    Exit: 0 no difference, 1 differences, 2 wrong usage, 3 refused or could not run.
    """
    from deskside.workspace.document.difference import difference
    from deskside.workspace.document.rendering_terminal import render_difference

    old, new = _sides(workstation(), (a, b), root, user)
    found = difference(old.content, new.content, everything=everything, part=part)
    if page:
        _write_page(page, found, old, new)
    title = f"{old.words} → {new.words}"
    emit(found.as_json(), lambda: f"{title}\n\n{render_difference(found)}")
    if found.changes:
        exit_with(EXIT_PROBLEM)


def _sides(
    here: Workstation, wishes: tuple[str, str], root: str | None, user: str | None
) -> list[Side]:
    workspace = None
    if root or user or any(wish in (LATEST, NOW) for wish in wishes):
        workspace = _workspace(here, wishes, root, user)
    return [_side(here, wish, workspace) for wish in wishes]


def _workspace(
    here: Workstation, wishes: tuple[str, str], root: str | None, user: str | None
) -> Workspace:
    """The one that is named; else that of a snapshot which is named."""
    from deskside.foundation.errors import NotFound

    for wish in wishes:
        if not (root or user) and wish not in (LATEST, NOW):
            try:
                return here.history.find(wish)[0]
            except NotFound:
                continue
    return here.choose(root, user)


def _side(here: Workstation, wish: str, workspace: Workspace | None) -> Side:
    from deskside.foundation.errors import NotFound
    from deskside.foundation.units import when
    from deskside.workspace.places import reading

    if wish == NOW and workspace:
        return Side(_("present file"), reading.read(workspace.file).content)
    if wish == LATEST and workspace:
        snapshot = here.latest_good(workspace)
        if snapshot is None:
            raise NotFound(
                "no-such-snapshot",
                _("The history holds no snapshot of these settings yet."),
                hint=_("Save first: deskside settings save"),
            )
    else:
        try:
            _workspace_of_it, snapshot = here.history.find(wish)
        except NotFound:
            file = Path(wish).expanduser()
            if not file.exists():
                raise
            return Side(str(file), reading.read(file).content)
    words = _("snapshot {id} of {when}").format(id=snapshot.id, when=when(snapshot.created))
    return Side(words, here.history.content(snapshot))


def _write_page(page: Path, found: Difference, old: Side, new: Side) -> None:
    from deskside.foundation.errors import Refused
    from deskside.foundation.paths import create_private
    from deskside.workspace.document.rendering_html import html_page

    if not create_private(page.absolute(), html_page(found, old.words, new.words).encode()):
        raise Refused(
            "file-exists",
            _("{file} exists already; nothing was written.").format(file=page),
            hint=_("Choose another name, or move that file away."),
        )
    note(_("Written to {file}.").format(file=page))
