"""What the system says of packets that it sent again on a connection."""

from __future__ import annotations

import socket
import struct
import sys
from dataclasses import dataclass

_TOTAL_RETRANS, _DSACK_DUPS = 100, 216
"""Where Linux keeps the counters in its `struct tcp_info` (linux/tcp.h); it only ever grows at
its end."""

_COUNTER = struct.Struct("=I")


@dataclass(frozen=True, slots=True)
class Resent:
    """Counters of a connection since it began; both 0 where the system does not tell.

    Attributes:
        packets: sent again.
        needlessly: of those, which the far end says it had already.
    """

    packets: int = 0
    needlessly: int = 0


def resent(opened: socket.socket) -> Resent:
    """The counters of a connected socket."""
    if sys.platform != "linux":
        return Resent()
    try:
        told = opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _DSACK_DUPS + 4)
    except OSError:
        return Resent()
    return Resent(_at(told, _TOTAL_RETRANS), _at(told, _DSACK_DUPS))


def _at(told: bytes, offset: int) -> int:
    return int(_COUNTER.unpack_from(told, offset)[0]) if len(told) >= offset + 4 else 0
