"""PAN-OS: set commands. Names stay names: the firewall resolves FQDN objects itself."""

from __future__ import annotations

import re
from hashlib import sha256
from ipaddress import ip_address

from deskside.network.formats.shared import ends, head
from deskside.network.model import Catalogue

MAX_NAME = 63
"""Characters in the name of a PAN-OS object."""


def write(catalogue: Catalogue) -> str:
    """Address and service objects, a group for each set of ports, and an allow rule for each."""
    groups: dict[tuple[int, ...], list[str]] = {}
    objects = []
    for host, ports, _row in ends(catalogue):
        name = _name(host)
        objects.append(f"set address {name} {_kind(host)} {host}")
        groups.setdefault(tuple(sorted(ports)), []).append(name)
    services = sorted({port for ports in groups for port in ports})
    lines = [*head(catalogue, "#"), "# Paste in configure mode, review, then commit.", *objects]
    lines += [f"set service deskside-tcp-{port} protocol tcp port {port}" for port in services]
    for ports, members in groups.items():
        lines += _rule(ports, members)
    return "\n".join(lines)


def _rule(ports: tuple[int, ...], members: list[str]) -> list[str]:
    name = "deskside-" + "-".join(map(str, ports))
    services = " ".join(f"deskside-tcp-{port}" for port in ports)
    group = f"set address-group {name} static [ {' '.join(members)} ]"
    rule = (
        f"set rulebase security rules {name} from any to any source any destination {name} "
        f"application any service [ {services} ] action allow"
    )
    return [group, rule]


def _kind(host: str) -> str:
    try:
        ip_address(host)
    except ValueError:
        return "fqdn"
    return "ip-netmask"


def _name(host: str) -> str:
    name = "deskside-" + re.sub(r"[^A-Za-z0-9._-]", "-", host)
    if len(name) <= MAX_NAME:
        return name
    return f"{name[: MAX_NAME - 9]}-{sha256(host.encode()).hexdigest()[:8]}"
