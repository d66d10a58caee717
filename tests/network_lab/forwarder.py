"""A line in a TUN device that delays, loses, reorders and shapes packets, and forges answers.

    python forwarder.py --delay 100 --jitter 20 --loss 2 --reorder 5 --forge 203.0.113.9

The kernel routes what it forwards into `line0`; each packet comes back out of it, later or never,
and is routed on. Times are milliseconds each way, shares are per cent, the rate is in kbit/s and
for all that passes, either way. A seed makes it repeat.
"""

from __future__ import annotations

import argparse
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

NAME = "line0"
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_UDP = 17
_LARGEST = 65_535
_QUEUE = 0.4
"""Seconds of traffic that wait where there is a rate; what comes then is dropped."""


def main() -> None:
    """Carry packets until killed."""
    parser = argparse.ArgumentParser()
    for name in ("--delay", "--jitter", "--loss", "--reorder", "--rate"):
        parser.add_argument(name, type=float, default=0.0)
    parser.add_argument("--forge", help="the address that forged answers about names give")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", NAME.encode(), _IFF_TUN | _IFF_NO_PI))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    _carry(device, asked, random.Random(asked.seed))


def _carry(device: int, asked: argparse.Namespace, rng: random.Random) -> None:
    waiting: list[tuple[float, int, bytes]] = []
    last: dict[bytes, float] = {}
    number, free = 0, 0.0
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            os.write(device, heapq.heappop(waiting)[2])
        patience = max(waiting[0][0] - time.monotonic(), 0.0) if waiting else None
        readable, _writable, _failed = select.select([device], [], [], patience)
        if not readable:
            continue
        packet = os.read(device, _LARGEST)
        if asked.forge and (forged := _forged(packet, asked.forge)):
            os.write(device, forged)
        if rng.random() * 100 < asked.loss:
            continue
        leaves = time.monotonic()
        if asked.rate:
            if free - leaves > _QUEUE:
                continue
            leaves = free = max(free, leaves) + len(packet) * 8 / asked.rate / 1000
        due = leaves + (asked.delay + rng.random() * asked.jitter) / 1000
        way = packet[16:20] if packet[0] >> 4 == 4 else packet[24:40]
        if rng.random() * 100 >= asked.reorder:
            due = last[way] = max(due, last.get(way, 0.0))  # nobody overtakes
        else:
            due += asked.delay / 1000
        heapq.heappush(waiting, (due, number, packet))
        number += 1


def _forged(packet: bytes, address: str) -> bytes | None:
    """What an injector answers to a question about an IPv4 address, before the name server."""
    import dns.exception
    import dns.flags
    import dns.message
    import dns.rdatatype
    import dns.rrset

    header = (packet[0] & 0x0F) * 4
    if packet[0] >> 4 != 4 or packet[9] != _UDP:
        return None
    source, target = struct.unpack("!HH", packet[header : header + 4])
    if target != 53:
        return None
    try:
        question = dns.message.from_wire(packet[header + 8 :])
    except dns.exception.DNSException:
        return None
    asked = question.question[0]
    if asked.rdtype != dns.rdatatype.A:
        return None
    answer = dns.message.make_response(question)
    answer.flags |= dns.flags.RA
    answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "A", address))
    data = answer.to_wire()
    udp = struct.pack("!HHHH", 53, source, 8 + len(data), 0)  # no checksum, as IPv4 allows
    length, ends = 28 + len(data), (packet[16:20], packet[12:16])
    bare = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, _UDP, 0, *ends)
    return bare[:10] + struct.pack("!H", _sum(bare)) + bare[12:] + udp + data


def _sum(header: bytes) -> int:
    """The checksum of an IPv4 header (RFC 1071)."""
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


if __name__ == "__main__":
    main()
