"""`verify`: is the settings file good, is anything in it dangerous, is the history whole."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.console import EXIT_PROBLEM, command_options, emit, exit_with, note
from deskside.foundation.text import _, ngettext
from deskside.workspace.commands.place import place_options, workstation

if TYPE_CHECKING:
    from deskside.workspace.history import Repaired
    from deskside.workspace.workstation import Workstation


@click.command()
@click.option("--repair", is_flag=True, help="Bring back what a damaged history has lost.")
@click.option(
    "--from",
    "copy",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="With --repair: another copy of the history; else the portal, if logged in.",
)
@click.option(
    "--accept-losses",
    is_flag=True,
    help="With --repair: forget what no copy is found of; the damaged files stay aside.",
)
@place_options
@command_options
def verify(
    root: str | None, user: str | None, copy: Path | None, *, repair: bool, accept_losses: bool
) -> None:
    """Check the settings file, what it says, and every snapshot of the history.

    `--repair` writes a damaged history anew, with what equal snapshots, a copy or the portal
    still hold. The damaged files are kept aside.
    """
    from deskside.foundation.findings import Verdict, report, verdict
    from deskside.foundation.findings_terminal import render_report
    from deskside.foundation.registry import Situation, run
    from deskside.workspace.checks import History, SettingsFile
    from deskside.workspace.dangers import SettingsContent

    more: dict[str, Any] = {}
    if repair:
        repaired = _repair(workstation(), copy, accept_losses=accept_losses)
        note(_render(repaired))
        more["repaired"] = asdict(repaired)
    options = {name: value for name, value in (("root", root), ("user", user)) if value}
    checks = (SettingsFile(), SettingsContent(), History())
    findings = [found for check in checks for found in run(check, Situation(options))]
    result = verdict(findings)
    emit(report(findings) | more, lambda: render_report(findings, result))
    if result is not Verdict.SUCCESS:
        exit_with(EXIT_PROBLEM)


def _repair(here: Workstation, copy: Path | None, *, accept_losses: bool) -> Repaired:
    """Repair from the copy that is named, else from the portal, else from what is here."""
    from deskside.foundation.errors import DesksideError
    from deskside.workspace.history import History
    from deskside.workspace.sync.repairing import contents_from_portal

    if copy:
        return here.history.repair(History(copy), accept_losses=accept_losses)
    try:
        with contents_from_portal(here) as find:
            return here.history.repair(find, accept_losses=accept_losses)
    except DesksideError as error:
        if error.code in ("history-key-missing", "history-key-damaged", "history-newer"):
            raise
        note(_("Without the portal: {reason}").format(reason=error.message))
    return here.history.repair(accept_losses=accept_losses)


def _render(repaired: Repaired) -> str:
    """What a repair came to."""
    if not repaired.aside:
        return _("The history needs no repair.")
    back, lost = len(repaired.recovered), len(repaired.lost)
    lines = [_("The damaged history was written anew.")]
    if back:
        words = ngettext("{count} snapshot brought back.", "{count} snapshots brought back.", back)
        lines.append(words.format(count=back))
    if lost:
        words = ngettext(
            "{count} snapshot is not found anywhere: {ids}",
            "{count} snapshots are not found anywhere: {ids}",
            lost,
        )
        lines.append(words.format(count=lost, ids=", ".join(repaired.lost)))
    lines += [_("Kept aside: {file}").format(file=file) for file in repaired.aside if file]
    return "\n".join(lines)
