"""`deskside service`: commands of ours that run in the background."""

from __future__ import annotations

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
    from deskside.foundation.background.model import Definition, Outcome, Service
    from deskside.foundation.changes.model import Plan

Words = tuple[str, ...]


@click.group()
def service() -> None:
    """Let commands run in the background: now, and whenever you log in.

    \b
    Exit: 0 fine, 1 installed but not started, 2 wrong usage, 3 refused or could not run.
    """


@service.command(context_settings={"ignore_unknown_options": False})
@click.argument("name")
@click.argument("arguments", nargs=-1, metavar="[-- OPTIONS...]", type=click.UNPROCESSED)
@change_options
@command_options
def install(name: str, arguments: Words, *, dry_run: bool, yes: bool) -> None:
    """Let NAME (watch, monitor) run in the background. Its own options follow after --.

    For example: deskside service install watch -- --root /data/Jts
    """
    from deskside.foundation.background import service as background

    chosen = _offered_service(name, arguments)
    definition = background.definition_of(chosen, arguments)
    planned = background.plan_install(chosen, definition)
    if dry_run:
        _look(planned, definition.activate)
        return
    change = _apply(planned, _("Install it?"), yes=yes) if planned else None
    outcome = background.activate(definition)
    data = {"service": name, "file": str(definition.file), "change": change}
    emit(data | outcome.as_json(), lambda: _words(definition, outcome, _("It runs.")))
    if not outcome.active:
        exit_with(EXIT_PROBLEM)


@service.command()
@click.argument("name")
@change_options
@command_options
def remove(name: str, *, dry_run: bool, yes: bool) -> None:
    """End NAME, and let it no longer run in the background."""
    from deskside.foundation.background import service as background

    chosen = _known_service(name)
    definition = background.definition_of(chosen)
    planned = background.plan_removal(chosen, definition)
    if dry_run:
        _look(planned, definition.deactivate)
        return
    _show_and_ask(planned, _("Remove it?"), yes=yes)
    outcome = background.deactivate(definition)
    change = _apply(planned, "", yes=True, shown=True)
    data = {"service": name, "file": str(definition.file), "change": change}
    emit(data | outcome.as_json(), lambda: _words(definition, outcome, _("It runs no longer.")))
    if not outcome.active:
        exit_with(EXIT_PROBLEM)


@service.command("list")
@command_options
def list_services() -> None:
    """List what can run in the background, and what does."""
    from deskside.foundation.background import service as background

    data, rows = [], []
    for offered in _offered():
        definition = background.definition_of(offered)
        installed, active = background.is_installed(definition), False
        if installed:
            active = bool(background.is_active(definition))
        data.append(
            {
                "service": offered.name,
                "about": offered.about,
                "installed": installed,
                "active": active,
                "file": str(definition.file),
            }
        )
        state = _("runs") if active else _("installed") if installed else "–"
        rows.append([offered.name, state, "deskside " + " ".join(offered.command)])
    emit({"services": data}, lambda: table([_("Service"), _("State"), _("Command")], rows))


def _offered() -> list[Service]:
    """The services whose command this program has."""
    from deskside.foundation.background.model import SERVICES

    return [offered for offered in SERVICES.values() if _command(offered)]


def _command(offered: Service) -> click.Command | None:
    """The command of a service, looked up in the program that runs."""
    context = click.get_current_context().find_root()
    command: click.Command | None = context.command
    for word in offered.command:
        if not isinstance(command, click.Group):
            return None
        command = command.get_command(context, word)
    return command


def _known_service(name: str) -> Service:
    """The service of that name, whether it is offered now or was once.

    Raises:
        UsageProblem: `no-such-service`.
    """
    from deskside.foundation.background.model import SERVICES
    from deskside.foundation.errors import UsageProblem

    if name in SERVICES:
        return SERVICES[name]
    raise UsageProblem(
        "no-such-service",
        _("There is no service {name}.").format(name=name),
        hint=_("There are: {names}").format(names=", ".join(s.name for s in _offered())),
    )


def _offered_service(name: str, arguments: Words) -> Service:
    """The service of that name, if its command is here and takes these options.

    Raises:
        UsageProblem: `no-such-service`; what the command itself refuses.
    """
    from deskside.foundation.errors import UsageProblem

    chosen = _known_service(name)
    command = _command(chosen)
    if command is None:
        raise UsageProblem(
            "no-such-service",
            _("This version cannot run {name} in the background.").format(name=name),
            hint=_("There are: {names}").format(names=", ".join(s.name for s in _offered())),
        )
    command.make_context(" ".join(chosen.command), list(arguments))
    return chosen


def _look(planned: Plan | None, commands: tuple[Words, ...]) -> None:
    """What would be done, where nobody wants it done."""
    from deskside.foundation.changes.rendering import render_look

    plan = planned.as_json() if planned else None
    look = render_look(planned) if planned else _("The file is there already.")
    lines = [look, _("Then:"), *_typed(commands)]
    emit(
        {"plan": plan, "commands": [list(command) for command in commands]},
        "\n".join(lines),
    )


def _show_and_ask(planned: Plan, question: str, *, yes: bool) -> None:
    from deskside.foundation.changes.rendering import render_plan

    note(render_plan(planned))
    confirm(question, yes=yes)


def _apply(planned: Plan, question: str, *, yes: bool, shown: bool = False) -> str:
    """Carry a plan out; the id of the change."""
    from deskside.foundation.changes.commands import engine

    if not shown:
        _show_and_ask(planned, question, yes=yes)
    return engine().apply(planned).id


def _words(definition: Definition, outcome: Outcome, done: str) -> str:
    lines = [_("File: {file}").format(file=definition.file)]
    if outcome.active:
        return "\n".join([*lines, done])
    lines += [outcome.reason, _("To do by yourself:"), *_typed(outcome.commands)]
    return "\n".join(lines)


def _typed(commands: tuple[Words, ...]) -> list[str]:
    """Commands as a person would type them."""
    import os
    import shlex
    import subprocess

    join = subprocess.list2cmdline if os.name == "nt" else shlex.join
    return [f"    {join(command)}" for command in commands]
