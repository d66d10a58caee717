"""`deskside api`: install TWS API components, side by side, from a file that you have."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    wants_json,
)
from deskside.foundation.lazy_commands import LazyGroup, Table
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.foundation.changes.model import Plan
    from deskside.workstation.api_components.components import Components
    from deskside.workstation.api_components.package import Opened

_HERE = "deskside.workstation.api_components.commands"
_PYTHON = "deskside.workstation.api_components.python_commands"

SECTIONS: dict[str, Table] = {
    "Get": {
        "available": (f"{_HERE}:available", "List the packages that the vendor has published."),
        "install": (f"{_HERE}:install", "Install a package, beside those that are here."),
    },
    "Have": {
        "list": (f"{_HERE}:list_versions", "List the versions on this computer."),
        "use": (f"{_HERE}:use", "Let IBJts point to another version."),
        "verify": (f"{_HERE}:verify", "Compare every file with what was installed."),
        "remove": (f"{_HERE}:remove", "Remove a version and all of its files."),
    },
    "Program with it": {
        "python": (f"{_PYTHON}:python", "Install the Python client into an environment."),
        "advice": (f"{_PYTHON}:advice", "Say what C++ and Java still need."),
    },
}


@click.group(cls=LazyGroup, sections=SECTIONS)
@command_options
def api() -> None:
    """Install TWS API components: no root, nothing of the package's own code is run.

    Versions stand side by side in ~/IBJts-versions, and ~/IBJts points to the one in use.

    \b
    Examples:
      deskside api install twsapi_macunix.1051.01.zip
      deskside api python --venv ./venv
    \b
    Exit: 0 fine, 1 a problem was found, 2 wrong usage, 3 refused or could not run.
    """


def home_option(command: Any) -> Any:
    """Give a command the choice of the folder that holds IBJts."""
    return click.option(
        "--to", "home", metavar="DIR", help="The folder that holds IBJts; default: your own."
    )(command)


@click.command()
@home_option
@command_options
def available(home: str | None) -> None:
    """List the packages that the vendor has published, and which of them fit this computer.

    The list comes with Deskside; nothing is looked up.
    """
    from deskside.workstation.api_components.catalogue import packages, this_system

    here = {each.version for each in _open(home).installed()}
    system = this_system()
    rows, data = [], []
    for each in packages():
        fits, installed = each.fits(system), each.version in here
        data.append(each.as_json() | {"fits": fits, "installed": installed})
        marks = _("installed") if installed else _("fits") if fits else "–"
        rows.append([each.version, each.channel, each.kind, marks, each.licence, each.file])
    headings = [_("Version"), _("Channel"), _("Kind"), _("Here"), _("Licence"), _("File")]
    emit({"packages": data}, lambda: table(headings, rows))


@click.command()
@click.argument("source", metavar="FILE|URL")
@click.option("--accept-licence", metavar="HASH", help="Accept the terms with this SHA-256.")
@click.option(
    "--sha256", metavar="HASH", default="", help="The archive's checksum, if you know it."
)
@home_option
@change_options
@command_options
def install(
    source: str,
    accept_licence: str | None,
    sha256: str,
    home: str | None,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Install a package of API components from a file that you have, or from an address.

    All of the archive is checked before anything is written. You are shown the licence that is
    in it, and your acceptance is recorded for this version. Then IBJts points to it.
    """
    from deskside.workstation.api_components.downloading import downloaded, is_address
    from deskside.workstation.api_components.package import judge_checksum, open_package

    components = _open(home)
    held = (
        downloaded(source, checksum_known=bool(sha256))
        if is_address(source)
        else nullcontext(Path(source).expanduser())
    )
    with held as path:
        opened = open_package(path)
    trust = judge_checksum(opened, components.records, sha256)
    planned = components.preview(opened)
    data = _described(opened, trust, planned)
    if dry_run:
        emit({"changed": False} | data, lambda: _look(opened, trust, planned))
        return
    note(_render(planned))
    note(trust)
    _accept(components, opened, accept_licence)
    takes_over = components.is_plain_folder()
    # Naming the hash of these very terms is as good as a yes, but not to a folder's being moved.
    confirm(_("Install?"), yes=yes or (bool(accept_licence) and not takes_over))
    change = components.install(opened, planned)
    emit(
        {"changed": True, "change": change.id} | data,
        _("Installed {version}. To take it back: deskside changes undo {id}").format(
            version=opened.version, id=change.id
        ),
    )


def _accept(components: Components, opened: Opened, accepted: str | None) -> None:
    """Make sure that the person has accepted the terms, and record it.

    Raises:
        Refused: `licence-differs`, `licence-not-accepted`.
    """
    import sys

    from deskside.foundation.errors import Refused

    licence = opened.licence
    hint = _("Read it: deskside api install FILE --dry-run. Accept it: --accept-licence {hash}")
    hint = hint.format(hash=licence.sha256)
    if accepted and accepted.lower() != licence.sha256:
        message = _("The licence in this archive is another one than you accept ({hash}).")
        raise Refused(
            "licence-differs",
            message.format(hash=licence.sha256),
            hint=hint,
            article="9001#licence",
        )
    if components.records.accepted(opened.version, licence):
        return
    if not accepted:
        if wants_json() or not sys.stdin.isatty():
            message = _("The licence of version {version} ({id}) has not been accepted.")
            raise Refused(
                "licence-not-accepted",
                message.format(version=opened.version, id=licence.id),
                hint=hint,
                article="9001#licence",
            )
        note(_terms(opened))
        confirm(_("Do you accept this licence?"), yes=False)
    components.records.accept(opened.version, licence)


@click.command("list")
@home_option
@command_options
def list_versions(home: str | None) -> None:
    """List the versions on this computer, and which of them is in use."""
    components = _open(home)
    listed = components.installed()
    rows = [
        ["*" if each.in_use else "", each.name, each.licence or "–", str(components.folder(each))]
        for each in listed
    ]
    emit(
        {"versions": [each.as_json() for each in listed]},
        table([_("Used"), _("Version"), _("Licence"), _("Folder")], rows)
        if rows
        else _("No API components are installed here."),
    )


@click.command()
@click.argument("version")
@home_option
@change_options
@command_options
def use(version: str, home: str | None, *, dry_run: bool, yes: bool) -> None:
    """Let IBJts point to another version that is installed."""
    components = _open(home)
    chosen = components.choose(version)
    if chosen.in_use:
        emit({"changed": False, "version": chosen.name}, _("It is in use already."))
        return
    _carry_out(components, components.plan_use(chosen), _("Switch?"), dry_run=dry_run, yes=yes)


@click.command()
@click.argument("version")
@home_option
@change_options
@command_options
def remove(version: str, home: str | None, *, dry_run: bool, yes: bool) -> None:
    """Remove a version with all of its files, yours in its folder included.

    `deskside changes undo` brings it back, until `deskside changes prune` clears it.
    """
    components = _open(home)
    planned = components.plan_remove(components.choose(version))
    _carry_out(components, planned, _("Remove?"), dry_run=dry_run, yes=yes)


@click.command()
@click.argument("version", required=False)
@home_option
@command_options
def verify(version: str | None, home: str | None) -> None:
    """Compare every file with what was installed, and see where IBJts points to."""
    from deskside.foundation.findings import Verdict, report, verdict
    from deskside.foundation.findings_terminal import render_report
    from deskside.workstation.api_components.verifying import look

    components = _open(home)
    only = components.choose(version) if version or not components.installed() else None
    findings = list(look(components, only))
    result = verdict(findings)
    emit(report(findings), lambda: render_report(findings, result))
    if result is not Verdict.SUCCESS:
        exit_with(EXIT_PROBLEM)


def _carry_out(
    components: Components, planned: Plan, question: str, *, dry_run: bool, yes: bool
) -> None:
    from deskside.foundation.changes.rendering import render_look

    if dry_run:
        emit({"changed": False, "plan": planned.as_json()}, lambda: render_look(planned))
        return
    note(_render(planned))
    confirm(question, yes=yes)
    change = components.apply(planned)
    emit(
        {"changed": True, "change": change.id},
        _("Done. To take it back: deskside changes undo {id}").format(id=change.id),
    )


def _open(home: str | None) -> Components:
    from deskside.workstation.api_components.components import Components

    return Components.open(home)


def _render(planned: Plan) -> str:
    from deskside.foundation.changes.rendering import render_plan

    return render_plan(planned)


def _described(opened: Opened, trust: str, planned: Plan) -> dict[str, Any]:
    return {
        "package": opened.as_json(),
        "checksum": trust,
        "licence": opened.licence.as_json(),
        "plan": planned.as_json(),
    }


def _look(opened: Opened, trust: str, planned: Plan) -> str:
    from deskside.foundation.changes.rendering import render_look

    return "\n".join([_terms(opened), trust, render_look(planned)])


def _terms(opened: Opened) -> str:
    """The licence, as much of it as there is, with what it is called and its hash."""
    licence = opened.licence
    where = ", ".join(licence.sources) or _("nowhere in this archive: the vendor's terms apply")
    head = _("Licence of version {version}: {id} (found in {where})").format(
        version=opened.version, id=licence.id, where=where
    )
    return f"{licence.text}\n\n{click.style(head, bold=True)}\nSHA-256 {licence.sha256}"
