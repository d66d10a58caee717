"""This computer itself: whether it has a way out, and whether it keeps the probes waiting."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections import deque
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

_TICK = 0.02
_NOTEWORTHY = 0.1
"""Seconds of delay from which a tick is remembered."""

_REMEMBERED = 5000
"""Ticks whose delay is kept, whatever it was."""

_OUTSIDE = {4: (socket.AF_INET, "192.0.2.1"), 6: (socket.AF_INET6, "2001:db8::1")}
"""Addresses kept for documentation (RFC 5737, RFC 3849)."""


def has_route(version: int) -> bool:
    """Whether there is a route out by an IP version. Sends nothing: a UDP socket only binds."""
    family, address = _OUTSIDE[version]
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
    except OSError:
        return False
    return True


@dataclass(slots=True)
class LagWatch:
    """Notes when the event loop runs late, so that results of such moments can be voided."""

    worst: float = 0.0
    _late: list[tuple[float, float]] = field(default_factory=list)
    _ticks: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    async def watch(self) -> None:
        """Tick until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = loop.time() + _TICK
            await asyncio.sleep(_TICK)
            lag = loop.time() - due
            self.worst = max(self.worst, lag)
            self._ticks.append((loop.time(), lag))
            if lag > _NOTEWORTHY:
                self._late.append((loop.time(), lag))

    def since(self, moment: float) -> float:
        """Seconds by which the loop was late since a moment of its clock."""
        return sum(lag for when, lag in self._late if when >= moment)

    def worst_since(self, moment: float) -> float:
        """The longest time in seconds for which the loop was late at once since a moment."""
        return max((lag for when, lag in self._late if when >= moment), default=0.0)

    def usual(self, moment: float) -> float:
        """Seconds by which three of four ticks since a moment were late at most."""
        lags = sorted(lag for when, lag in self._ticks if when >= moment)
        return lags[len(lags) * 3 // 4] if lags else 0.0


def own_addresses() -> frozenset[str]:
    """The addresses of this computer's interfaces."""
    import psutil

    try:
        interfaces = psutil.net_if_addrs()
    except OSError:
        return frozenset()
    return frozenset(
        entry.address.partition("%")[0]
        for entries in interfaces.values()
        for entry in entries
        if entry.family in (socket.AF_INET, socket.AF_INET6)
    )


def interfaces_up() -> bool | None:
    """Whether any interface but loopback has a carrier; None where the system doesn't tell."""
    import psutil

    try:
        states = psutil.net_if_stats()
        addresses = psutil.net_if_addrs()
    except OSError:
        return None
    loopback = {
        name
        for name, entries in addresses.items()
        if any(entry.address in ("127.0.0.1", "::1") for entry in entries)
    }
    return any(state.isup for name, state in states.items() if name not in loopback | {"lo"})


def gateway_answers() -> bool | None:
    """Whether the default router answered ARP lately; None where that is not known (Linux)."""
    try:
        routes = Path("/proc/net/route").read_text(encoding="ascii").splitlines()[1:]
        neighbours = Path("/proc/net/arp").read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return None
    defaults = [line.split() for line in routes if line.split()[1] == "00000000"]
    routers = {
        str(ip_address(int.from_bytes(bytes.fromhex(fields[2]), sys.byteorder)))
        for fields in defaults
        if fields[2] != "00000000"
    }
    known = {fields[0]: fields[2] for fields in map(str.split, neighbours)}
    asked = [known[router] for router in routers if router in known]
    return any(flags != "0x0" for flags in asked) if asked else None
