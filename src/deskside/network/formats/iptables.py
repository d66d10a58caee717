"""iptables: one file for `iptables-restore` and `ip6tables-restore`, each taking its own lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deskside.network.formats.shared import ends, head
from deskside.network.model import Catalogue

_CHAIN = "DESKSIDE-HOSTS"


def write(catalogue: Catalogue, addresses: Mapping[str, Sequence[str]]) -> str:
    """The rules; a name without a known address stands as a comment."""
    lines = [
        *head(catalogue, "#"),
        "# iptables keeps addresses, not names: names were resolved when this file was made.",
        "# Make it again when they move: deskside network hosts --format iptables",
        "# Load: iptables-restore --noflush FILE; ip6tables-restore --noflush FILE",
        f"# Use it from your own chain: iptables -A FORWARD -j {_CHAIN}",
        "*filter",
        f":{_CHAIN} - [0:0]",
    ]
    for host, ports, row in ends(catalogue):
        known = addresses.get(host, ())
        lines.append(f"# {row.id}: {host}" + ("" if known else " no address known"))
        lines += [_rule(address, ports, row.id) for address in known]
    return "\n".join([*lines, "COMMIT"])


def _rule(address: str, ports: Sequence[int], identifier: str) -> str:
    # Each program skips the lines marked for the other, so that one file serves both.
    mark, length = ("-6", 128) if ":" in address else ("-4", 32)
    return (
        f"{mark} -A {_CHAIN} -d {address}/{length} -p tcp -m multiport "
        f"--dports {','.join(map(str, ports))} -m comment --comment {identifier} -j ACCEPT"
    )
