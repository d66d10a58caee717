"""What a scenario is, and what must hold of it whenever and however it ends.

The work says what it does:

    TRY NAME VALUE     from here on NAME may be VALUE
    NOW NAME VALUE     acknowledged: NAME is VALUE, and nothing older
    HOLD THING         acknowledged: THING is kept
    DROP THING         from here on THING may go

Whoever looks afterwards says what is there. `judge` compares the two, and needs no other truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.crash_states.tracing import Say


@dataclass(frozen=True, slots=True)
class Seen:
    """What is there afterwards.

    Attributes:
        holds: everything that is kept and was read back whole.
        values: what each name is; missing where there is nothing.
        trouble: what is wrong in itself: content that is mixed, a false alarm, a save that fails.
    """

    holds: frozenset[str] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict)
    trouble: tuple[str, ...] = ()


class Scenario(Protocol):
    """Some work on the files under a root."""

    @property
    def name(self) -> str:
        """What it is called."""

    def prepare(self, root: Path) -> None:
        """Make what is there before; it counts as safe on the disk."""

    def work(self, root: Path, say: Say) -> None:
        """Do the work, saying what is done."""

    def look(self, root: Path) -> Seen:
        """Recover as the product does, read everything, and try to go on working."""


def judge(seen: Seen, marks: Sequence[str]) -> list[str]:
    """What is wrong, given what had been said."""
    held, may = set[str](), dict[str, set[str]]()
    for mark in marks:
        word, _space, rest = mark.partition(" ")
        name, _space, value = rest.partition(" ")
        if word == "TRY":
            may.setdefault(name, set()).add(value)
        elif word == "NOW":
            may[name] = {value}
        elif word == "HOLD":
            held.add(rest)
        elif word == "DROP":
            held.discard(rest)
    wrong = list(seen.trouble)
    wrong += [f"lost: {thing}" for thing in sorted(held - seen.holds)]
    for name, values in may.items():
        found = seen.values.get(name, "nothing")
        if found not in values:
            wrong.append(f"{name} is {found}, not {' or '.join(sorted(values))}")
    return wrong
