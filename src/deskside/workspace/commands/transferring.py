"""`transfer`: settings of one user for another, on this computer or from another one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deskside.foundation.console import change_options, command_options, emit, note, table
from deskside.foundation.text import _
from deskside.workspace.commands.place import place_options, workstation
from deskside.workspace.commands.restoring import carry_out, wait_until_closed

if TYPE_CHECKING:
    from deskside.workspace.document.personal import BoundItem
    from deskside.workspace.transferring import Adapted


@click.command()
@click.argument("source", metavar="SNAPSHOT|FILE|USER")
@click.option("--map", "mapping", multiple=True, metavar="OLD=NEW", help="Replace what is bound.")
@click.option(
    "--treat",
    "treatments",
    multiple=True,
    metavar="KIND=TREATMENT",
    help="What becomes of a kind: keep-out, map or copy.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a new file for the program to open, instead of changing settings.",
)
@click.option("--wait", is_flag=True, help="Wait until the trading program has ended.")
@place_options
@change_options
@command_options
def transfer(
    source: str,
    root: str | None,
    user: str | None,
    mapping: tuple[str, ...],
    treatments: tuple[str, ...],
    output: Path | None,
    *,
    wait: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Bring settings to another user, or from live to paper trading and back.

    SOURCE is a file, a snapshot or a user on this computer; `--user` names whom they are for.
    What is bound to a person or a computer (account numbers, folders, trusted addresses, paths,
    secrets) is listed, and the target's own takes its place, or nothing does. For the same user on
    two computers use `push` and `pull`.
    """
    from deskside.workspace import transferring

    here = workstation()
    decided = transferring.choices(mapping, treatments)
    chosen = transferring.source(here, root, source)
    target = None if output and not user else here.choose(root, user)
    if target and wait and not dry_run:
        wait_until_closed(target)
    adapted = transferring.prepare(chosen, target, decided)
    note(_render(adapted))
    if output:
        _write(output, adapted, dry_run=dry_run)
        return
    assert target
    planned = transferring.plan(here, target, adapted)
    carry_out(here, planned, dry_run=dry_run, yes=yes, more=adapted.as_json())


def _write(output: Path, adapted: Adapted, *, dry_run: bool) -> None:
    from deskside.workspace.commands.keeping import how_to_open, write_new

    data = adapted.as_json() | {"file": str(output), "written": not dry_run}
    if dry_run:
        emit(data, _("Nothing was written."))
        return
    write_new(output, adapted.content)
    emit(data, _("Written to {file}.").format(file=output) + "\n" + how_to_open(output))


def _render(adapted: Adapted) -> str:
    """What is bound, gathered by kind and value."""
    if not adapted.items:
        return _("Nothing in these settings is bound to a person or a computer.")
    gathered: dict[tuple[str, str], list[BoundItem]] = {}
    for item in adapted.items:
        gathered.setdefault((item.kind.value, item.value), []).append(item)
    rows = [
        [kind, value, str(len(items)), items[0].treatment.value, " › ".join(items[0].where)]
        for (kind, value), items in gathered.items()
        if kind != "window-geometry"
    ]
    places = sum(item.kind.value == "window-geometry" for item in adapted.items)
    shown = [table([_("Bound"), _("Value"), _("Times"), _("Treated as"), _("First at")], rows)]
    if places:
        shown.append(_("Places of windows: {count}, copied.").format(count=places))
    return "\n".join([*shown, *adapted.remarks])
