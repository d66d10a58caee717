"""The command line as an interface.

- `--json` prints exactly one JSON document on stdout and nothing else there.
- Data for people goes to stdout; `deskside: error:` and `deskside: hint:` go to stderr.
- Exit codes: 0 fine, 1 a problem was found, 2 wrong usage, 3 refused or could not run.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, NoReturn, ParamSpec, TypeVar

import click

from deskside.foundation.errors import DesksideError, Refused
from deskside.foundation.text import _

P = ParamSpec("P")
R = TypeVar("R")

EXIT_FINE, EXIT_PROBLEM, EXIT_USAGE, EXIT_REFUSED = 0, 1, 2, 3


def wants_json() -> bool:
    """Whether the running command was given `--json`."""
    context = click.get_current_context(silent=True)
    return bool(context and context.find_root().meta.get("deskside.json"))


def command_options(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command the options that all share: `--json` and `--verbose`."""

    def remember(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value:
            context.find_root().meta["deskside.json"] = True

    command = click.option(
        "--verbose", is_flag=True, expose_value=False, help="Say more where something goes wrong."
    )(command)
    return click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=remember,
        help="Print one JSON document instead of text.",
    )(command)


def change_options(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command that changes something `--dry-run` and `--yes`.

    What an interrupted command left half done is put right before.
    """

    @functools.wraps(command)
    def recovering(*args: P.args, **kwargs: P.kwargs) -> R:
        from deskside.foundation.changes.recovery import recover_quietly
        from deskside.foundation.paths import data_folder

        recover_quietly(data_folder())
        return command(*args, **kwargs)

    recovering = click.option(
        "--yes", "-y", is_flag=True, help="Do not ask before changing anything."
    )(recovering)
    return click.option(
        "--dry-run", is_flag=True, help="Show what would be done and change nothing."
    )(recovering)


def emit(data: Any, human: str | Callable[[], str]) -> None:
    """Print one result: `data` as JSON when asked for, else the text for people."""
    if wants_json():
        import json

        click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))
    else:
        text = human() if callable(human) else human
        if text:
            click.echo(text)


def note(text: str) -> None:
    """Say something to a person beside the data; silent when JSON is asked for."""
    if not wants_json():
        click.echo(text, err=True)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before changing anything.

    Raises:
        Refused: the person said no, or there is nobody to ask.
    """
    if yes:
        return
    if wants_json() or not sys.stdin.isatty():
        raise Refused(
            "not-confirmed",
            _("Nothing was changed: this needs your confirmation, and there is nobody to ask."),
            hint=_("Add --yes to go ahead, or --dry-run to look first."),
        )
    if not click.confirm(question, default=False, err=True):
        raise Refused("not-confirmed", _("Nothing was changed."))


def fail(error: DesksideError, *, as_json: bool) -> NoReturn:
    """Print an error the way that all commands do, and exit with its code."""
    if as_json:
        import json

        click.echo(json.dumps({"error": error.as_json()}, ensure_ascii=False, indent=2))
    else:
        click.echo(f"deskside: error: {error.message}", err=True)
        place = error.article or ""
        read = _("Read: deskside kb show KB{place}").format(place=place) if place else ""
        if hint := " ".join(filter(None, [error.hint, read])):
            click.echo(f"deskside: hint: {hint}", err=True)
    if error.detail and "--verbose" in sys.argv:
        click.echo(f"deskside: detail: {error.code}: {error.detail}", err=True)
    sys.exit(error.exit_code)


def exit_with(code: int) -> NoReturn:
    """End the command with an exit code that is not an error."""
    click.get_current_context().exit(code)


def table(headings: list[str], rows: list[list[str]]) -> str:
    """Columns of text, aligned, for a terminal; what the last one has no room for goes on below
    its beginning."""
    from deskside.foundation.wrapping import columns, wrapped

    widths = [max(len(row[i]) for row in [headings, *rows]) for i in range(len(headings))]
    before = sum(width + 2 for width in widths[:-1])
    indent = " " * before if before <= columns() // 2 else "  "

    def line(cells: list[str]) -> str:
        first = "".join(
            f"{cell.ljust(width)}  " for cell, width in zip(cells, widths, strict=False)
        )
        return "\n".join(wrapped(cells[-1], indent, first[:before])).rstrip()

    return "\n".join([click.style(line(headings), bold=True), *(line(row) for row in rows)])


def guarded(function: Callable[P, R]) -> Callable[P, R]:
    """Run a program entry point so that no stack trace ever reaches a person."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        as_json = "--json" in sys.argv
        try:
            return function(*args, **kwargs)
        except DesksideError as error:
            fail(error, as_json=as_json)
        except click.UsageError as error:
            fail(usage_problem(error), as_json=as_json)
        except (click.Abort, KeyboardInterrupt):
            fail(Refused("interrupted", _("Stopped before it was finished.")), as_json=as_json)
        except BrokenPipeError:
            sys.exit(EXIT_FINE)
        except OSError as error:
            fail(system_problem(error), as_json=as_json)
        except Exception as error:  # noqa: BLE001 - the last wall: no stack trace reaches a person
            fail(defect(error), as_json=as_json)

    return run


def defect(error: Exception) -> Refused:
    """A failure that nobody foresaw: what and where, without what it was about."""
    from deskside.foundation.logs import describe

    return Refused(
        "internal-error",
        _("Deskside failed in a way that it should not: {what}").format(
            what=" ".join(str(part) for part in describe(error).values())
        ),
        hint=_("Please report this line. Changes to files are whole or were taken back."),
    )


def usage_problem(error: click.UsageError) -> DesksideError:
    """A mistake on the command line, as click found it, in our own form."""
    from deskside.foundation.errors import UsageProblem

    path = error.ctx.command_path if error.ctx else "deskside"
    return UsageProblem(
        "wrong-usage", error.format_message(), hint=_("See: {command} --help").format(command=path)
    )


def system_problem(error: OSError) -> Refused:
    """What the operating system refused, in words that say what to do."""
    import errno

    where = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return Refused(
            "disk-full",
            _("The disk is full{where}; nothing was changed.").format(where=where),
            hint=_("Free some space and run the same command again."),
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Refused(
            "not-writable",
            _("This place cannot be read or written{where}; nothing was changed.").format(
                where=where
            ),
            hint=_("Check the permissions of the folder, or choose another with --data."),
        )
    reason = error.strerror or type(error).__name__
    return Refused("system-error", f"{reason}{where}", detail=repr(error))
