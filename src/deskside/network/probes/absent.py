"""Canaries: connections to addresses that are nobody's. Who accepts them stands in between.

The addresses are kept for documentation (RFC 5737); no packet to them leaves a well-kept
network. They may be spoken to in HTTP, which a vendor's host may not.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection
from ipaddress import ip_address, ip_network

from deskside.network.line_observations import AbsentSeen
from deskside.network.observations import Echo
from deskside.network.probes import nonce, tcp
from deskside.network.probes.channel import PlainChannel

_NETWORKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
_RESERVE = ("198.18.0.0/24", "198.19.255.0/24")
"""Kept for benchmarks (RFC 2544); for where the others number a real network."""

PATIENCE, ATTEMPTS = 1.2, 1
"""Seconds, and attempts: one for each address, whose first packet the system sends again after a
second (RFC 6298). Routers keep what is never answered for minutes, and count it: more of them
would fill up the very limits that a deep test looks for."""


def addresses(taken: Collection[str]) -> tuple[str, ...]:
    """One address of each network that holds none of those taken."""
    used = [ip_address(one) for one in taken]

    def free(networks: Collection[str]) -> list[str]:
        return [
            str(network[20 + secrets.randbelow(200)])
            for network in map(ip_network, networks)
            if not any(one in network for one in used)
        ]

    found = free(_NETWORKS)
    return tuple(found if len(found) > 1 else [*found, *free(_RESERVE)])


async def try_port(port: int, tried: tuple[str, ...]) -> AbsentSeen:
    """Connect to the port of every address; ask the first that accepts who it is."""
    results = await asyncio.gather(
        *(tcp.connect([address], port, patience=PATIENCE, most=ATTEMPTS) for address in tried)
    )
    accepted = []
    answer: Echo | None = None
    opening = ""
    for seen, connected in results:
        if connected is None:
            continue
        with connected:
            accepted.append(seen.address)
            if answer is None:
                told = await nonce.provoke(PlainChannel(connected))
                answer, opening = told.result, told.opening
    return AbsentSeen(
        port=port, tried=tried, accepted=tuple(accepted), answer=answer, opening=opening
    )
