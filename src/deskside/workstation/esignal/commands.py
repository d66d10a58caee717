"""`deskside esignal`: why TWS cannot load eSignal's library, and the repair."""

from __future__ import annotations

import click

from deskside.foundation.console import (
    EXIT_PROBLEM,
    change_options,
    command_options,
    confirm,
    emit,
    exit_with,
    note,
)
from deskside.foundation.text import _

_ROOT = click.option(
    "--root", metavar="DIR", help="Where a Windows disk is mounted; else this computer's own."
)


@click.group()
@command_options
def esignal() -> None:
    """Find out why TWS cannot load dbcapi.dll, and repair it (KB2560).

    \b
    Examples:
      deskside esignal diagnose                  issue A, issue B, both, or neither
      deskside esignal repair --dry-run          what the repair would do
      deskside esignal diagnose --root /mnt/pc   a Windows disk, from any system

    \b
    Exit: 0 fine, 1 a problem was found, 2 wrong usage, 3 refused or could not run.
    """


@esignal.command()
@_ROOT
@command_options
def diagnose(root: str | None) -> None:
    """Look at both programs and at every dbcapi.dll; change nothing."""
    from deskside.foundation.findings import Verdict, report, verdict
    from deskside.foundation.findings_terminal import render_report
    from deskside.workstation.esignal.disk import Disk
    from deskside.workstation.esignal.looking import look
    from deskside.workstation.esignal.recipes import DBCAPI, DDEDLL
    from deskside.workstation.esignal.rules import issues, judge
    from deskside.workstation.esignal.words import finding

    disk = Disk.open(root)
    judged = list(judge(DBCAPI, look(disk, DBCAPI)))
    findings = [finding(DBCAPI, one) for one in judged]
    dde = look(disk, DDEDLL)
    if dde.target is not None:
        known = {one.code for one in findings}
        more = [finding(DDEDLL, one) for one in judge(DDEDLL, dde)]
        findings += [one for one in more if one.code not in known or one.subject == dde.target.path]
    result = verdict(findings)
    named = issues(judged)
    emit(
        report(findings) | {"issues": named},
        lambda: render_report(findings, result, _issues_in_words(named)),
    )
    if result is not Verdict.SUCCESS:
        exit_with(EXIT_PROBLEM)


@esignal.command()
@_ROOT
@change_options
@command_options
def repair(root: str | None, *, dry_run: bool, yes: bool) -> None:
    """Put eSignal's own library in the place of TWS's (issue B), and verify.

    What was there is kept as dbcapi_old.dll, and `deskside changes undo` takes it back. Close
    both programs first.
    """
    from deskside.foundation.changes.commands import engine
    from deskside.foundation.changes.rendering import render_look, render_plan
    from deskside.foundation.findings import Verdict, report, verdict
    from deskside.foundation.findings_terminal import render_report
    from deskside.foundation.registry import Situation, run
    from deskside.workstation.esignal.checks import Dbcapi
    from deskside.workstation.esignal.disk import Disk
    from deskside.workstation.esignal.fixes import plan_repair
    from deskside.workstation.esignal.recipes import DBCAPI

    disk = Disk.open(root)
    plan = plan_repair(disk, DBCAPI)
    if dry_run:
        emit({"changed": False, "plan": plan.as_json()}, lambda: render_look(plan))
        return
    note(render_plan(plan))
    confirm(_("Repair? TWS and eSignal must be closed."), yes=yes)
    change = engine().apply(plan)
    findings = run(Dbcapi(), Situation({"root": str(disk.root)}))
    result = verdict(findings)
    undo = _("Repaired. To take it back: deskside changes undo {id}").format(id=change.id)
    emit(
        report(findings) | {"changed": True, "change": change.id},
        lambda: render_report(findings, result, undo),
    )
    if result is not Verdict.SUCCESS:
        exit_with(EXIT_PROBLEM)


def _issues_in_words(named: list[str]) -> str:
    if not named:
        return _("Neither issue A nor issue B of KB2560.")
    if len(named) == 2:
        return _("Issues A and B of KB2560: mend A first, then B.")
    return _("Issue {issue} of KB2560.").format(issue=named[0])
