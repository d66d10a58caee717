"""Outcomes and changes in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskside.foundation.text import _, mark
from deskside.foundation.units import number, when
from deskside.network.monitor.model import Bands, Outcome, State, Target

_STATES = {
    State.SUCCESS: mark("Success"),
    State.DEGRADED: mark("Degraded"),
    State.FAILURE: mark("Failure"),
    State.VOID: mark("Our side"),
}


def state_word(state: State | None) -> str:
    """A state in a word; that nothing was tested where there is none."""
    return _(_STATES[state]) if state else _("Not tested")


def outcome_words(outcome: Outcome) -> str:
    """A state, and its root cause where it has one: `Failure (port-dropped)`."""
    word = state_word(outcome.state)
    return f"{word} ({outcome.root_cause})" if outcome.root_cause else word


def letter(document: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and body of an alert."""
    now = outcome_words(Outcome(State(document["state"]), document["root_cause"]))
    subject = _("Connection of {computer}: {outcome}").format(
        computer=document["computer"] or "?", outcome=now
    )
    lines = [_("{outcome} since {time}.").format(outcome=now, time=when(document["at"]))]
    if before := document["previous"]:
        was = outcome_words(Outcome(State(before["state"]), before["root_cause"]))
        lines.append(_("Before: {outcome}").format(outcome=was))
    if document["hosts"]:
        lines += ["", _("Not reached:")]
        lines += [f"  {one['host']} ({one['id']}): {one['code']}" for one in document["hosts"]]
    if more := document["hosts_left_out"]:
        lines.append("  " + _("and {count} more").format(count=more))
    if document["root_cause"]:
        lines += ["", _("What it means: {command}").format(command="deskside kb show KB2816")]
    lines += ["", _("See: {command}").format(command="deskside network history")]
    return " ".join(subject.split()), "\n".join(lines) + "\n"


def milliseconds(value: float | None) -> str:
    """A latency: `12.3 ms`."""
    return "–" if value is None else f"{number(value, 1)} ms"


def range_words(bands: Bands | None) -> str:
    """Between what nine tenths lie above and below: `10.1–15.2 ms`."""
    return f"{number(bands.low, 1)}–{number(bands.high, 1)} ms" if bands else "–"


def share_words(share: float | None) -> str:
    """A share of 1 in hundredths: `0.4 %`."""
    return "–" if share is None else f"{number(share * 100, 1)} %"


def target_row(target: Target) -> list[str]:
    """A host over time: its name, how often it was reached, latency and loss."""
    return [
        f"{target.host} ({target.id})",
        f"{target.reached}/{target.judged}",
        milliseconds(target.latency.median if target.latency else None),
        range_words(target.latency),
        share_words(target.loss),
    ]
