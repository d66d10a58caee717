"""What of a report belongs to this person, computer and network, as far as this computer knows.

What only the report knows, such as the addresses that a responder saw, `redaction` finds itself.
"""

from __future__ import annotations

import getpass
import os
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from deskside.network.probes import answers, machine, proxies
from deskside.network.reports.model import Private


def of_this_computer(*people: str) -> Private:
    """Addresses, names and places of this computer and its network.

    Args:
        people: who else is behind the test, such as the user name at a portal.
    """
    # The proxies of files and registries are in the report where they are in it at all.
    configured = list(proxies.in_environment(os.environ))
    return Private(
        addresses=_distinct(
            [
                *machine.own_addresses(),
                *_hardware_addresses(),
                *_routers(),
                *answers.servers(),
                *(proxy.host for proxy in configured if _is_address(proxy.host)),
            ]
        ),
        names=_distinct(
            [
                socket.gethostname(),
                socket.gethostname().partition(".")[0],
                *_search_domains(),
                *(proxy.host for proxy in configured if not _is_address(proxy.host)),
            ]
        ),
        people=_distinct(
            [
                *people,
                *_users(),
                *(word for proxy in configured for word in proxy.credentials or ()),
            ]
        ),
        places=_distinct([str(Path.home())]),
    )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({text for text in texts if text}))


def _users() -> list[str]:
    with suppress(KeyError, OSError):
        return [getpass.getuser()]
    return []


def _hardware_addresses() -> list[str]:
    import psutil

    try:
        interfaces = psutil.net_if_addrs()
    except OSError:
        return []
    return [
        entry.address
        for entries in interfaces.values()
        for entry in entries
        if entry.family == psutil.AF_LINK and entry.address.strip("0:-")
    ]


def _routers() -> list[str]:
    """The IPv4 addresses of default routers; where the system tells (Linux)."""
    try:
        lines = Path("/proc/net/route").read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return []
    told = [fields[2] for fields in map(str.split, lines) if len(fields) > 2]
    return [
        str(ip_address(int.from_bytes(bytes.fromhex(one), sys.byteorder)))
        for one in told
        if one != "00000000"
    ]


def _search_domains() -> list[str]:
    import dns.exception
    import dns.resolver

    try:
        resolver = dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError):
        return []
    domains = [domain.to_text() for domain in (*resolver.search, resolver.domain)]
    return [domain.strip(".@") for domain in domains]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
