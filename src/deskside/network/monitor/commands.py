"""`deskside network monitor` and `history`: the connection over time."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deskside.foundation.console import (
    EXIT_FINE,
    EXIT_PROBLEM,
    command_options,
    emit,
    exit_with,
    note,
    system_problem,
    table,
    wants_json,
)
from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.foundation.config import Config
    from deskside.network.diagnosis import Report
    from deskside.network.monitor.model import Run
    from deskside.network.monitor.monitoring import Told
    from deskside.network.monitor.overview import Overview


def _long_enough(
    _context: click.Context, _parameter: click.Parameter, seconds: int | None
) -> int | None:
    from deskside.network.monitor.rules import SHORTEST

    least = int(SHORTEST.total_seconds())
    if seconds is not None and seconds < least:
        raise UsageProblem(
            "monitor-interval",
            _("The interval must be {least} seconds or more: others' hosts are tested.").format(
                least=least
            ),
            hint=_("For one test at once: deskside network test"),
        )
    return seconds


_history_option = click.option(
    "--history", "file", type=click.Path(dir_okay=False), metavar="FILE", help="The history's file."
)


@click.command()
@click.option("--catalogue", metavar="FILE|URL", help="Hosts to test; default: the portal's.")
@click.option("--only", multiple=True, metavar="ID", help="Test this row alone; may be repeated.")
@click.option(
    "--interval",
    type=int,
    callback=_long_enough,
    metavar="SECONDS",
    help="From start to start, 60 or more.  [default: 300]",
)
@click.option("--once", is_flag=True, help="Test once, record, alert, and end.")
@click.option("--metrics", metavar="HOST:PORT", help="Serve metrics to this computer here.")
@click.option(
    "--textfile", type=click.Path(dir_okay=False), help="Write metrics here after each run."
)
@_history_option
@command_options
def monitor(
    catalogue: str | None,
    only: tuple[str, ...],
    interval: int | None,
    once: bool,
    metrics: str | None,
    textfile: str | None,
    file: str | None,
) -> None:
    """Repeat the connection test on schedule, and keep what it saw, until stopped (Ctrl+C).

    Prints one line for each run; with --json, one JSON document a line. Starts are put off by up
    to a tenth of the interval, so that many monitors do not beat together. A change is alerted
    once (monitor.alert_command, monitor.alert_mail, monitor.alert_webhook) when two runs in a row
    agree (monitor.confirm). A run that failed on this computer's own side is void.
    `deskside service install monitor` lets it run by itself.

    \b
    Exit codes: 0 stopped; with --once 0 success, 1 anything else; 2 wrong usage, 3 could not run.
    Examples:
      deskside network monitor
      deskside network monitor --once --only tws-europe
    """
    from deskside.foundation.clock import SystemClock
    from deskside.foundation.config import Config
    from deskside.foundation.paths import data_folder
    from deskside.network.monitor.exporter import serving
    from deskside.network.monitor.history import History
    from deskside.network.monitor.monitoring import Monitor, only_one
    from deskside.network.monitor.policy import history_file, policy_of
    from deskside.network.monitor.ways import ways_of

    flags = {
        "monitor.interval": f"{interval} s" if interval else None,
        "monitor.metrics": metrics,
        "monitor.textfile": textfile,
        "monitor.history": file,
    }
    config = Config.load(flags=flags)
    clock, path = SystemClock(), history_file(config)
    ways = ways_of(config, data_folder(), clock)
    test = _tester(catalogue, only)
    tell = _teller(path, config.file("monitor.textfile"))
    with ExitStack() as stack:
        stack.enter_context(only_one(path))
        history = stack.enter_context(History.open(path))
        running = Monitor(test, history, policy_of(config), ways=ways, tell=tell, clock=clock)
        if once:
            run = running.once()
            running.deliver()
            exit_with(_exit_code(run))
        if config["monitor.metrics"] is not None:
            address = stack.enter_context(serving(config.address("monitor.metrics"), path))
            note(_("Metrics: {address}").format(address=address))
        note(_("Testing the connection again and again. Ctrl+C ends it."))
        running.run(stack.enter_context(_until_signalled()))


def _tester(catalogue: str | None, only: tuple[str, ...]) -> Callable[[], Report]:
    """Tests the catalogue as it is at that time; the last good one where it is out of reach."""
    from deskside.foundation.errors import DesksideError, Unavailable
    from deskside.network.service import NetworkService

    service = NetworkService()
    loaded = None
    try:
        loaded = service.load(catalogue, say=note)
    except Unavailable as error:  # a computer that starts may have no network yet
        note(error.message)

    def test() -> Report:
        nonlocal loaded
        try:
            loaded = service.load(catalogue)
        except DesksideError:
            if loaded is None:
                raise
        return service.test(loaded, only=only)

    return test


def _exit_code(run: Run) -> int:
    return EXIT_FINE if run.outcome.state.value == "success" else EXIT_PROBLEM


@contextmanager
def _until_signalled() -> Iterator[Callable[[float], bool]]:
    """Waits for so many seconds, or until Ctrl+C or a polite kill."""
    stop = threading.Event()

    def end(*_signal: object) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop.wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _teller(history: Path, textfile: Path | None) -> Callable[[Told], None]:
    """Says what happens, and keeps the file of metrics up with it."""
    from deskside.network.monitor.exporter import metrics_of, write_textfile

    def tell(told: Told) -> None:
        _tell(told)
        if told.run and textfile:
            try:
                write_textfile(textfile, metrics_of(history))
            except OSError as error:
                note(system_problem(error).message)

    return tell


def _tell(told: Told) -> None:
    """One line, for a program or for a person with the moment before it."""
    if wants_json():
        click.echo(json.dumps(told.as_json(), ensure_ascii=False))
        return
    from deskside.foundation.units import when

    click.echo(f"{when(datetime.now(UTC))}  {_words(told)}")


def _words(told: Told) -> str:
    from deskside.network.monitor.words import outcome_words

    if told.problem:
        return f"{told.problem.message} {told.problem.hint}".rstrip()
    if told.run is None:
        if told.reason:
            return _("alert by {way} waits: {reason}").format(way=told.way, reason=told.reason)
        return _("alert by {way} sent").format(way=told.way)
    judged = [one for one in told.run.measures if one.reached is not None]
    words = _("{outcome}: {reached} of {all} hosts reached").format(
        outcome=outcome_words(told.run.outcome),
        reached=sum(one.reached is True for one in judged),
        all=len(judged),
    )
    return f"{words} · {_('changed')}" if told.change else words


@click.command()
@click.option(
    "--span",
    type=click.Choice(["day", "week", "month"]),
    default="day",
    show_default=True,
    help="How far to look back.",
)
@click.option("--host", metavar="ID", help="Periods of this row alone, in --json.")
@_history_option
@command_options
def history(span: str, host: str | None, file: str | None) -> None:
    """Show what the monitor saw: what holds, what changed, and figures for each host.

    \b
    Exit codes: 0 shown, 2 wrong usage, 3 there is no history, or it cannot be used.
    Example:
      deskside network history --span week --json
    """
    from deskside.foundation.config import Config
    from deskside.network.monitor.overview import SPANS, look
    from deskside.network.monitor.policy import history_file

    config: Config = Config.load(flags={"monitor.history": file})
    seen = look(history_file(config), SPANS[span], datetime.now(UTC), host)
    emit(seen.as_json(), lambda: _human(seen))


def _human(seen: Overview) -> str:
    from deskside.foundation.units import when
    from deskside.network.monitor.words import outcome_words, state_word, target_row

    confirmed, since = seen.standing.confirmed, seen.standing.since
    lines = [
        _("{outcome} since {time}").format(outcome=outcome_words(confirmed), time=when(since))
        if confirmed and since
        else _("Nothing is confirmed yet.")
    ]
    counts = ", ".join(f"{state_word(state)} {count}" for state, count in seen.runs.items())
    lines.append(f"{_('Runs')}: {counts or 0} · {_(seen.span.label)} · {seen.file}")
    if seen.changes:
        rows = [
            [
                when(one.at),
                outcome_words(one.now),
                outcome_words(one.previous) if one.previous else "–",
            ]
            for one in seen.changes
        ]
        lines += ["", table([_("Changed"), _("To"), _("From")], rows)]
    if seen.targets:
        head = [_("Host"), _("Reached"), _("Median"), "p10–p90", _("Loss"), _("Latest")]
        lines += ["", table(head, [[*target_row(one), one.code] for one in seen.targets])]
    return "\n".join(lines)
