"""`verify`: is the settings file good, is anything in it dangerous, is the history whole."""

from __future__ import annotations

import click

from deskside.foundation.console import EXIT_PROBLEM, command_options, emit, exit_with
from deskside.workspace.commands.place import place_options


@click.command()
@place_options
@command_options
def verify(root: str | None, user: str | None) -> None:
    """Check the settings file, what it says, and every snapshot of the history."""
    from deskside.foundation.findings import Verdict, report, verdict
    from deskside.foundation.findings_terminal import render_report
    from deskside.foundation.registry import Situation, run
    from deskside.workspace.checks import History, SettingsFile
    from deskside.workspace.dangers import SettingsContent

    options = {name: value for name, value in (("root", root), ("user", user)) if value}
    checks = (SettingsFile(), SettingsContent(), History())
    findings = [found for check in checks for found in run(check, Situation(options))]
    result = verdict(findings)
    emit(report(findings), lambda: render_report(findings, result))
    if result is not Verdict.SUCCESS:
        exit_with(EXIT_PROBLEM)
