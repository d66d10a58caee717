"""What is remembered between runs, and how results are written down.

`.run/prove.json` holds, for each experiment under way, its seed, its rounds so far and its
figures: a run that is cut off goes on from there. A finished one becomes a dated line in
`docs/reliability.md`, and its state goes.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from deskside import __version__

HOME = Path(__file__).parent.parent.parent
STATE = HOME / ".run" / "prove.json"
REPORT = HOME / "docs" / "reliability.md"


@dataclass
class Progress:
    """How far one experiment has come."""

    seed: int
    rounds: int = 0
    seconds: float = 0
    figures: dict[str, int] = field(default_factory=dict)

    def add(self, rounds: int, seconds: float, figures: Mapping[str, int]) -> None:
        """Add one batch."""
        self.rounds += rounds
        self.seconds += seconds
        for what, count in figures.items():
            self.figures[what] = self.figures.get(what, 0) + count


class Book:
    """The progress of all experiments, kept in a file."""

    def __init__(self, file: Path = STATE) -> None:
        self._file = file
        self._known: dict[str, Progress] = {}
        if file.exists():
            for name, stored in json.loads(file.read_text()).items():
                self._known[name] = Progress(**stored)

    def progress(self, name: str, seed: int) -> Progress:
        """Where an experiment stands; a new one begins with a seed."""
        return self._known.setdefault(name, Progress(seed))

    def keep(self) -> None:
        """Write it down, whole or not at all."""
        self._file.parent.mkdir(exist_ok=True)
        beside = self._file.with_suffix(".new")
        beside.write_text(json.dumps({k: asdict(v) for k, v in self._known.items()}, indent=1))
        beside.replace(self._file)

    def finish(self, name: str, title: str, report: Path = REPORT) -> str:
        """Move an experiment's results into the report; return the line."""
        done = self._known.pop(name)
        figures = " · ".join(f"{count:,} {what}" for what, count in sorted(done.figures.items()))
        line = (
            f"| {datetime.now(UTC):%Y-%m-%d %H:%M} UTC | {title} | {done.rounds:,} | {figures}"
            f" | {done.seconds / 60:.1f} min | {done.seed} | {__version__},"
            f" Python {platform.python_version()} |\n"
        )
        with report.open("a") as file:
            file.write(line)
        self.keep()
        return line
