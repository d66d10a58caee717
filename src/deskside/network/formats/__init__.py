"""Allow-lists and tables from a catalogue, one small module a format.

A format is a function from a catalogue (and, where firewalls need addresses, from what its names
resolved to) to text that the tool it is meant for accepts as it stands.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from deskside.network.formats import commands, iptables, nftables, pac, panos, tables, windows
from deskside.network.model import Catalogue

Addresses = Mapping[str, Sequence[str]]
"""What each host name resolved to; empty where it did not."""


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a catalogue; `resolves` where it needs addresses."""

    write: Callable[[Catalogue, Addresses], str]
    resolves: bool = False


FORMATS: dict[str, Format] = {
    "table": Format(lambda catalogue, _addresses: tables.terminal(catalogue)),
    "json": Format(lambda catalogue, _addresses: as_json(catalogue)),
    "csv": Format(lambda catalogue, _addresses: tables.csv_text(catalogue)),
    "nftables": Format(nftables.write, resolves=True),
    "iptables": Format(iptables.write, resolves=True),
    "windows": Format(lambda catalogue, _addresses: windows.write(catalogue)),
    "panos": Format(lambda catalogue, _addresses: panos.write(catalogue)),
    "pac": Format(lambda catalogue, _addresses: pac.write(catalogue)),
    "commands": Format(lambda catalogue, _addresses: commands.write(catalogue)),
}


def as_json(catalogue: Catalogue) -> str:
    """The document of `network hosts --json`."""
    return json.dumps(catalogue.as_json(), ensure_ascii=False, indent=2)
