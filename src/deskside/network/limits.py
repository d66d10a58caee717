"""Limits of the responder: connections at once, and requests per address over time. Pure."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field

MAX_CONNECTIONS = 256
MAX_PER_ADDRESS = 64
BURST = 480
"""Requests that an address may make at once; then `REFILL` a second."""

REFILL = 20.0
MAX_ADDRESSES = 4096


@dataclass
class Limits:
    """Who is connected, and how many requests each address has left."""

    _connected: Counter[str] = field(default_factory=Counter)
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def enter(self, address: str) -> bool:
        """Count a new connection; False where there is no room for it."""
        if (
            self._connected.total() >= MAX_CONNECTIONS
            or self._connected[address] >= MAX_PER_ADDRESS
        ):
            return False
        self._connected[address] += 1
        return True

    def has_room(self) -> bool:
        """Whether connections may be kept for long: less than half of the places are taken."""
        return self._connected.total() < MAX_CONNECTIONS // 2

    def leave(self, address: str) -> None:
        """Count a connection out."""
        self._connected[address] -= 1
        if self._connected[address] <= 0:
            del self._connected[address]

    def take(self, address: str, now: float) -> bool:
        """Take one request from the address's bucket; False where it is empty.

        Args:
            now: seconds on any clock that never goes back.
        """
        tokens, then = self._buckets.pop(address, (float(BURST), now))
        tokens = min(BURST, tokens + (now - then) * REFILL)
        allowed = tokens >= 1
        self._buckets[address] = (tokens - 1 if allowed else tokens, now)
        while len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return allowed
