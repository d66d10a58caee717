"""`deskside doctor`: every check that applies to this computer, and the fixes that it offers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deskside.foundation.console import (
    EXIT_PROBLEM,
    change_options,
    command_options,
    confirm,
    emit,
    exit_with,
    note,
    table,
)
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.foundation.changes.model import Plan
    from deskside.foundation.findings import Finding
    from deskside.foundation.registry import Situation
    from deskside.workstation.doctor.running import Examined


@click.command()
@click.option("--only", multiple=True, metavar="ID", help="Only this check, or this part's.")
@click.option("--list", "listing", is_flag=True, help="List the checks and fixes, run none.")
@click.option("--fix", "fixes", multiple=True, metavar="ID", help="Apply this fix; repeatable.")
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write what was found, without personal data, into a new zip file.",
)
@click.option("--root", metavar="DIR", help="The TWS folder, where it is not the usual one.")
@change_options
@command_options
def doctor(
    only: tuple[str, ...],
    fixes: tuple[str, ...],
    bundle: Path | None,
    root: str | None,
    *,
    listing: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Run every check that applies to this computer, side by side.

    It looks and changes nothing, unless --fix names what to mend; each plan is shown before.

    \b
    Examples:
      deskside doctor                        everything
      deskside doctor --only doctor.api      only the API of TWS
      deskside doctor --fix ID --dry-run     what a fix would do
      deskside doctor --bundle support.zip   for support, without personal data

    \b
    Exit: 0 fine, 1 a problem was found, 2 wrong usage, 3 refused or could not run.
    """
    from deskside.foundation.findings import Verdict, report, verdict
    from deskside.foundation.findings_terminal import render_report
    from deskside.foundation.registry import Situation
    from deskside.workstation.doctor import running

    if listing:
        _list()
        return
    situation = Situation({"root": root} if root else {})
    chosen = running.checks(only)
    examined = running.examine(chosen, situation)
    findings = [found for one in examined for found in one.findings]
    plans = [_plan(name, findings, situation) for name in fixes]
    changes = []
    if plans and not dry_run:
        changes = _apply(plans, yes=yes)
        examined = running.examine(chosen, situation)
        findings = [found for one in examined for found in one.findings]
    if bundle:
        _write(bundle, findings, examined)
    more: dict[str, object] = {"bundle": str(bundle)} if bundle else {}
    if plans:
        more |= {"plans": [plan.as_json() for plan in plans], "changes": changes}
    result = verdict(findings)
    shown = [one for one in findings if one.status != "not-applicable"]
    emit(
        report(findings) | more,
        lambda: render_report(shown, result, *_remarks(plans, changes, bundle)),
    )
    if result is not Verdict.SUCCESS:
        exit_with(EXIT_PROBLEM)


def _list() -> None:
    from deskside.foundation import registry

    checks = [registry.check(name) for name in registry.ids(registry.CHECKS)]
    fixes = [registry.fix(name) for name in registry.ids(registry.FIXES)]
    data = {
        "checks": [{"id": one.id, "title": _(one.title)} for one in checks],
        "fixes": [{"id": one.id, "title": _(one.title)} for one in fixes],
    }
    rows = [[one.id, _("check"), _(one.title)] for one in checks]
    rows += [[one.id, _("fix"), _(one.title)] for one in fixes]
    emit(data, table([_("Id"), _("Kind"), _("What")], rows))


def _plan(name: str, findings: list[Finding], situation: Situation) -> Plan:
    from deskside.foundation import registry
    from deskside.foundation.errors import NotFound

    fix = registry.fix(name)
    found = next((one for one in findings if name in one.fixes), None)
    if found is None:
        offered = sorted({fix for one in findings for fix in one.fixes})
        raise NotFound(
            "fix-not-offered",
            _("The fix {fix} does not apply to what was found.").format(fix=name),
            hint=_("Applies now: {fixes}").format(fixes=", ".join(offered) or _("none")),
        )
    return fix.plan(situation, found)


def _apply(plans: list[Plan], *, yes: bool) -> list[str]:
    """Show and apply each plan; ids of the changes."""
    from deskside.foundation.changes.commands import engine
    from deskside.foundation.changes.rendering import render_plan

    made = engine()
    for plan in plans:
        note(render_plan(plan))
    confirm(_("Apply this?"), yes=yes)
    return [made.apply(plan).id for plan in plans]


def _remarks(plans: list[Plan], changes: list[str], bundle: Path | None) -> list[str]:
    from deskside.foundation.changes.rendering import render_look

    said = [render_look(plan) for plan in plans] if not changes else []
    said += [_("To take it back: deskside changes undo {id}").format(id=one) for one in changes]
    if bundle:
        said.append(
            _("Written: {file}. CONTENTS.txt in it lists what it holds.").format(file=bundle)
        )
    return said


def _write(file: Path, findings: list[Finding], examined: list[Examined]) -> None:
    from deskside.workstation.doctor.bundle import contents, write

    write(file, contents(findings, {one.check: one.seconds for one in examined}))
