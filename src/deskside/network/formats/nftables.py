"""nftables: sets of address and port, and a chain to jump to. `nft -f` may load it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deskside.network.formats.shared import ends, head
from deskside.network.model import Catalogue

_TABLE = "inet filter"
_SETS = {4: ("deskside_ipv4", "ipv4_addr", "ip"), 6: ("deskside_ipv6", "ipv6_addr", "ip6")}


def write(catalogue: Catalogue, addresses: Mapping[str, Sequence[str]]) -> str:
    """The rules; a name without a known address stands as a comment."""
    lines = [
        "#!/usr/sbin/nft -f",
        *head(catalogue, "#"),
        "# nftables knows addresses, not names: names were resolved when this file was made.",
        "# Make it again when they move: deskside network hosts --format nftables",
        "# Use it from your own chain: nft add rule inet filter forward jump deskside_hosts",
        "",
        f"add table {_TABLE}",
    ]
    for name, kind, _family in _SETS.values():
        lines += [
            f"add set {_TABLE} {name} {{ type {kind} . inet_service; }}",
            f"flush set {_TABLE} {name}",
        ]
    lines += _elements(catalogue, addresses)
    lines += ["", f"add chain {_TABLE} deskside_hosts", f"flush chain {_TABLE} deskside_hosts"]
    lines += [
        f"add rule {_TABLE} deskside_hosts {family} daddr . tcp dport @{name} accept"
        for name, _kind, family in _SETS.values()
    ]
    return "\n".join(lines)


def _elements(catalogue: Catalogue, addresses: Mapping[str, Sequence[str]]) -> list[str]:
    lines = []
    for host, ports, row in ends(catalogue):
        known = addresses.get(host, ())
        lines += ["", f"# {row.id}: {host}" + ("" if known else " no address known")]
        for version, (name, _kind, _family) in _SETS.items():
            pairs = [
                f"{address} . {port}"
                for address in known
                if (":" in address) == (version == 6)
                for port in ports
            ]
            if pairs:
                lines.append(f"add element {_TABLE} {name} {{ {', '.join(pairs)} }}")
    return lines
