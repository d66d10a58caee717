"""Staggered connects: several attempts a little apart, so that loss is never taken for a block.

One attempt with a short deadline calls a third of the hosts behind a lossy line blocked;
six attempts 0.25 s apart called none of a thousand (bench/network).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from deskside.network.observations import ConnectSeen, Reach

ATTEMPTS = 6
APART = 0.25
PATIENCE = 2.0
MAX_ADDRESSES = 3
_OVERTAKEN = 0.05
"""Seconds by which a later attempt must be quicker before an earlier one counts as lost."""

REASONS = {
    errno.ECONNREFUSED: Reach.RESET,
    errno.ECONNRESET: Reach.RESET,
    errno.ETIMEDOUT: Reach.SILENT,
    errno.ENETUNREACH: Reach.UNROUTABLE,
    errno.EADDRNOTAVAIL: Reach.UNROUTABLE,
    errno.EAFNOSUPPORT: Reach.UNROUTABLE,
    errno.EHOSTUNREACH: Reach.PROHIBITED,
    errno.ENOPROTOOPT: Reach.PROHIBITED,  # "protocol unreachable" by ICMP
    errno.EACCES: Reach.PROHIBITED,
    errno.EPERM: Reach.PROHIBITED,
}
_KEEP_MESSAGES = {
    socket.AF_INET: (socket.IPPROTO_IP, 11),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 25),
}
"""IP_RECVERR and IPV6_RECVERR of Linux (ip(7), ipv6(7)), which Python does not name."""

_MESSAGE = struct.Struct("=IBBBxII")
"""struct sock_extended_err: the error, then where it came from."""

_BY_ICMP = (2, 3)

_WORST_LAST = (
    Reach.SILENT,
    Reach.FAILED,
    Reach.UNROUTABLE,
    Reach.PROHIBITED,
    Reach.RESET,
    Reach.CONNECTED,
)


@dataclass(slots=True)
class _Attempt:
    address: str
    opened: socket.socket
    started: float
    task: asyncio.Task[None]
    by_message: bool | None = None

    def ended(self) -> Reach | None:
        if not self.task.done():
            return None
        error = self.task.exception()
        if error is None:
            return Reach.CONNECTED
        result = REASONS.get(getattr(error, "errno", 0) or 0, Reach.FAILED)
        if result is not Reach.RESET:
            return result
        if self.by_message is None:
            self.by_message = refused_by_message(self.opened)
        return Reach.PROHIBITED if self.by_message else result


async def connect(
    addresses: Sequence[str],
    port: int,
    *,
    patience: float = PATIENCE,
    most: int = ATTEMPTS,
    segment: int = 0,
) -> tuple[ConnectSeen, socket.socket | None]:
    """Try the addresses in turn until one accepts; the caller closes the socket returned.

    Ends early where every address has refused; silence takes all of `patience` (seconds). So many
    attempts are made at `most`. A `segment` is the largest that either side may send, in bytes.
    """
    loop = asyncio.get_running_loop()
    tried = list(addresses)[:MAX_ADDRESSES]
    attempts: list[_Attempt] = []
    started = loop.time()
    winner: _Attempt | None = None
    try:
        while loop.time() < started + patience:
            due = started + len(attempts) * APART
            if len(attempts) < most and loop.time() >= due:
                attempts.append(_begin(tried[len(attempts) % len(tried)], port, segment))
                continue
            until = due if len(attempts) < most else started + patience
            await _something(attempts, until - loop.time())
            if _winner(attempts) or _settled(attempts, tried):
                break
        # A busy computer may reach the deadline before it has read a ready socket.
        winner = _winner(attempts) or _late(attempts)
        if winner is None:
            return _lost(attempts, loop.time()), None
        tell_messages(winner.opened, wanted=False)
        return _won(attempts, loop.time(), winner), winner.opened
    finally:
        await _drop(attempts, winner)


def _begin(address: str, port: int, segment: int = 0) -> _Attempt:
    loop = asyncio.get_running_loop()
    opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    if segment and hasattr(socket, "TCP_MAXSEG"):
        with contextlib.suppress(OSError):
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment)
    opened.setblocking(False)
    tell_messages(opened, wanted=True)
    task = asyncio.create_task(loop.sock_connect(opened, (address, port)))
    return _Attempt(address, opened, loop.time(), task)


def tell_messages(opened: socket.socket, *, wanted: bool) -> None:
    """Let the system keep the ICMP messages about a socket, where it can (Linux).

    Not wanted once connected: a message would then end the connection.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            opened.setsockopt(*_KEEP_MESSAGES[opened.family], int(wanted))


def refused_by_message(opened: socket.socket) -> bool:
    """Whether a refused connection was so by ICMP, as firewalls refuse, rather than by a reset.

    Most systems report both in the same way; False where this one does.
    """
    if sys.platform != "linux":
        return False
    try:
        _data, told, _flags, _peer = opened.recvmsg(1, 512, socket.MSG_ERRQUEUE)
    except OSError:
        return False
    return any(
        (level, kind) == _KEEP_MESSAGES[opened.family] and _MESSAGE.unpack_from(data)[1] in _BY_ICMP
        for level, kind, data in told
    )


async def _something(attempts: list[_Attempt], seconds: float) -> None:
    waiting = [attempt.task for attempt in attempts if not attempt.task.done()]
    if waiting:
        await asyncio.wait(waiting, timeout=max(seconds, 0), return_when=asyncio.FIRST_COMPLETED)
    else:
        await asyncio.sleep(max(seconds, 0))


def _winner(attempts: list[_Attempt]) -> _Attempt | None:
    return next((one for one in attempts if one.ended() is Reach.CONNECTED), None)


def _late(attempts: list[_Attempt]) -> _Attempt | None:
    for attempt in attempts:
        if not attempt.task.done() and accepted(attempt.opened):
            return attempt
    return None


def accepted(opened: socket.socket) -> bool:
    """Whether the far end has accepted a connection, of which nobody may have been told yet."""
    try:
        opened.getpeername()
    except OSError:
        return False
    return True


def _settled(attempts: list[_Attempt], tried: list[str]) -> bool:
    answered = {one.address for one in attempts if one.ended() not in (None, Reach.SILENT)}
    return answered == set(tried) and all(one.task.done() for one in attempts)


def _won(attempts: list[_Attempt], now: float, winner: _Attempt) -> ConnectSeen:
    spent = now - winner.started
    overtaken = [
        one
        for one in attempts[: attempts.index(winner)]
        if not one.task.done()
        and now - one.started > spent + _OVERTAKEN
        and not accepted(one.opened)
    ]
    return ConnectSeen(
        result=Reach.CONNECTED,
        address=winner.address,
        attempts=len(attempts),
        unanswered=len(overtaken),
        milliseconds=spent * 1000,
    )


def _lost(attempts: list[_Attempt], now: float) -> ConnectSeen:
    ended = [(one.ended() or Reach.SILENT, one) for one in attempts]
    result, one = max(ended, key=lambda pair: _WORST_LAST.index(pair[0]))
    error = one.task.exception() if one.task.done() else None
    return ConnectSeen(
        result=result,
        address=one.address,
        attempts=len(attempts),
        milliseconds=(now - one.started) * 1000,
        error=str(getattr(error, "strerror", "") or "") if error else "",
    )


async def _drop(attempts: list[_Attempt], kept: _Attempt | None) -> None:
    for attempt in attempts:
        attempt.task.cancel()
    await asyncio.gather(*(attempt.task for attempt in attempts), return_exceptions=True)
    for attempt in attempts:
        if attempt is not kept:
            attempt.opened.close()
