"""The catalogue for people: a table in the terminal, and CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io

from deskside.foundation.console import table
from deskside.foundation.text import _
from deskside.network.model import Catalogue, Host

_EXTRA = frozenset({"audience", "aliases"})
"""Columns that stand last, since most rows have nothing there."""


def terminal(catalogue: Catalogue) -> str:
    """Aligned columns, and the notes below."""
    headings = [_("Id"), _("Product"), _("Region"), _("Role"), _("Host"), _("Ports"), _("Ping")]
    rows = [
        [
            host.id,
            host.product,
            host.region,
            host.role,
            host.host,
            "/".join(map(str, host.ports)),
            _("yes") if host.ping else _("no"),
        ]
        for host in catalogue.hosts
    ]
    notes = [f"  {host.id}: {remark}" for host in catalogue.hosts if (remark := _remark(host))]
    return "\n".join(
        [table(headings, rows), "", _("Notes:"), *notes] if notes else [table(headings, rows)]
    )


def _remark(host: Host) -> str:
    """What a person should know about a row, in one line."""
    names = _("Also known as {names}.").format(names=", ".join(host.aliases))
    return " ".join(filter(None, (host.note, host.audience, names if host.aliases else "")))


def csv_text(catalogue: Catalogue) -> str:
    """Comma-separated values (RFC 4180), with the fields of `network hosts --json`."""
    rows = [{"audience": "", "aliases": [], **host.as_json()} for host in catalogue.hosts]
    file = io.StringIO(newline="")
    names = sorted((name for name in rows[0] if name != "responder"), key=_EXTRA.__contains__)
    writer = csv.DictWriter(file, names, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({name: _cell(row[name]) for name in names} for row in rows)
    return file.getvalue().rstrip("\r\n")


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    # A spreadsheet would run a cell that starts like a formula.
    return "'" + text if text.startswith(("=", "+", "-", "@")) else text
