"""`watch`: keep the history up with the program, save by save."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.console import command_options, note, wants_json
from deskside.foundation.text import _
from deskside.workspace.commands.place import place_options, workstation

if TYPE_CHECKING:
    from deskside.workspace.watching import Seen
    from deskside.workspace.workstation import Workstation


@click.command()
@click.option(
    "--once-idle",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="End by itself after so long without a change.",
)
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a file must stand still before it is saved.",
)
@place_options
@command_options
def watch(once_idle: float | None, settle: float, root: str | None, user: str | None) -> None:
    """Save the settings whenever the program does, until stopped (Ctrl+C).

    Prints one line for each snapshot; with --json, one JSON document a line.
    `deskside service install watch` lets it run by itself.
    """
    from deskside.workspace.watching import Watch

    here = workstation()
    watching = Watch(
        here,
        lambda: [w for w in here.workspaces(root) if user is None or w.answers_to(user)],
        _tell,
        after_save=lambda _workspace, _saved: _send_what_waits(here),
        maintain=lambda seconds: _tidy_up(here, seconds),
        settle=settle,
    )
    note(_("Watching the settings. Ctrl+C ends it."))
    with _ended_by_signals(watching.stop):
        _restore_what_was_asked(here)
        watching.run(once_idle)


@contextmanager
def _ended_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """End at Ctrl+C and when the system says so, instead of in the middle of something."""
    before = [(number, signal.getsignal(number)) for number in (signal.SIGTERM, signal.SIGINT)]
    for number, _handler in before:
        signal.signal(number, lambda *_signal: stop())
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _restore_what_was_asked(here: Workstation) -> None:
    """Carry out restores that the portal holds for this computer, or say why they wait."""
    from deskside.workspace.sync.restores import at_start

    for told in at_start(here):
        _say({"event": "restore", **told.as_json()}, told.words)


def _send_what_waits(here: Workstation) -> None:
    """Send what a push could not send, and say what became of it."""
    from deskside.workspace.sync.queue import Outcome, send_queued

    said = {
        Outcome.SENT: _("sent to the portal"),
        Outcome.MERGED: _("merged on the portal"),
        Outcome.CONFLICT: _("waits for your choice: deskside settings push"),
        Outcome.REFUSED: _("not sent"),
    }
    for sent in send_queued(here):
        if sent.outcome in said:  # else the portal is still out of reach, which is nothing new
            words = f"{said[sent.outcome]} {sent.snapshot}  {sent.workspace.name} {sent.reason}"
            _say({"event": "portal", **sent.as_json()}, words.rstrip())


def _tidy_up(here: Workstation, seconds: float) -> None:
    """What is done while all is quiet."""
    here.history.recompress(seconds)
    here.history.prune()
    _send_what_waits(here)


def _say(data: dict[str, Any], words: str) -> None:
    """One line, for a program or for a person with the moment before it."""
    if wants_json():
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    from datetime import UTC, datetime

    from deskside.foundation.units import when

    click.echo(f"{when(datetime.now(UTC))}  {words}")


def _tell(seen: Seen) -> None:
    from deskside.foundation.units import size

    if seen.saved:
        snapshot = seen.saved.snapshot
        words = _("saved {id}  {workspace}, {size}").format(
            id=snapshot.id, workspace=seen.workspace.name, size=size(snapshot.size)
        )
    else:
        assert seen.problem
        words = f"{seen.workspace.name}: {seen.problem.message} {seen.problem.hint}"
    _say(seen.as_json(), words)
