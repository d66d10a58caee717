"""What several formats need."""

from __future__ import annotations

from collections.abc import Iterator

from deskside.network.model import Catalogue, Host


def head(catalogue: Catalogue, sign: str) -> list[str]:
    """Comment lines that say what a file is, with the format's comment sign."""
    return [
        f"{sign} Hosts and ports of Trader Workstation and its web sites (KB2816).",
        f"{sign} Deskside catalogue version {catalogue.version or '-'}, {catalogue.date or '-'}.",
    ]


def spellings(host: Host) -> tuple[str, ...]:
    """The host's names, each also with hyphens where the vendor writes an underscore: both
    occur."""
    names = (host.host, *host.aliases)
    return tuple(dict.fromkeys(way for name in names for way in (name, name.replace("_", "-"))))


def ends(catalogue: Catalogue) -> Iterator[tuple[str, tuple[int, ...], Host]]:
    """Each spelling of each host once, with its ports; rows of several products are merged."""
    ports: dict[str, list[int]] = {}
    first: dict[str, Host] = {}
    for host in catalogue.hosts:
        for name in spellings(host):
            first.setdefault(name, host)
            known = ports.setdefault(name, [])
            known += [port for port in host.ports if port not in known]
    for name, host in first.items():
        yield name, tuple(ports[name]), host
