"""This computer itself: whether it has a way out, and whether it keeps the probes waiting."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field

_TICK = 0.02
_NOTEWORTHY = 0.1
"""Seconds of delay from which a tick is remembered."""

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

    async def watch(self) -> None:
        """Tick until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = loop.time() + _TICK
            await asyncio.sleep(_TICK)
            lag = loop.time() - due
            self.worst = max(self.worst, lag)
            if lag > _NOTEWORTHY:
                self._late.append((loop.time(), lag))

    def since(self, moment: float) -> float:
        """Seconds by which the loop was late since a moment of its clock."""
        return sum(lag for when, lag in self._late if when >= moment)
