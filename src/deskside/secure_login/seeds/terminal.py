"""An import at the terminal: a progress bar while it runs, then what became of the rows."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.console import emit
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.secure_login.people.service import PeopleImport
    from deskside.secure_login.seeds.service import Outcome, SeedImport


def taken(
    taking: SeedImport | PeopleImport, lines: Iterable[Any], total: int, *, dry_run: bool
) -> list[Outcome]:
    """Take the rows, and show on a terminal how far it is."""
    bar = click.progressbar(
        length=total,
        label=_("Checking") if dry_run else _("Importing"),
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    )
    with bar:
        done = taking.run(
            lines, dry_run=dry_run, progress=lambda through: bar.update(through - bar.pos)
        )
        return list(done)


def tell(rows: list[Outcome], *, dry_run: bool) -> None:
    """Print what became of the rows; ends with exit code 1 where some were refused."""
    from deskside.secure_login.seeds.service import REFUSED

    counts = {name: sum(row.outcome == name for row in rows) for name in ("new", "present")}
    refused = [row for row in rows if row.outcome == REFUSED]
    told = [f"{row.line}: {row.serial}: {row.problem}" for row in refused]
    told.append(
        _("New: {new}. There already: {present}. Refused: {refused}.").format(
            refused=len(refused), **counts
        )
    )
    emit(
        counts
        | {"refused": len(refused), "dry_run": dry_run, "rows": [asdict(row) for row in rows]},
        "\n".join(told),
    )
    if refused:
        sys.exit(1)
