"""`deskside api python` and `advice`: what programs need to use the components."""

from __future__ import annotations

from pathlib import Path

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
from deskside.workstation.api_components.commands import home_option


@click.command()
@click.argument("version", required=False)
@click.option("--venv", type=click.Path(path_type=Path), metavar="DIR", help="The environment.")
@click.option(
    "--wheel",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the wheel there instead, for pip or uv.",
)
@click.option("--uninstall", is_flag=True, help="Take the client away from the environment.")
@home_option
@change_options
@command_options
def python(
    version: str | None,
    venv: Path | None,
    wheel: Path | None,
    home: str | None,
    *,
    uninstall: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Install the Python client of a version into a virtual environment.

    The wheel is made without running any of the package's code, and nothing is downloaded: where
    the protobuf runtime is missing, you are told how to install it. Refused where another
    distribution has brought the import package `ibapi`.
    """
    from deskside.foundation.changes.rendering import render_look, render_plan
    from deskside.foundation.errors import UsageProblem
    from deskside.foundation.findings import Verdict, report, verdict
    from deskside.foundation.findings_terminal import render_report
    from deskside.workstation.api_components import python_client
    from deskside.workstation.api_components.components import Components
    from deskside.workstation.api_components.environments import environment

    if (venv is None) == (wheel is None):
        raise UsageProblem("wrong-usage", _("Name an environment with --venv, or --wheel DIR."))
    components = Components.open(home)
    if wheel:
        _write_wheel(components, version, wheel)
        return
    assert venv
    where = environment(venv)
    made = None if uninstall else python_client.client(components, components.choose(version))
    planned = python_client.preview_put(made, where) if made else python_client.plan_take(where)
    if dry_run:
        emit({"changed": False, "plan": planned.as_json()}, lambda: render_look(planned))
        return
    note(render_plan(planned))
    confirm(_("Remove?") if uninstall else _("Install?"), yes=yes)
    change = python_client.put(components, made, where) if made else components.apply(planned)
    findings = list(python_client.look(where, made)) if made else []
    result = verdict(findings)
    done = _("Done. To take it back: deskside changes undo {id}").format(id=change.id)
    data = {"changed": True, "change": change.id, "version": made.version if made else None}
    emit(
        data | report(findings),
        lambda: f"{render_report(findings, result)}\n\n{done}" if findings else done,
    )
    if result is not Verdict.SUCCESS:
        exit_with(EXIT_PROBLEM)


def _write_wheel(components: object, version: str | None, folder: Path) -> None:
    from deskside.foundation.errors import Refused
    from deskside.foundation.paths import create_private
    from deskside.workstation.api_components import python_client
    from deskside.workstation.api_components.components import Components

    assert isinstance(components, Components)
    made = python_client.client(components, components.choose(version))
    file = folder.expanduser().absolute() / made.wheel_name
    file.parent.mkdir(parents=True, exist_ok=True)
    if not create_private(file, content := made.wheel()) and file.read_bytes() != content:
        raise Refused(
            "file-exists",
            _("{file} exists already; nothing was written.").format(file=file),
            hint=_("Choose another folder, or move that file away."),
        )
    emit({"wheel": str(file), "requires": made.requires}, str(file))


@click.command()
@click.argument("version", required=False)
@home_option
@command_options
def advice(version: str | None, home: str | None) -> None:
    """Say what C++ and Java programs still need: libraries, compilers, and how to get them."""
    from deskside.foundation.findings import report, verdict
    from deskside.foundation.findings_terminal import render_report
    from deskside.workstation.api_components.advice import look
    from deskside.workstation.api_components.components import Components

    components = Components.open(home)
    findings = list(look(components.folder(components.choose(version))))
    emit(report(findings), lambda: render_report(findings, verdict(findings)))
