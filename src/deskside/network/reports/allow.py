"""What to allow, in the syntax of firewalls: the formats of `network hosts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from deskside.foundation.text import _, mark
from deskside.network.formats import FORMATS
from deskside.network.formats.shared import spellings
from deskside.network.model import Catalogue
from deskside.network.reports.model import Document, Row

LABELS = {
    "nftables": "nftables",
    "iptables": "iptables",
    "windows": mark("Windows Firewall (PowerShell)"),
    "panos": "PAN-OS",
    "pac": mark("Proxy script of browsers (PAC)"),
    "commands": mark("Commands to try by hand"),
    "csv": mark("Table for a spreadsheet (CSV)"),
    "json": "JSON",
}
MOST_ROWS = 500
"""Rows from which on the lists are left to `network hosts`: a report is to be read."""


@dataclass(frozen=True, slots=True)
class AllowList:
    """One format's text."""

    name: str
    label: str
    text: str


def allowable(document: Document, *, failed: bool) -> list[Row]:
    """The rows that rules can be written for: those that failed, or all."""
    return [
        row
        for row in document.rows()
        if row.host.id not in document.hidden and (row.failed or not failed)
    ]


def lists(document: Document, rows: Sequence[Row]) -> list[AllowList]:
    """The rows in every format; nothing is looked up, addresses are those that the test found."""
    if not 0 < len(rows) <= MOST_ROWS:
        return []
    # Other names of a far end were not looked up, so only what was tested is listed.
    hosts = tuple(replace(row.host, aliases=()) for row in rows)
    date = document.made.date().isoformat()
    catalogue = Catalogue(version="", date=date, hosts=hosts)
    addresses = {name: row.addresses for row in rows for name in spellings(row.host)}
    return [
        AllowList(name, _(label), FORMATS[name].write(catalogue, addresses).rstrip("\n"))
        for name, label in LABELS.items()
    ]
