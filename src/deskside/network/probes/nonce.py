"""Ask a responder to sign a fresh nonce: nothing else proves that it was the far end."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Callable

from deskside.network import protocol
from deskside.network.observations import Echo, EchoSeen
from deskside.network.probes.channel import Channel
from deskside.network.probes.tls import printable

PATIENCE = 1.5
"""Seconds for an answer."""

HTTP_CANARY = b"GET /deskside-canary HTTP/1.0\r\n\r\n"
"""A responder refuses it in its own words; a proxy answers it in HTTP."""

_HTTP = re.compile(rb"\s*(HTTP/\d|<!doctype html|<html)", re.IGNORECASE)
_REDIRECT = re.compile(rb"HTTP/\d(\.\d)? (30[12378]|511)\b")


async def ask(channel: Channel, *, desk_key: str | None, patience: float = PATIENCE) -> EchoSeen:
    """One nonce, and what came back.

    Args:
        desk_key: pinned Ed25519 key (hexadecimal); None accepts any responder's signature.
    """
    nonce = secrets.token_bytes(protocol.NONCE_BYTES)
    loop = asyncio.get_running_loop()
    started = loop.time()
    line, failure = await _exchange(channel, protocol.request(nonce), patience)
    spent = (loop.time() - started) * 1000
    reply = protocol.read_reply(line)
    if reply is None:
        return EchoSeen(
            result=failure or _stranger(line), milliseconds=spent, opening=printable(line)
        )
    return EchoSeen(
        result=_identity(reply, nonce, desk_key),
        milliseconds=spent,
        seen_as=reply.address,
        signed_fingerprint=reply.fingerprint,
        skew_seconds=round(time.time() - reply.time),
    )


async def ask_padded(
    channel: Channel, padding: int, *, desk_key: str | None, patience: float = 4.0
) -> Echo:
    """One nonce with padding, answered with the same; `STRANGE` where the responder is one
    that knows no padding."""
    nonce = secrets.token_bytes(protocol.NONCE_BYTES)
    line, rest = b"", 0

    async def talk() -> None:
        nonlocal line, rest
        await channel.send(protocol.request(nonce, padding))
        received = bytearray()
        while b"\n" not in received or len(received) < received.index(b"\n") + 1 + padding:
            data = await channel.receive()
            if not data:
                break
            received.extend(data)
            if received.startswith(protocol.error("not-understood")[:16]):
                break
        head, _end, tail = bytes(received).partition(b"\n")
        line, rest = head + b"\n", len(tail)

    try:
        await asyncio.wait_for(talk(), patience)
    except TimeoutError:
        return Echo.SILENT
    except (OSError, EOFError):
        return Echo.RESET
    if line == protocol.error("not-understood"):
        return Echo.STRANGE
    if line == protocol.error("rate-limited"):
        return Echo.BUSY
    reply = protocol.read_reply(line)
    if reply is None or rest != padding:
        return Echo.CLOSED
    return _identity(reply, nonce, desk_key)


async def ask_in_a_row(
    channel: Channel,
    count: int,
    padding: int,
    *,
    desk_key: str | None,
    arrived: Callable[[Echo], None],
) -> None:
    """Padded questions, sent without waiting for answers; `arrived` is told of each answer once
    all of it is there. Ends with the last, or where something else comes; has no patience of its
    own.

    Raises:
        OSError: the connection broke.
        EOFError: it ended.
    """
    nonces = [secrets.token_bytes(protocol.NONCE_BYTES) for _each in range(count)]

    async def send() -> None:
        for nonce in nonces:
            await channel.send(protocol.request(nonce, padding))

    received = bytearray()
    sending = asyncio.create_task(send())
    try:
        for nonce in nonces:
            told = await _next_answer(channel, received, nonce, padding, desk_key)
            arrived(told)
            if told is not Echo.GENUINE:
                break
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _next_answer(
    channel: Channel, received: bytearray, nonce: bytes, padding: int, desk_key: str | None
) -> Echo:
    """Takes one answer off what was received, which goes on being filled."""

    async def more() -> None:
        data = await channel.receive()
        if not data:
            raise EOFError
        received.extend(data)

    while b"\n" not in received and len(received) <= protocol.MAX_LINE:
        await more()
    line = bytes(received[: received.find(b"\n") + 1])
    reply = protocol.read_reply(line)
    if reply is None:
        return _stranger(line)
    while len(received) < len(line) + padding:
        await more()
    del received[: len(line) + padding]
    return _identity(reply, nonce, desk_key)


async def provoke(channel: Channel, patience: float = PATIENCE) -> EchoSeen:
    """Speak HTTP to a port where only a responder should be, to bring a proxy out."""
    line, failure = await _exchange(channel, HTTP_CANARY, patience)
    return EchoSeen(result=failure or _stranger(line), opening=printable(line))


async def _exchange(
    channel: Channel, question: bytes, patience: float
) -> tuple[bytes, Echo | None]:
    received = bytearray()

    async def talk() -> None:
        await channel.send(question)
        while b"\n" not in received and len(received) <= protocol.MAX_LINE:
            data = await channel.receive()
            if not data:
                return
            received.extend(data[: protocol.MAX_LINE])

    try:
        await asyncio.wait_for(talk(), patience)
    except TimeoutError:
        return bytes(received), None if received else Echo.SILENT
    except (OSError, EOFError):
        return bytes(received), None if received else Echo.RESET
    return bytes(received), None if received else Echo.CLOSED


def _identity(reply: protocol.Reply, nonce: bytes, desk_key: str | None) -> Echo:
    if reply.nonce != nonce.hex():
        return Echo.OTHER_NONCE
    return Echo.OTHER_KEY if desk_key and reply.key != desk_key else Echo.GENUINE


def _stranger(line: bytes) -> Echo:
    if line == protocol.error("rate-limited"):
        return Echo.BUSY
    if _REDIRECT.match(line):
        return Echo.REDIRECT
    return Echo.HTTP if _HTTP.match(line) else Echo.STRANGE
