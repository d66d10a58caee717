"""Commands to try by hand, a few lines a row: ping, telnet, nc, Test-NetConnection."""

from __future__ import annotations

from deskside.network.formats.shared import head, spellings
from deskside.network.model import Catalogue, Host


def write(catalogue: Catalogue) -> str:
    """The lines, under a comment for each row; no ping where the host does not answer it."""
    lines = [
        *head(catalogue, "#"),
        "# A port that opens proves little: a proxy opens it too. Prove it: deskside network test",
    ]
    for host in catalogue.hosts:
        about = ", ".join(part for part in (host.product, host.region, host.role) if part)
        lines += ["", f"# {host.id}: {about}"]
        for name in spellings(host):
            lines += _lines(host, name)
    return "\n".join(lines)


def _lines(host: Host, name: str) -> list[str]:
    ping = [f"ping {name}"] if host.ping else [f"# {name} does not answer ping"]
    ports = [
        line
        for port in host.ports
        for line in (
            f"telnet {name} {port}",
            f"nc -vz -w 5 {name} {port}",
            f"Test-NetConnection {name} -Port {port}",
        )
    ]
    return ping + ports
