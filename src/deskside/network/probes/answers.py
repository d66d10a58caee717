"""Questions put to the configured name servers directly, waiting for more than one answer.

Whoever forges answers on the way cannot stop the true one: it comes a little later.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deskside.network.line_observations import AnswersSeen
from deskside.network.probes.channel import PlainChannel

if TYPE_CHECKING:
    import dns.message

LONGER = 0.6
"""Seconds to wait for a second answer after the first."""

PATIENCE = 1.5
AT_ONCE = 32
_UPSTREAM = Path("/run/systemd/resolve/resolv.conf")
"""The true servers, where the configured one is systemd's stub on this computer."""


def servers() -> list[str]:
    """The name servers that this computer is told to use; at most two."""
    import dns.exception
    import dns.resolver

    try:
        resolver = dns.resolver.Resolver()
        if str(resolver.nameservers[0]).startswith("127.0.0.53") and _UPSTREAM.exists():
            resolver = dns.resolver.Resolver(filename=str(_UPSTREAM))
    except (dns.exception.DNSException, OSError, IndexError):
        return []
    return [str(server).partition("%")[0] for server in resolver.nameservers[:2]]


async def ask_all(names: Sequence[str], server: str, port: int = 53) -> list[AnswersSeen]:
    """Every answer of a server for the IPv4 addresses of each name."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> AnswersSeen:
        async with slots:
            return await ask(name, server, port)

    return list(await asyncio.gather(*(one(name) for name in names)))


async def ask(name: str, server: str, port: int = 53) -> AnswersSeen:
    """One question, asked twice where nothing comes back."""
    import dns.exception
    import dns.message

    try:
        question = dns.message.make_query(name, "A")
    except (dns.exception.DNSException, UnicodeError):
        return AnswersSeen(name=name, server=server)
    with socket.socket(
        socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM
    ) as opened:
        opened.setblocking(False)
        try:
            opened.connect((server, port))
            answers = await _collect(opened, question)
        except OSError:
            answers = []
    return AnswersSeen(name=name, server=server, answers=tuple(answers))


async def ask_by(channel: PlainChannel, name: str) -> tuple[str, ...]:
    """What a name server at the end of a connection says of a name's IPv4 addresses (RFC 7766).

    Raises:
        OSError: the connection broke.
        EOFError: it ended.
    """
    import dns.exception
    import dns.message

    try:
        question = dns.message.make_query(name, "A")
    except (dns.exception.DNSException, UnicodeError):
        return ()
    wire = question.to_wire()
    await channel.send(len(wire).to_bytes(2, "big") + wire)
    length = int.from_bytes(await channel.receive_exactly(2), "big")
    return _addresses(await channel.receive_exactly(length), question) or ()


async def _collect(opened: socket.socket, question: dns.message.Message) -> list[tuple[str, ...]]:
    loop = asyncio.get_running_loop()
    wire = question.to_wire()
    end = loop.time() + PATIENCE
    again = loop.time() + PATIENCE / 2
    answers: list[tuple[str, ...]] = []
    opened.send(wire)
    while (left := min(end, again if not answers else end) - loop.time()) > 0 or not answers:
        if left <= 0:
            if loop.time() >= end:
                break
            opened.send(wire)
            again = end
            continue
        try:
            packet = await asyncio.wait_for(loop.sock_recv(opened, 4096), left)
        except TimeoutError:
            continue
        addresses = _addresses(packet, question)
        if addresses is not None:
            if not answers:
                end = loop.time() + LONGER
            answers.append(addresses)
    return answers


def _addresses(packet: bytes, question: dns.message.Message) -> tuple[str, ...] | None:
    import dns.exception
    import dns.message
    import dns.rdatatype

    try:
        answer = dns.message.from_wire(packet)
    except dns.exception.DNSException:
        return None
    if answer.id != question.id:
        return None
    found = (
        item.address for rrset in answer.answer if rrset.rdtype == dns.rdatatype.A for item in rrset
    )
    return tuple(sorted(found))
