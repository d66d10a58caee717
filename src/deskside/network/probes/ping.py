"""ICMP echo without privileges where the system allows it, else with those of root.

Each burst has an identifier of its own: a firewall may keep an old session dead. What may not
be sent is said, and is no fault of the far end's.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from contextlib import suppress

_ECHO = {4: 8, 6: 128}
_REPLY = {4: 0, 6: 129}
_PROTOCOL = {4: socket.IPPROTO_ICMP, 6: socket.IPPROTO_ICMPV6}
_MAGIC = b"deskside ping"


class NotPermitted(Exception):
    """The system lets this user send no echo request."""


async def ping(
    address: str, count: int, *, apart: float = 0.05, patience: float = 1.0
) -> list[float]:
    """Round trips in milliseconds of those of `count` echo requests that were answered.

    Raises:
        NotPermitted: no echo request may be sent by this user.
    """
    version = 6 if ":" in address else 4
    opened, is_raw = _open(version)
    with opened:
        try:
            opened.connect((address, 0))
        except OSError:
            return []
        return await _burst(opened, version, is_raw, count, apart, patience)


def _open(version: int) -> tuple[socket.socket, bool]:
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            opened = socket.socket(family, kind, _PROTOCOL[version])
        except OSError:
            continue
        opened.setblocking(False)
        return opened, kind == socket.SOCK_RAW
    raise NotPermitted


async def _burst(
    opened: socket.socket, version: int, is_raw: bool, count: int, apart: float, patience: float
) -> list[float]:
    loop = asyncio.get_running_loop()
    identifier = int.from_bytes(os.urandom(2), "big")
    sent: dict[int, float] = {}
    answered: dict[int, float] = {}
    complete = asyncio.Event()

    def read() -> None:
        while True:
            try:
                packet = opened.recv(2048)
            except OSError:
                return
            number = _number(packet, version, is_raw, identifier)
            if number in sent:
                answered.setdefault(number, (time.perf_counter() - sent[number]) * 1000)
                if len(answered) == count:
                    complete.set()

    loop.add_reader(opened, read)
    try:
        for number in range(count):
            sent[number] = time.perf_counter()
            try:
                opened.send(_request(version, identifier, number))
            except OSError:
                await asyncio.sleep(0)
            await asyncio.sleep(apart)
        began = loop.time()
        while len(answered) < count:
            # On a long way the last answers are still to come when others have.
            enough = max(patience, 2 * max(answered.values(), default=0.0) / 1000)
            left = began + enough - loop.time()
            if left <= 0:
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(complete.wait(), left)
        read()
    finally:
        loop.remove_reader(opened)
    return [answered[number] for number in sorted(answered)]


def _request(version: int, identifier: int, number: int) -> bytes:
    head = struct.pack("!BBHHH", _ECHO[version], 0, 0, identifier, number)
    # The kernel fills in the checksum of ICMPv6 and of unprivileged sockets.
    return head[:2] + struct.pack("!H", _checksum(head + _MAGIC)) + head[4:] + _MAGIC


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _number(packet: bytes, version: int, is_raw: bool, identifier: int) -> int:
    """The sequence number of an answer to us, else -1."""
    if is_raw and version == 4:
        packet = packet[(packet[0] & 15) * 4 :]
    if len(packet) < 8 + len(_MAGIC) or packet[0] != _REPLY[version]:
        return -1
    theirs = int.from_bytes(packet[4:6], "big")
    if packet[8 : 8 + len(_MAGIC)] != _MAGIC or (is_raw and theirs != identifier):
        return -1
    return int.from_bytes(packet[6:8], "big")
